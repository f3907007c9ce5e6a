// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using netpoll::stack;

const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

stack acquire(std::size_t size) {
  std::error_code error;
  const stack got = netpoll::acquire_stack(size, error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_NE(got.bottom, nullptr);
  return got;
}

std::vector<stack> acquire_many(std::size_t count, std::size_t size) {
  std::vector<stack> all;
  while (all.size() != count) {
    all.push_back(acquire(size));
  }
  return all;
}

void release_all(const std::vector<stack>& all) {
  for (const stack& each : all) {
    netpoll::release_stack(each);
  }
}

void fill(const stack& which, int with) {
  std::memset(which.bottom, with, static_cast<std::size_t>(which.top() - which.bottom));
}

// Whether the kernel can read the byte, without touching it.
bool is_readable(const char* address) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return false;
  }
  const bool readable = ::write(ends[1], address, 1) == 1;
  ::close(ends[0]);
  ::close(ends[1]);
  return readable;
}

// Starts with nothing kept, and leaves the settings as they were.
class StackPool : public ::testing::Test {
 protected:
  StackPool() : limit_(netpoll::stack_pool_limit()) { netpoll::discard_pooled_stacks(); }
  ~StackPool() override {
    netpoll::set_stack_pool_limit(limit_);
    netpoll::discard_pooled_stacks();
  }

  static std::size_t pooled() { return netpoll::get_stack_statistics().pooled; }
  static std::size_t pooled_bytes() { return netpoll::get_stack_statistics().pooled_bytes; }

  const std::size_t limit_;
};

TEST(Stack, AllOfItIsWritable) {
  const stack got = acquire(0);
  ASSERT_EQ(got.size, stack::usual_size);
  EXPECT_EQ(got.top() + stack::header_size, got.bottom + got.size);
  fill(got, 0x5a);
  EXPECT_EQ(got.bottom[0], 0x5a);
  EXPECT_EQ(got.top()[-1], 0x5a);
  netpoll::release_stack(got);
}

TEST(Stack, SizesAreRoundedUpToClasses) {
  for (const auto& [asked, expected] :
       {std::pair<std::size_t, std::size_t>{1, 16384}, {16384, 16384}, {16385, 32768},
        {65536, 65536}, {100000, 131072}, {(8 << 20) + 1, 16 << 20}}) {
    const stack got = acquire(asked);
    EXPECT_EQ(got.size, std::max(expected, page)) << asked;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(got.bottom) % page, 0u);
    netpoll::release_stack(got);
  }
}

TEST(Stack, ReleasedStackIsReused) {
  const stack first = acquire(0);
  netpoll::release_stack(first);
  const stack second = acquire(0);
  EXPECT_EQ(second.bottom, first.bottom);
  EXPECT_EQ(second.size, first.size);
  netpoll::release_stack(second);
}

TEST(Stack, StacksInUseDoNotOverlap) {
  std::vector<stack> all;
  for (int i = 0; i != 200; ++i) {
    all.push_back(acquire(i % 2 == 0 ? 16384 : 32768));
    fill(all.back(), i % 100);
  }
  for (int i = 0; i != 200; ++i) {
    EXPECT_EQ(all[i].bottom[0], i % 100);
    EXPECT_EQ(all[i].top()[-1], i % 100);
  }
  release_all(all);
}

TEST(Stack, OnlyTheGuardIsOutOfReach) {
  for (const stack& got : acquire_many(3, 65536)) {
    EXPECT_TRUE(is_readable(got.bottom));
    EXPECT_TRUE(is_readable(got.top() + stack::header_size - 1));
    EXPECT_FALSE(is_readable(got.bottom - 1));
    EXPECT_FALSE(is_readable(got.bottom - stack::guard_size));
    netpoll::release_stack(got);
  }
}

TEST_F(StackPool, GuardStaysWhenTheMemoryIsGivenBack) {
  const stack first = acquire(0);
  netpoll::release_stack(first);
  netpoll::discard_pooled_stacks();
  const stack second = acquire(0);
  EXPECT_EQ(second.bottom, first.bottom);
  EXPECT_FALSE(is_readable(second.bottom - 1));
  EXPECT_FALSE(is_readable(second.bottom - stack::guard_size));
  netpoll::release_stack(second);
}

TEST(Stack, NothingIsLeftOfTheOccupant) {
  const stack got = acquire(0);
  EXPECT_EQ(got.header().occupant.load(std::memory_order_relaxed), nullptr);
  netpoll::release_stack(got);
}

