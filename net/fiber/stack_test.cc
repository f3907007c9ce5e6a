// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <system_error>
#include <vector>

namespace {

netpoll::stack acquire(std::size_t size) {
  std::error_code error;
  const netpoll::stack got = netpoll::acquire_stack(size, error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_NE(got.bottom, nullptr);
  return got;
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

TEST(Stack, AllOfItIsWritable) {
  const netpoll::stack got = acquire(0);
  ASSERT_EQ(got.size, netpoll::stack::default_size);
  EXPECT_EQ(got.top(), got.bottom + got.size);
  std::memset(got.bottom, 0x5a, got.size);
  EXPECT_EQ(got.bottom[0], 0x5a);
  EXPECT_EQ(got.top()[-1], 0x5a);
  netpoll::release_stack(got);
}

TEST(Stack, SizesAreRoundedUpToPages) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const std::size_t size : {std::size_t{16385}, std::size_t{65536}, std::size_t{100000}}) {
    const netpoll::stack got = acquire(size);
    EXPECT_GE(got.size, size);
    EXPECT_LT(got.size, size + page);
    EXPECT_EQ(got.size % page, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(got.bottom) % page, 0u);
    netpoll::release_stack(got);
  }
}

TEST(Stack, SmallSizesBecomeTheSmallest) {
  const netpoll::stack got = acquire(1);
  EXPECT_GE(got.size, netpoll::stack::smallest_size);
  netpoll::release_stack(got);
}

TEST(Stack, ReleasedStackIsReused) {
  const netpoll::stack first = acquire(0);
  netpoll::release_stack(first);
  const netpoll::stack second = acquire(0);
  EXPECT_EQ(second.bottom, first.bottom);
  EXPECT_EQ(second.size, first.size);
  netpoll::release_stack(second);
}

TEST(Stack, StacksInUseDoNotOverlap) {
  std::vector<netpoll::stack> all;
  for (int i = 0; i != 20; ++i) {
    all.push_back(acquire(i % 2 == 0 ? 0 : 65536));
    std::memset(all.back().bottom, i, all.back().size);
  }
  for (int i = 0; i != 20; ++i) {
    EXPECT_EQ(all[i].bottom[0], i);
    EXPECT_EQ(all[i].top()[-1], i);
    netpoll::release_stack(all[i]);
  }
}

TEST(Stack, OnlyTheGuardIsOutOfReach) {
  const netpoll::stack got = acquire(65536);
  EXPECT_TRUE(is_readable(got.bottom));
  EXPECT_TRUE(is_readable(got.top() - 1));
  EXPECT_FALSE(is_readable(got.bottom - 1));
  EXPECT_FALSE(is_readable(got.bottom - netpoll::stack::guard_size));
  netpoll::release_stack(got);
}

TEST(Stack, ReusedStackKeepsItsGuard) {
  netpoll::release_stack(acquire(0));
  const netpoll::stack got = acquire(0);
  EXPECT_FALSE(is_readable(got.bottom - 1));
  netpoll::release_stack(got);
}

TEST(Stack, ImpossibleSizeIsAnError) {
  std::error_code error;
  const netpoll::stack got = netpoll::acquire_stack(std::size_t{1} << 60, error);
  EXPECT_EQ(got.bottom, nullptr);
  EXPECT_EQ(error, std::errc::not_enough_memory);
}

TEST(StackDeathTest, GuardIsNotWritable) {
#if GTEST_HAS_DEATH_TEST
  const netpoll::stack got = acquire(0);
  EXPECT_DEATH(*static_cast<volatile char*>(got.bottom - 1) = 1, "");
  EXPECT_DEATH(*static_cast<volatile char*>(got.bottom - netpoll::stack::guard_size) = 1, "");
  netpoll::release_stack(got);
#else
  GTEST_SKIP() << "no death tests here";
#endif
}

}  // namespace
