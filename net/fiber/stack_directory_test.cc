// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_directory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

#include "net/fiber/stack.h"

namespace {

using netpoll::stack;

stack acquire(std::size_t size, void* occupant) {
  std::error_code error;
  const stack got = netpoll::acquire_stack(size, error);
  EXPECT_FALSE(error) << error.message();
  got.header().occupant.store(occupant, std::memory_order_release);
  return got;
}

void release(const stack& which) {
  which.header().occupant.store(nullptr, std::memory_order_release);
  netpoll::release_stack(which);
}

std::map<void*, stack> occupied() {
  std::map<void*, stack> all;
  netpoll::for_each_stack([&](const stack& where, void* who) {
    EXPECT_TRUE(all.emplace(who, where).second) << "visited twice";
  });
  return all;
}

TEST(StackDirectory, FindsEveryOccupant) {
  // More than fit one slab, of several sizes.
  std::vector<int> fibers(300);
  std::map<void*, stack> expected;
  for (std::size_t i = 0; i != fibers.size(); ++i) {
    expected[&fibers[i]] = acquire(i % 3 == 0 ? 16384 : i % 3 == 1 ? 65536 : 1 << 20, &fibers[i]);
  }
  const std::map<void*, stack> found = occupied();
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [who, where] : expected) {
    ASSERT_TRUE(found.contains(who));
    EXPECT_EQ(found.at(who).bottom, where.bottom);
    EXPECT_EQ(found.at(who).size, where.size);
  }
  for (const auto& [who, where] : expected) {
    release(where);
  }
  EXPECT_TRUE(occupied().empty());
}

TEST(StackDirectory, WhatIsKeptAndWhatIsDiscardedHasNoOccupant) {
  int fiber = 0;
  const stack got = acquire(0, &fiber);
  release(got);
  EXPECT_TRUE(occupied().empty());
  netpoll::discard_pooled_stacks();
  EXPECT_TRUE(occupied().empty());
  EXPECT_EQ(netpoll::stack_high_water_bytes(got), 0u) << "looking must not touch it";
}

// As a debugger does it, by the layout that is written down and nothing else.
TEST(StackDirectory, IsReadByItsLayout) {
  const auto word = [](const char* where) {
    std::uint64_t value = 0;
    std::memcpy(&value, where, sizeof(value));
    return value;
  };
  const auto half = [](const char* where) {
    std::uint32_t value = 0;
    std::memcpy(&value, where, sizeof(value));
    return value;
  };
  int fiber = 0;
  const stack expected = acquire(32768, &fiber);
  const auto* const root = reinterpret_cast<const char*>(&netpoll_stack_directory);
  ASSERT_EQ(half(root), 1u);
  const std::uint32_t header_size = half(root + 4);
  const std::uint64_t guard_size = word(root + 8);
  int found = 0;
  for (std::uint64_t chunk = word(root + 16); chunk != 0;
       chunk = word(reinterpret_cast<const char*>(chunk))) {
    const auto* const in_chunk = reinterpret_cast<const char*>(chunk);
    for (std::uint64_t i = 0; i != word(in_chunk + 8); ++i) {
      const char* const slab = in_chunk + 16 + i * 56;
      for (unsigned bit = 0; bit != half(slab + 48); ++bit) {
        if ((word(slab + 24) >> bit & 1) == 0) {
          continue;
        }
        const std::uint64_t begin = word(slab) + bit * word(slab + 8) + guard_size;
        const std::uint64_t end = word(slab) + (bit + 1) * word(slab + 8);
        EXPECT_EQ(end - begin, word(slab + 16));
        if (word(reinterpret_cast<const char*>(end - header_size)) ==
            reinterpret_cast<std::uintptr_t>(&fiber)) {
          EXPECT_EQ(begin, reinterpret_cast<std::uintptr_t>(expected.bottom));
          ++found;
        }
      }
    }
  }
  EXPECT_EQ(found, 1);
  release(expected);
}

TEST(StackDirectory, KnowsGuards) {
  int fiber = 0;
  const stack got = acquire(65536, &fiber);
  EXPECT_TRUE(netpoll::is_in_stack_guard(got.bottom - 1));
  EXPECT_TRUE(netpoll::is_in_stack_guard(got.bottom - stack::guard_size));
  EXPECT_FALSE(netpoll::is_in_stack_guard(got.bottom));
  EXPECT_FALSE(netpoll::is_in_stack_guard(got.top()));
  EXPECT_FALSE(netpoll::is_in_stack_guard(&fiber));
  EXPECT_FALSE(netpoll::is_in_stack_guard(nullptr));
  release(got);
}

TEST(StackDirectory, IsReadWhileItGrows) {
  constexpr int rounds = 20;
  std::atomic<bool> is_over{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!is_over.load(std::memory_order_relaxed)) {
      netpoll::for_each_stack([&](const stack& where, void* who) {
        wrong += where.bottom == nullptr || who == nullptr;
      });
    }
  });
  int fiber = 0;
  for (int round = 0; round != rounds; ++round) {
    std::vector<stack> all;
    for (int i = 0; i != 30 * (round + 1); ++i) {
      all.push_back(acquire(16384, &fiber));
    }
    for (const stack& each : all) {
      release(each);
    }
    if (round % 4 == 3) {
      netpoll::discard_pooled_stacks();
    }
  }
  is_over.store(true, std::memory_order_relaxed);
  reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