TEST(Stack, ImpossibleSizeIsAnError) {
  std::error_code error;
  for (const std::size_t size : {std::size_t{1} << 60, SIZE_MAX, stack::largest_size + 1}) {
    const stack got = netpoll::acquire_stack(size, error);
    EXPECT_EQ(got.bottom, nullptr);
    EXPECT_EQ(error, netpoll::stack_errc::too_large);
    EXPECT_EQ(error, std::errc::not_enough_memory);
  }
  netpoll::release_stack(netpoll::acquire_stack(0, error));
  EXPECT_FALSE(error) << "an earlier error is cleared";
}

TEST(StackDefaultSize, IsThatOfThoseWhoNameNone) {
  EXPECT_EQ(netpoll::default_stack_size(), stack::usual_size);
  netpoll::set_default_stack_size(100'000);
  EXPECT_EQ(netpoll::default_stack_size(), 131'072u);
  const stack got = acquire(0);
  EXPECT_EQ(got.size, 131'072u);
  netpoll::release_stack(got);
  netpoll::set_default_stack_size(stack::usual_size);
  EXPECT_EQ(netpoll::default_stack_size(), stack::usual_size);
}

TEST(StackDefaultSize, MustBePossible) {
  for (const std::size_t wrong : {std::size_t{0}, stack::largest_size + 1, SIZE_MAX}) {
    std::error_code error;
    netpoll::set_default_stack_size(wrong, error);
    EXPECT_EQ(error, std::errc::invalid_argument);
    EXPECT_THROW(netpoll::set_default_stack_size(wrong), std::system_error);
  }
  EXPECT_EQ(netpoll::default_stack_size(), stack::usual_size);
}

TEST_F(StackPool, KeepsNoMoreThanTheLimit) {
  constexpr std::size_t limit = 4 << 20;
  netpoll::set_stack_pool_limit(limit);
  const std::vector<stack> all = acquire_many(1000, 65536);
  release_all(all);
  EXPECT_GT(pooled(), limit / 65536) << "trimmed ones count less";
  EXPECT_LT(pooled(), 1000u);
  EXPECT_GT(pooled_bytes(), limit / 2);
  EXPECT_LE(pooled_bytes(), limit + limit / 16);
}

TEST_F(StackPool, KeepsNothingIfTheLimitIsNothing) {
  netpoll::set_stack_pool_limit(0);
  const stack got = acquire(65536);
  fill(got, 1);
  netpoll::release_stack(got);
  EXPECT_EQ(pooled(), 0u);
  EXPECT_EQ(pooled_bytes(), 0u);
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), 0u);
}

TEST_F(StackPool, WhatWasGivenBackIsHandedOutAgainBeforeMoreIsReserved) {
  netpoll::set_stack_pool_limit(0);
  release_all(acquire_many(300, 16384));
  const std::size_t reserved = netpoll::get_stack_statistics().reserved;
  release_all(acquire_many(300, 16384));
  EXPECT_EQ(netpoll::get_stack_statistics().reserved, reserved);
}

TEST_F(StackPool, KeptStacksAreHandedOutBeforeOthers) {
  netpoll::set_stack_pool_limit(std::size_t{64} << 20);
  const std::vector<stack> first = acquire_many(300, 32768);
  release_all(first);
  ASSERT_EQ(pooled(), 300u);
  const std::vector<stack> second = acquire_many(300, 32768);
  EXPECT_EQ(pooled(), 0u);
  for (const stack& each : second) {
    EXPECT_TRUE(std::any_of(first.begin(), first.end(),
                            [&](const stack& other) { return other.bottom == each.bottom; }));
  }
  release_all(second);
}

TEST_F(StackPool, TrimmedStacksKeepLittle) {
  // Room for two whole ones, and the thread keeps none for itself.
  netpoll::set_stack_pool_limit(std::size_t{1} << 20);
  const std::vector<stack> all = acquire_many(4, 262144);
  for (const stack& each : all) {
    fill(each, 1);
  }
  release_all(all);
  EXPECT_EQ(pooled(), 4u);
  EXPECT_LE(pooled_bytes(), std::size_t{1} << 20);
  std::size_t sum = 0;
  for (const stack& each : all) {
    sum += netpoll::stack_high_water_bytes(each);
  }
  EXPECT_EQ(sum, pooled_bytes());
}

TEST_F(StackPool, AThreadThatEndsLeavesItsStacks) {
  stack left;
  std::thread([&] {
    left = acquire(0);
    netpoll::release_stack(left);
    EXPECT_EQ(pooled(), 1u);
  }).join();
  EXPECT_EQ(pooled(), 1u);
  const stack got = acquire(0);
  EXPECT_EQ(got.bottom, left.bottom);
  EXPECT_EQ(pooled(), 0u);
  netpoll::release_stack(got);
}

// Its destructor runs after that of what hands over the stacks of a thread.
struct releases_late {
  stack held{};
  bool was_kept = false;
  ~releases_late() {
    if (held.bottom != nullptr) {
      netpoll::release_stack(held);
      netpoll::release_stack(acquire(0));
    }
  }
};

TEST_F(StackPool, AThreadMayReleaseAfterItGaveUpItsStacks) {
  std::thread([] {
    static thread_local releases_late late;
    late.held = acquire(0);
  }).join();
  EXPECT_EQ(pooled(), 1u);
}

TEST_F(StackPool, StacksGoFromThreadToThread) {
  constexpr int count = 2000;
  constexpr int batch = 50;
  // Released by another thread than the one that acquired.
  std::vector<stack> handed[2];
  std::atomic<int> turn{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int self = 0; self != 2; ++self) {
    threads.emplace_back([&, self] {
      for (int i = 0; i != count / batch; ++i) {
        std::vector<stack> mine = acquire_many(batch, 16384);
        for (const stack& each : mine) {
          std::memset(each.top() - 64, self, 64);
        }
        for (const stack& each : mine) {
          wrong += each.top()[-1] != self;
        }
        while (turn.load(std::memory_order_acquire) % 2 != self) {
          std::this_thread::yield();
        }
        std::swap(mine, handed[self]);
        release_all(handed[1 - self]);
        handed[1 - self].clear();
        release_all(mine);
        turn.fetch_add(1, std::memory_order_release);
      }
    });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  release_all(handed[0]);
  release_all(handed[1]);
  EXPECT_EQ(wrong, 0);
}

TEST_F(StackPool, Counts) {
  const netpoll::stack_statistics before = netpoll::get_stack_statistics();
  const std::vector<stack> all = acquire_many(100, 16384);
  netpoll::stack_statistics now = netpoll::get_stack_statistics();
  EXPECT_EQ(now.in_use, before.in_use + 100);
  EXPECT_EQ(now.in_use_bytes, before.in_use_bytes + 100 * all[0].size);
  EXPECT_EQ(now.pooled, 0u);
  EXPECT_GE(now.reserved, now.in_use);
  EXPECT_GE(now.reserved_bytes, now.in_use_bytes + 100 * stack::guard_size);
  release_all(all);
  now = netpoll::get_stack_statistics();
  EXPECT_EQ(now.in_use, before.in_use);
  EXPECT_EQ(now.in_use_bytes, before.in_use_bytes);
  EXPECT_EQ(now.pooled, 100u);
  EXPECT_EQ(now.pooled_bytes, 100 * all[0].size);
  netpoll::discard_pooled_stacks();
  EXPECT_EQ(netpoll::get_stack_statistics().pooled, 0u);
}

TEST_F(StackPool, HighWaterIsHowDeepItWasUsed) {
  const stack got = acquire(1 << 20);
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), page);
  got.top()[-1] = 1;
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), page);
  (got.bottom + got.size - 5 * page)[0] = 1;
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), 5 * page) << "pages passed over count";
  netpoll::trim_stack(got, 1);
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), page);
  got.bottom[0] = 1;
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), got.size);
  netpoll::trim_stack(got, 2 * page);
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), page) << "there was nothing on the second";
  netpoll::release_stack(got);
}

#if GTEST_HAS_DEATH_TEST

TEST(StackDeathTest, GuardIsNotWritable) {
  const stack got = acquire(0);
  EXPECT_DEATH(*static_cast<volatile char*>(got.bottom - 1) = 1, "");
  EXPECT_DEATH(*static_cast<volatile char*>(got.bottom - stack::guard_size) = 1, "");
  netpoll::release_stack(got);
}

TEST(StackDeathTest, ReleasingTwiceAborts) {
  const stack got = acquire(0);
  netpoll::release_stack(got);
  EXPECT_DEATH(netpoll::release_stack(got), "is not in use");
}

TEST(StackDeathTest, ReleasingWithAnOccupantAborts) {
  const stack got = acquire(0);
  int somebody = 0;
  got.header().occupant.store(&somebody, std::memory_order_relaxed);
  EXPECT_DEATH(netpoll::release_stack(got), "has an occupant");
  got.header().occupant.store(nullptr, std::memory_order_relaxed);
  netpoll::release_stack(got);
}

#endif

}  // namespace
