// SPDX-License-Identifier: BSL-1.0
//
// What it costs to give the memory of many stacks back: few system calls. Whether the kernel takes
// advice for many ranges is remembered for the life of the process, so that each test is a process
// of its own: a child that has not had a stack yet.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <vector>

#include "net/fiber/stack.h"
#include "netpoll/base/syscall.h"

namespace {

using netpoll::stack;
using netpoll::sys::call;
using netpoll::sys::result;

enum class ranges { as_they_are, refused, ignored };

// Counts how often the kernel is given advice.
class counter final : public netpoll::sys::fault_injector {
 public:
  explicit counter(ranges which) noexcept : which_(which) {
    netpoll::sys::set_fault_injector(this);
  }
  ~counter() { netpoll::sys::set_fault_injector(nullptr); }

  std::optional<result> before(call which, int /*fd*/, std::size_t& /*size*/) noexcept override {
    advices_ += which == call::advise_memory || which == call::advise_memory_ranges ? 1 : 0;
    if (which != call::advise_memory_ranges || which_ == ranges::as_they_are) {
      return std::nullopt;
    }
    return which_ == ranges::refused ? result{-1, ENOSYS} : result{};
  }

  int take() noexcept { return advices_.exchange(0); }

 private:
  const ranges which_;
  std::atomic<int> advices_{0};
};

// Tells in the death of the process whether it went well.
void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "not so: %s\n", what);
    std::_Exit(1);
  }
}

constexpr std::size_t count = 1024;
constexpr std::size_t size = 65536;
constexpr std::size_t limit = std::size_t{8} << 20;  // of which half is 64 stacks

std::vector<stack> acquire_all() {
  std::vector<stack> all;
  while (all.size() != count) {
    std::error_code error;
    all.push_back(netpoll::acquire_stack(size, error));
    require(!error, "a stack is to be had");
    // As deep as it goes.
    std::memset(all.back().bottom, 1, size - stack::header_size);
  }
  return all;
}

std::size_t resident(const std::vector<stack>& all) {
  std::size_t sum = 0;
  for (const stack& each : all) {
    sum += netpoll::stack_high_water_bytes(each);
  }
  return sum;
}

// In the order in which they were acquired, or every other one first.
void release(const std::vector<stack>& all, std::size_t step, int most_advices, counter& calls) {
  (void)calls.take();
  std::size_t released = 0;
  for (std::size_t first = 0; first != step; ++first) {
    for (std::size_t i = first; i < count; i += step) {
      netpoll::release_stack(all[i]);
      ++released;
      const netpoll::stack_statistics now = netpoll::get_stack_statistics();
      require(now.pooled_bytes <= limit + limit / 16, "the limit holds at all times");
      require(now.in_use == count - released, "all are counted");
    }
  }
  const int advices = calls.take();
  if (advices > most_advices) {
    std::fprintf(stderr, "%d calls for advice\n", advices);
  }
  require(advices <= most_advices, "few calls give many stacks back");
  const std::size_t left = resident(all);
  require(left <= netpoll::get_stack_statistics().pooled_bytes, "what is counted is all there is");
}

[[noreturn]] void try_with(ranges which) {
  netpoll::set_stack_pool_limit(limit);
  {
    alignas(65536) static char memory[65536];
    const ::iovec one{memory, sizeof(memory)};
    if (which == ranges::as_they_are &&
        !netpoll::sys::advise_memory_ranges(&one, 1, MADV_DONTNEED).ok()) {
      which = ranges::refused;
    }
  }
  counter calls(which);
  // Trimming is a call for each of the 512 that fit, unless ranges are taken; neighbours are given
  // back together in any case.
  const int few = which == ranges::as_they_are ? 64 : 640;
  release(acquire_all(), 1, few, calls);
  netpoll::discard_pooled_stacks();
  require(netpoll::get_stack_statistics().pooled == 0, "nothing is kept");
  const std::vector<stack> again = acquire_all();
  release(again, 2, which == ranges::as_they_are ? 64 : 1024 + 64, calls);
  (void)calls.take();
  netpoll::discard_pooled_stacks();
  require(resident(again) == 0, "the memory of all is given back");
  std::_Exit(0);
}

#if GTEST_HAS_DEATH_TEST

TEST(StackBatchDeathTest, IsGivenBackInFewCalls) {
  EXPECT_EXIT(try_with(ranges::as_they_are), ::testing::ExitedWithCode(0), "");
}

TEST(StackBatchDeathTest, NeighboursAreOneRangeWhereTheKernelTakesOnlyOne) {
  EXPECT_EXIT(try_with(ranges::refused), ::testing::ExitedWithCode(0), "");
}

TEST(StackBatchDeathTest, WhatTheKernelLeftOutIsAdvisedOneByOne) {
  EXPECT_EXIT(try_with(ranges::ignored), ::testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
