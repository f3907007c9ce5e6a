// SPDX-License-Identifier: BSL-1.0
#include "netpoll/wakeup.h"

#include <sys/poll.h>
#include <unistd.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using sys::call;

class Wakeup : public ::testing::Test {
 protected:
  Wakeup() { EXPECT_EQ(wakeup_.open(), 0); }

  bool is_readable() {
    ::pollfd what{.fd = wakeup_.number(), .events = POLLIN, .revents = 0};
    return sys::poll(&what, 1, 0).value == 1;
  }

  wakeup wakeup_;
};

TEST_F(Wakeup, WritesOncePerSleep) {
  nettest::faults faults;
  ASSERT_TRUE(wakeup_.begin_sleep());
  for (int i = 0; i < 100; ++i) {
    wakeup_.notify();
  }
  EXPECT_EQ(faults.count(call::write), 1);
  EXPECT_TRUE(is_readable());
  wakeup_.end_sleep();
  wakeup_.drain();
  EXPECT_FALSE(is_readable());
}

TEST_F(Wakeup, NotifyingTheAwakePreventsTheNextSleepOnly) {
  nettest::faults faults;
  wakeup_.notify();
  EXPECT_FALSE(wakeup_.begin_sleep());
  EXPECT_TRUE(wakeup_.begin_sleep());
  wakeup_.end_sleep();
  EXPECT_EQ(faults.count(call::write), 0);
}

TEST_F(Wakeup, NotifyIfAsleepLeavesTheAwakeAlone) {
  wakeup_.notify_if_asleep();
  EXPECT_TRUE(wakeup_.begin_sleep());
  EXPECT_FALSE(is_readable());
  wakeup_.notify_if_asleep();
  EXPECT_TRUE(is_readable());
}

TEST_F(Wakeup, ReportsThatThereIsNoDescriptorLeft) {
  nettest::faults faults;
  faults.fail(call::event_fd, EMFILE);
  wakeup failing;
  EXPECT_EQ(failing.open(), EMFILE);
}

TEST_F(Wakeup, AFullCounterIsAsReadableAsAny) {
  nettest::faults faults;
  wakeup_.signal();
  faults.fail(call::write, EAGAIN);
  wakeup_.signal();
  EXPECT_EQ(faults.count(call::write), 2);
  EXPECT_TRUE(is_readable());
  wakeup_.drain();
  EXPECT_FALSE(is_readable());
}

TEST(WakeupDeathTest, AWakeUpThatWouldBeLostStopsTheProcess) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  wakeup one;
  ASSERT_EQ(one.open(), 0);
  EXPECT_DEATH(
      {
        ::close(one.number());
        one.signal();
      },
      "was it closed from outside the library");
}

}  // namespace
}  // namespace netpoll
