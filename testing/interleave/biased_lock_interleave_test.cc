// SPDX-License-Identifier: BSL-1.0
//
// The shipping biased_lock in every order of steps: its owner and others are never inside together,
// and nobody stays outside for ever. And a model of what run_loop builds with it and the same pair
// of fences: a worker that pushes looks for sleepers afterwards, one that falls asleep looks at the
// queues after it has said so. No work is left lying while a worker sleeps.
//
// The fences do nothing here: what orders they make is the subject of testing/model.
#include "netpoll/base/biased_lock.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/atomic.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/explored_atomic.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {
namespace {

template <int Others, int OwnRounds>
class owner_and_others final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{[this] {
      for (int i = 0; i != OwnRounds; ++i) {
        lock_.lock_own();
        touch();
        lock_.unlock_own();
      }
    }};
    for (int i = 0; i != Others; ++i) {
      all.push_back([this] {
        if (lock_.try_lock_other()) {
          touch();
          lock_.unlock_other();
        }
      });
    }
    return all;
  }
  std::string verify() override {
    if (is_shared_) {
      return "two were inside at once";
    }
    // Free again for all.
    lock_.lock_own();
    lock_.unlock_own();
    return lock_.try_lock_other() ? "" : "nobody has it, and it is not free";
  }

 private:
  void touch() {
    is_shared_ |= is_inside_;
    is_inside_ = true;
    step("inside", this);
    is_inside_ = false;
  }

  biased_lock lock_;
  bool is_inside_ = false;
  bool is_shared_ = false;
};

// As in run_loop and worker, without what is not needed: one worker with a queue, which it never
// empties itself, and others that take from it one piece of work each and are busy with that from
// then on. The first of those to sleep waits for events, the others sleep in a list.
template <int Sleepers>
class pusher_and_sleepers final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{[this] {
      for (int i = 0; i != Sleepers; ++i) {
        queue_lock_.lock_own();
        size_.store(size_.load() + 1);
        queue_lock_.unlock_own();
        call_for_help();
      }
    }};
    for (sleeper& each : sleepers_) {
      all.push_back([this, &each] { find(each); });
    }
    return all;
  }
  std::string verify() override { return size_.load() == 0 ? "" : "work is left"; }

 private:
  struct sleeper {
    bool is_woken = false;      // under mutex_
    bool is_searching = false;  // under mutex_
    bool is_idle = false;       // under mutex_: in the list
  };

  void call_for_help() {
    light_fence();
    if (sleeping_.load() != 0 && !is_searched_.load()) {
      mutex_.lock();
      wake_one();
      mutex_.unlock();
    }
  }

  // Until it has found work.
  void find(sleeper& self) {
    for (;;) {
      mutex_.lock();
      if (steal()) {
        has_found(self);
        mutex_.unlock();
        return;
      }
      end_search(self);
      if (poller_ == nullptr) {
        wait_for_events(self);
      } else {
        wait_idle(self);
      }
      mutex_.unlock();
    }
  }

  void wait_for_events(sleeper& self) {
    poller_ = &self;
    sleeping_.store(sleeping_.load() + 1);
    heavy_fence();
    if (size_.load() == 0) {
      mutex_.unlock();
      block_until("waits for events", &self, [this] { return is_event_; });
      is_event_ = false;
      mutex_.lock();
      is_searched_.store(false);
    }
    poller_ = nullptr;
    sleeping_.store(sleeping_.load() - 1);
    wake_poller();
  }

  void wait_idle(sleeper& self) {
    self.is_woken = false;
    self.is_idle = true;
    sleeping_.store(sleeping_.load() + 1);
    heavy_fence();
    if (size_.load() == 0) {
      mutex_.unlock();
      block_until("idle", &self, [&self] { return self.is_woken; });
      mutex_.lock();
    }
    self.is_idle = false;
    sleeping_.store(sleeping_.load() - 1);
  }

  // Under mutex_, all that follow.
  bool steal() {
    if (size_.load() == 0 || !queue_lock_.try_lock_other()) {
      return false;
    }
    const bool is_any = size_.load() != 0;
    if (is_any) {
      size_.store(size_.load() - 1);
    }
    queue_lock_.unlock_other();
    return is_any;
  }
  void has_found(sleeper& self) {
    const bool was_searching = self.is_searching;
    end_search(self);
    if (sleeping_.load() == 0) {
      return;
    }
    if (was_searching) {
      heavy_fence();
    }
    if (size_.load() != 0) {
      wake_one();
    }
  }
  void end_search(sleeper& self) {
    if (self.is_searching) {
      self.is_searching = false;
      is_searched_.store(false);
    }
  }
  void wake_one() {
    if (is_searched_.load()) {
      return;
    }
    for (sleeper& each : sleepers_) {
      if (each.is_idle && !each.is_woken) {
        each.is_idle = false;
        each.is_searching = true;
        is_searched_.store(true);
        each.is_woken = true;
        return;
      }
    }
    if (sleeping_.load() != 0) {
      is_searched_.store(true);
      is_event_ = true;
    }
  }
  // Somebody has to wait for events when the one who did goes.
  void wake_poller() {
    for (const sleeper& each : sleepers_) {
      if (each.is_idle) {
        wake_one();
        return;
      }
    }
  }

  biased_lock queue_lock_;
  netpoll::atomic<int> size_{0};  // written under queue_lock_
  netpoll::atomic<int> sleeping_{0};
  netpoll::atomic<bool> is_searched_{false};
  netpoll::mutex mutex_;
  sleeper sleepers_[Sleepers];
  const sleeper* poller_ = nullptr;
  bool is_event_ = false;  // in the event source
};

TEST(BiasedLockOrders, KeepsTheOwnerAndOthersApart) {
  explore_and_expect_fine<owner_and_others<1, 1>>("owner, another", all_preemptions);
  explore_and_expect_fine<owner_and_others<1, 2>>("owner twice, another", 8);
  explore_and_expect_fine<owner_and_others<2, 2>>("owner twice, two others", 4);
}

TEST(RunLoopOrders, NoWorkIsLeftWhileAWorkerSleeps) {
  explore_and_expect_fine<pusher_and_sleepers<1>>("push, sleep", 6);
  explore_and_expect_fine<pusher_and_sleepers<2>>("push twice, two sleep", 3);
}

}  // namespace
}  // namespace netpoll::interleave
