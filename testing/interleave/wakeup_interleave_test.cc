// SPDX-License-Identifier: BSL-1.0
//
// The shipping wake-up in every order of steps: a thread that goes to sleep and others that have
// news for it. Nobody sleeps on news, and the eventfd is written once for a sleep at most.
#include "netpoll/wakeup.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/check.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/world.h"

namespace netpoll::interleave {
namespace {

// A sleeper takes as many pieces of news as there are notifiers. News is stored before notifying;
// the sleeper looks for it after begin_sleep(), as a reactor looks at its timers and a loop at its
// queue.
template <bool IfAsleep, int Notifiers>
class sleeper_and_notifiers final : public scenario {
 public:
  sleeper_and_notifiers() { check(wakeup_.open() == 0, "a fake eventfd opens"); }

  std::vector<actor> actors() override {
    std::vector<actor> all{[this] {
      int taken = 0;
      while (taken < Notifiers) {
        if (wakeup_.begin_sleep()) {
          ++sleeps_;
          // notify() alone ends a sleep whose news came before it: the sleeper need not look again.
          // Who uses notify_if_asleep() is found by looking.
          if (!IfAsleep || news_.load() == 0) {
            block_until("epoll_wait", this, [this] { return kernel_.is_eventfd_readable(); });
          }
          wakeup_.end_sleep();
        }
        if (kernel_.is_eventfd_readable()) {
          wakeup_.drain();
        }
        taken += news_.exchange(0);
      }
    }};
    for (int i = 0; i < Notifiers; ++i) {
      all.push_back([this] {
        news_.fetch_add(1);
        if (IfAsleep) {
          wakeup_.notify_if_asleep();
        } else {
          wakeup_.notify();
        }
      });
    }
    return all;
  }
  std::string verify() override {
    return kernel_.eventfd_writes() <= sleeps_ ? "" : "more eventfd writes than sleeps";
  }

 private:
  fake_kernel kernel_;
  wakeup wakeup_;
  explored_atomic<int> news_{0};
  int sleeps_ = 0;
};

TEST(WakeupOrders, NotifyEndsTheSleepOrPreventsIt) {
  explore_and_expect_fine<sleeper_and_notifiers<false, 1>>("sleeper, notify", all_preemptions);
  explore_and_expect_fine<sleeper_and_notifiers<false, 2>>("sleeper, two notify", 4);
}

TEST(WakeupOrders, NotifyIfAsleepMissesNoSleeperThatLooks) {
  explore_and_expect_fine<sleeper_and_notifiers<true, 1>>("sleeper that looks, notify",
                                                          all_preemptions);
  explore_and_expect_fine<sleeper_and_notifiers<true, 2>>("sleeper that looks, two notify", 4);
}

}  // namespace
}  // namespace netpoll::interleave
