// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using sys::call;

static_assert(!std::is_copy_constructible_v<unique_fd>);
static_assert(!std::is_copy_assignable_v<unique_fd>);
static_assert(std::is_nothrow_move_constructible_v<unique_fd>);
static_assert(std::is_nothrow_move_assignable_v<unique_fd>);
static_assert(!std::is_convertible_v<int, unique_fd>, "taking over a number is spelled out");

int open_one() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// How many descriptors the process has; the look itself has one of them each time.
long count_open() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// Whatever a test does, it leaves as many descriptors as it found.
class UniqueFd : public ::testing::Test {
 protected:
  ~UniqueFd() override { EXPECT_EQ(count_open(), found_); }

 private:
  const long found_ = count_open();
};

TEST_F(UniqueFd, OwnsNothingAtFirst) {
  nettest::faults faults;
  {
    const unique_fd fd;
    EXPECT_FALSE(fd);
    EXPECT_EQ(fd.get(), -1);
  }
  EXPECT_EQ(faults.count(call::close), 0);
}

TEST_F(UniqueFd, ClosesOnceAtTheEnd) {
  const int number = open_one();
  nettest::faults faults;
  {
    const unique_fd fd(number);
    EXPECT_TRUE(fd);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(faults.count(call::close, nettest::only{number}), 1);
  EXPECT_EQ(faults.count(call::close), 1);
}

TEST_F(UniqueFd, OwnsNumberZero) {
  nettest::faults faults;
  faults.fail(call::close, EIO, 1, nettest::only{0});  // standard input stays as it is
  {
    const unique_fd fd(0);
    EXPECT_TRUE(fd);
  }
  EXPECT_EQ(faults.count(call::close, nettest::only{0}), 1);
}

TEST_F(UniqueFd, DoesNotTryAgainWhenCloseFails) {
  const int number = open_one();
  nettest::faults faults;
  for (const int error : {EINTR, EIO}) {
    faults.fail(call::close, error);
    unique_fd fd(number);
    fd.reset();
    EXPECT_FALSE(fd);
  }
  EXPECT_EQ(faults.count(call::close), 2);
  EXPECT_TRUE(is_open(number)) << "the kernel was never asked";
  EXPECT_EQ(::close(number), 0);
}

TEST_F(UniqueFd, ReleaseGivesUpWithoutClosing) {
  unique_fd fd(open_one());
  const int number = fd.get();
  nettest::faults faults;
  EXPECT_EQ(fd.release(), number);
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.release(), -1);
  EXPECT_EQ(faults.count(call::close), 0);
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(::close(number), 0);
}

TEST_F(UniqueFd, ResetClosesTheOldAndTakesTheNew) {
  unique_fd fd(open_one());
  const int first = fd.get();
  const int second = open_one();
  fd.reset(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_TRUE(is_open(second));
  EXPECT_EQ(fd.get(), second);
  fd.reset();
  EXPECT_FALSE(is_open(second));
  EXPECT_FALSE(fd);
  nettest::faults faults;
  fd.reset();
  EXPECT_EQ(faults.count(call::close), 0) << "there was nothing left to close";
}

TEST_F(UniqueFd, MovingMovesTheDutyToClose) {
  nettest::faults faults;
  unique_fd from(open_one());
  const int number = from.get();
  unique_fd to(std::move(from));
  EXPECT_FALSE(from);
  EXPECT_EQ(to.get(), number);
  EXPECT_EQ(faults.count(call::close), 0);
  unique_fd other(open_one());
  const int overwritten = other.get();
  other = std::move(to);
  EXPECT_FALSE(to);
  EXPECT_EQ(other.get(), number);
  EXPECT_FALSE(is_open(overwritten));
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(faults.count(call::close), 1);
  other = unique_fd();
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(faults.count(call::close), 2);
}

TEST_F(UniqueFd, MovingToItselfKeepsTheNumberOpen) {
  unique_fd fd(open_one());
  const int number = fd.get();
  unique_fd& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), number);
  EXPECT_TRUE(is_open(number));
}

}  // namespace
}  // namespace netpoll
