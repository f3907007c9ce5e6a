// SPDX-License-Identifier: BSL-1.0
//
// The shipping timer queue in every order of steps: times that come while they are moved, taken out
// or cancelled. Each waiter is resumed or taken back, one of the two and once; a callback comes
// with the sequence it was armed under; one who sleeps until next() sleeps no longer than the first
// time.
#include "netpoll/timer_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/explored_atomic.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {
namespace {

class counting_waiter final : public waiter, private resumer {
 public:
  counting_waiter() { set_resumer(*this); }
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
  int resumes() const { return resumes_; }

 private:
  void resume(waiter&) noexcept override { ++resumes_; }
  int resumes_ = 0;
};

class deadline final : public timer_queue::entry {
 public:
  deadline() : timer_queue::entry(&on_expiry) {}
  std::vector<std::uint32_t> sequences;

 private:
  static void on_expiry(timer_queue::entry& self, std::uint32_t sequence) noexcept {
    step("callback", &self);
    static_cast<deadline&>(self).sequences.push_back(sequence);
  }
};

// A timer's two waiters, when the time comes, one is taken back and the others are cancelled.
class expiry_removal_and_cancel final : public scenario {
 public:
  expiry_removal_and_cancel() {
    queue_.add_waiter(timer_, first_, 100);
    queue_.add_waiter(timer_, second_, 100);
  }
  std::vector<actor> actors() override {
    return {[this] { queue_.expire(100); },
            [this] { is_removed_ = queue_.remove_waiter(timer_, first_); },
            [this] { cancelled_ = queue_.cancel(timer_, 1); }};
  }
  std::string verify() override {
    if (first_.resumes() + (is_removed_ ? 1 : 0) != 1) {
      return "the first was not resumed or removed exactly once";
    }
    if (second_.resumes() != 1) {
      return "the second was not resumed exactly once";
    }
    return queue_.next() == never ? "" : "an empty timer stayed in the queue";
  }

 private:
  timer_queue queue_;
  timer_queue::entry timer_;
  counting_waiter first_;
  counting_waiter second_;
  bool is_removed_ = false;
  std::size_t cancelled_ = 0;
};

// A deadline that is due is moved and then disarmed. Callbacks may come late, but only with a
// sequence that was armed, each at most once.
class expiry_and_moves final : public scenario {
 public:
  expiry_and_moves() { queue_.arm(deadline_, 100, 1); }
  std::vector<actor> actors() override {
    return {[this] {
              queue_.expire(100);
              queue_.expire(100);
            },
            [this] {
              queue_.arm(deadline_, 50, 2);
              queue_.disarm(deadline_);
            }};
  }
  std::string verify() override {
    std::uint32_t last = 0;
    for (const std::uint32_t each : deadline_.sequences) {
      if (each <= last || each > 2) {
        return "a callback came twice or with a sequence that was never armed";
      }
      last = each;
    }
    return queue_.next() == never ? "" : "a disarmed deadline stayed in the queue";
  }

 private:
  timer_queue queue_;
  deadline deadline_;
};

// One who is about to sleep until next() and one who arms: either the sleeper sees the time, or the
// armer is told that it is the first and sees the sleeper.
class sleeper_and_armer final : public scenario {
 public:
  sleeper_and_armer() { queue_.arm(later_, 1000, 1); }
  std::vector<actor> actors() override {
    return {[this] {
              is_asleep_.store(true);
              const nanotime until = queue_.next();
              block_until("sleep", this, [this, until] { return until <= 100 || is_woken_; });
            },
            [this] {
              if (queue_.arm(sooner_, 100, 1) && is_asleep_.load()) {
                is_woken_ = true;
              }
            },
            [this] { queue_.disarm(later_); }};
  }
  std::string verify() override {
    return queue_.next() == 100 ? "" : "next() is not the first time";
  }

 private:
  timer_queue queue_;
  deadline later_;
  deadline sooner_;
  explored_atomic<bool> is_asleep_{false};
  bool is_woken_ = false;
};

// A timer far away is cancelled, armed anew for later and forgotten, by its owner, while the slot in
// which it stands comes up: it fires once or is cancelled, and nobody touches it afterwards.
class slot_and_owner final : public scenario {
 public:
  slot_and_owner() {
    queue_.add_waiter(*timer_, first_, far);
    queue_.add_waiter(other_, third_, far + 1);
  }
  std::vector<actor> actors() override {
    return {[this] { queue_.expire(far); },
            [this] {
              queue_.cancel(*timer_);
              queue_.add_waiter(*timer_, second_, 2 * far);
              queue_.forget(*timer_);
              timer_.reset();
            }};
  }
  std::string verify() override {
    if (first_.resumes() != 1 || second_.resumes() != 1) {
      return "a waiter was not resumed exactly once";
    }
    if (queue_.next() > far + 1) {
      return "the other timer was lost";
    }
    queue_.expire(far + 1);
    return third_.resumes() == 1 && queue_.next() == never ? "" : "the other timer did not fire";
  }

 private:
  static constexpr nanotime far = nanotime{1} << 40;

  timer_queue queue_;
  std::unique_ptr<timer_queue::entry> timer_ = std::make_unique<timer_queue::entry>();
  timer_queue::entry other_;
  counting_waiter first_;
  counting_waiter second_;
  counting_waiter third_;
};

TEST(TimerQueueOrders, AWaiterIsResumedOrTakenBackOnce) {
  explore_and_expect_fine<expiry_removal_and_cancel>("expire, remove, cancel", all_preemptions);
}

TEST(TimerQueueOrders, ACallbackComesWithWhatItWasArmedUnder) {
  explore_and_expect_fine<expiry_and_moves>("expire, arm and disarm", all_preemptions);
}

TEST(TimerQueueOrders, ATimerMayGoWhenItIsForgotten) {
  explore_and_expect_fine<slot_and_owner>("expire, cancel, arm, forget", all_preemptions);
}

TEST(TimerQueueOrders, NobodySleepsPastATimeThatWasArmed) {
  explore_and_expect_fine<sleeper_and_armer>("sleep, arm, disarm", 6);
}

}  // namespace
}  // namespace netpoll::interleave
