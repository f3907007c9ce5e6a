// SPDX-License-Identifier: BSL-1.0
//
// Real signals for a test: counted, or coming again and again.
#pragma once

#include <sys/time.h>

#include <csignal>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"

namespace nettest {

// Counts the signals that come, while it lives.
class signal_handler {
 public:
  explicit signal_handler(int signal) : signal_(signal) {
    count_ = 0;
    struct ::sigaction mine {};
    mine.sa_handler = [](int) { count_ = count_ + 1; };
    EXPECT_EQ(::sigaction(signal, nullptr, &before_), 0);
    EXPECT_TRUE(netpoll::sys::signal_action(signal, &mine).ok());
  }
  ~signal_handler() { EXPECT_TRUE(netpoll::sys::signal_action(signal_, &before_).ok()); }
  static int count() { return count_; }

 private:
  static inline volatile std::sig_atomic_t count_ = 0;
  const int signal_;
  struct ::sigaction before_ {};
};

// Signals that come again and again: whatever blocks is interrupted, at the latest by the next one.
class alarms {
 public:
  alarms() { set(1000); }
  ~alarms() { set(0); }

 private:
  static void set(int every_us) {
    const ::itimerval timer{{0, every_us}, {0, every_us}};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
  }
  signal_handler handler_{SIGALRM};
};

}  // namespace nettest
