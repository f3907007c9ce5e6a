// SPDX-License-Identifier: BSL-1.0
//
// Timed waits where the kernel has no epoll_pwait2. That is found out once and remembered for the
// life of the process, so these tests have a program of their own.
//
// The program puts an epoll_wait of its own before the C library's: what is tested is which timeout
// the kernel is given.
#include <sys/epoll.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "testing/support/faults.h"

namespace {

int last_timeout = -2;
int next_error = 0;
int calls = 0;

}  // namespace

extern "C" int epoll_wait(int, ::epoll_event*, int, int timeout) {
  ++calls;
  last_timeout = timeout;
  if (next_error != 0) {
    errno = std::exchange(next_error, 0);
    return -1;
  }
  return 0;
}

namespace netpoll {
namespace {

using sys::call;
using sys::result;

constexpr std::int64_t millisecond_ns = 1'000'000;

result wait(std::int64_t timeout_ns) {
  ::epoll_event event;
  return sys::epoll_wait(0, &event, 1, timeout_ns);
}

class EpollFallback : public ::testing::Test {
 protected:
  // From here on the call is missing.
  static void find_out() {
    nettest::faults faults;
    faults.fail(call::epoll_wait_precise, ENOSYS);
    EXPECT_TRUE(wait(1).ok());
    found_out = true;
  }
  static inline bool found_out = false;
};

TEST_F(EpollFallback, AMissingCallIsReplacedForGood) {
  if (std::exchange(found_out, true)) {
    GTEST_SKIP() << "it is found out once a process, and another test was first";
  }
  nettest::faults faults;
  faults.fail(call::epoll_wait_precise, EBADF);
  EXPECT_EQ(wait(millisecond_ns).error, EBADF) << "any other error is the answer";
  faults.fail(call::epoll_wait_precise, EINTR);
  EXPECT_EQ(wait(millisecond_ns).error, EINTR);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 2);

  faults.fail(call::epoll_wait_precise, ENOSYS);
  EXPECT_TRUE(wait(7 * millisecond_ns).ok()) << "nobody hears of it";
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(last_timeout, 7) << "the same wait goes on by the older call";
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 3);
  EXPECT_EQ(faults.count(call::epoll_wait), 1);

  EXPECT_TRUE(wait(8 * millisecond_ns).ok());
  EXPECT_EQ(last_timeout, 8);
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 3) << "and is not asked for again";
  EXPECT_EQ(faults.count(call::epoll_wait), 2);
}

TEST_F(EpollFallback, TimeoutsAreRoundedUpToMilliseconds) {
  find_out();
  const auto given = [](std::int64_t timeout_ns) {
    EXPECT_TRUE(wait(timeout_ns).ok());
    return last_timeout;
  };
  EXPECT_EQ(given(0), 0);
  EXPECT_EQ(given(1), 1) << "never down: it would not wait at all";
  EXPECT_EQ(given(millisecond_ns - 1), 1);
  EXPECT_EQ(given(millisecond_ns), 1);
  EXPECT_EQ(given(millisecond_ns + 1), 2);
  EXPECT_EQ(given(1500 * millisecond_ns), 1500);
}

TEST_F(EpollFallback, LongTimeoutsAreCutToWhatTheKernelTakes) {
  find_out();
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  EXPECT_TRUE(wait(longest * millisecond_ns).ok());
  EXPECT_EQ(last_timeout, longest);
  EXPECT_TRUE(wait(longest * millisecond_ns + 1).ok());
  EXPECT_EQ(last_timeout, longest);
  EXPECT_TRUE(wait(std::numeric_limits<std::int64_t>::max()).ok());
  EXPECT_EQ(last_timeout, longest);
}

TEST_F(EpollFallback, ForEverIsForEver) {
  find_out();
  EXPECT_TRUE(wait(-1).ok());
  EXPECT_EQ(last_timeout, -1);
  EXPECT_TRUE(wait(std::numeric_limits<std::int64_t>::min()).ok());
  EXPECT_EQ(last_timeout, -1);
}

TEST_F(EpollFallback, AnInterruptionIsReportedHereToo) {
  find_out();
  const int before = calls;
  next_error = EINTR;
  EXPECT_EQ(wait(millisecond_ns).error, EINTR);
  EXPECT_EQ(calls, before + 1);
  next_error = EBADF;
  EXPECT_EQ(wait(millisecond_ns).error, EBADF);
}

}  // namespace
}  // namespace netpoll
