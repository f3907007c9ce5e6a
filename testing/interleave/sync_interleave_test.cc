// SPDX-License-Identifier: BSL-1.0
//
// What net/fiber/sync has beside mutexes and channels, in every order of steps: nothing that was
// given is lost, whoever gives up.
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "gtest/gtest.h"
#include "net/config.h"
#include "net/fiber/sync/barrier.h"
#include "net/fiber/sync/condition_variable.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/once.h"
#include "net/fiber/sync/semaphore.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/scheduler.h"
#include "testing/interleave/waiting_actor.h"

namespace netpoll::interleave {
namespace {

// One waits for a flag, with a predicate, and may give up; another, who does not, has the second
// notification.
template <bool Interrupts>
class notified final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{first_.does([this] { wait(); }), second_.does([this] { wait(); }),
                           notifier_.does([this] {
                             for (int i = 0; i != 2; ++i) {
                               {
                                 const std::lock_guard lock(mutex_);
                                 ++tokens_;
                               }
                               changed_.notify_one();
                             }
                           })};
    if (Interrupts) {
      all.push_back([this] { first_.interrupt(); });
    }
    return all;
  }
  std::string verify() override {
    const bool is_balanced = taken_ + given_up_ == 2 && tokens_ == given_up_;
    return first_.failure() + second_.failure() + notifier_.failure() +
           (is_balanced ? "" : "a notification was lost");
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    std::error_code ec;
    if (changed_.wait(lock, [this] { return tokens_ != 0; }, ec)) {
      --tokens_;
      ++taken_;
    } else {
      ++given_up_;
    }
  }

  NET_NAMESPACE::mutex mutex_;
  NET_NAMESPACE::condition_variable changed_;
  int tokens_ = 0;
  int taken_ = 0;
  int given_up_ = 0;
  waiting_actor first_;
  waiting_actor second_;
  waiting_actor notifier_;
};

TEST(ConditionVariableInterleave, TwoWaitAndAreNotified) {
  explore_and_expect_fine<notified<false>>("condition variable: two wait", 2);
}

TEST(ConditionVariableInterleave, OneOfTwoGivesUp) {
  explore_and_expect_fine<notified<true>>("condition variable: one of two gives up", 2);
}

// Two want the units of one who releases and then destroys nothing: the last to acquire does.
class units final : public scenario {
 public:
  std::vector<actor> actors() override {
    return {first_.does([this] {
              std::error_code ec;
              if (semaphore_->acquire(ec)) {
                ++taken_;
              } else {
                ++given_up_;
              }
              leave();
            }),
            second_.does([this] {
              semaphore_->acquire();
              ++taken_;
              leave();
            }),
            releaser_.does([this] {
              NET_NAMESPACE::counting_semaphore<>& mine = *semaphore_;
              mine.release();
              mine.release();
              leave();
            }),
            [this] { first_.interrupt(); }};
  }
  std::string verify() override {
    return first_.failure() + second_.failure() + releaser_.failure() +
           (taken_ + given_up_ == 2 && left_over_ == given_up_ ? "" : "a unit was lost");
  }

 private:
  void leave() {
    if (--left_ == 0) {
      while (semaphore_->try_acquire()) {
        ++left_over_;
      }
      semaphore_.reset();
    }
  }

  std::unique_ptr<NET_NAMESPACE::counting_semaphore<>> semaphore_ =
      std::make_unique<NET_NAMESPACE::counting_semaphore<>>(0);
  int left_ = 3;
  int taken_ = 0;
  int given_up_ = 0;
  int left_over_ = 0;
  waiting_actor first_;
  waiting_actor second_;
  waiting_actor releaser_;
};

TEST(SemaphoreInterleave, OneOfTwoGivesUp) {
  explore_and_expect_fine<units>("semaphore: one of two gives up", 3);
}

// One waits, and destroys the event at once; another sets it.
class last_seen final : public scenario {
 public:
  std::vector<actor> actors() override {
    return {waits_.does([this] {
              event_->wait();
              event_.reset();
            }),
            sets_.does([event = event_.get()] { event->set(); })};
  }
  std::string verify() override { return waits_.failure() + sets_.failure(); }

 private:
  std::unique_ptr<NET_NAMESPACE::event> event_ = std::make_unique<NET_NAMESPACE::event>();
  waiting_actor waits_;
  waiting_actor sets_;
};

TEST(EventInterleave, MayBeDestroyedByWhoPassed) {
  explore_and_expect_fine<last_seen>("event: destroyed by who passed", all_preemptions);
}

// Three call; the first call fails; one may give up. The last to pass destroys the flag, though who
// has called is still about to leave.
template <bool Interrupts>
class callers final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all;
    for (waiting_actor& each : who_) {
      all.push_back(each.does([this, may_fail = Interrupts && &each == &who_[0]] {
        bool has_left = false;
        bool has_passed = false;
        bool is_last = false;
        const auto leave = [&] {
          if (!has_left) {
            has_left = true;
            is_last = --left_ == 0;
          }
        };
        const auto function = [&] {
          call();
          leave();
        };
        try {
          std::error_code ec;
          has_passed =
              may_fail ? NET_NAMESPACE::call_once(*flag_, ec, function)
                       : (NET_NAMESPACE::call_once(*flag_, function), true);
          passed_early_ |= has_passed && calls_ < 2;
        } catch (int) {
        }
        leave();
        if (is_last) {
          if (!has_passed) {
            NET_NAMESPACE::call_once(*flag_, [this] { call(); });  // another may be calling
          }
          flag_.reset();
        }
      }));
    }
    if (Interrupts) {
      all.push_back([this] { who_[0].interrupt(); });
    }
    return all;
  }
  std::string verify() override {
    return who_[0].failure() + who_[1].failure() + who_[2].failure() +
           (calls_ == 2 ? "" : "it was not called as often as it should be") +
           (passed_early_ ? "somebody passed before the call was over" : "") +
           (overlaps_ ? "two called at once" : "");
  }

 private:
  void call() {
    overlaps_ |= ++inside_ > 1;
    step("call", this);
    --inside_;
    if (++calls_ == 1) {
      throw 1;
    }
  }

  std::unique_ptr<NET_NAMESPACE::once_flag> flag_ = std::make_unique<NET_NAMESPACE::once_flag>();
  int calls_ = 0;
  int inside_ = 0;
  int left_ = 3;
  bool passed_early_ = false;
  bool overlaps_ = false;
  waiting_actor who_[3];
};

TEST(CallOnceInterleave, ThreeCallAndTheFirstCallFails) {
  explore_and_expect_fine<callers<false>>("call_once: three call, the first call fails", 3);
}

TEST(CallOnceInterleave, OneGivesUp) {
  explore_and_expect_fine<callers<true>>("call_once: three call, one gives up", 2);
}

// Two meet twice; in the second phase one only arrives.
class phases final : public scenario {
 public:
  std::vector<actor> actors() override {
    return {first_.does([this] {
              barrier_.arrive_and_wait();
              early_ |= completions_ < 1;
              barrier_.arrive_and_wait();
              early_ |= completions_ < 2;
            }),
            second_.does([this] {
              barrier_.arrive_and_wait();
              early_ |= completions_ < 1;
              (void)barrier_.arrive();
            })};
  }
  std::string verify() override {
    return first_.failure() + second_.failure() + (early_ ? "somebody passed too early" : "") +
           (completions_ == 2 ? "" : "the phases did not end");
  }

 private:
  struct counter {
    int& count;
    void operator()() const noexcept {
      step("completion", &count);
      ++count;
    }
  };

  int completions_ = 0;
  bool early_ = false;
  NET_NAMESPACE::barrier<counter> barrier_{2, counter{completions_}};
  waiting_actor first_;
  waiting_actor second_;
};

TEST(BarrierInterleave, TwoMeetTwice) {
  explore_and_expect_fine<phases>("barrier: two meet twice", 5);
}

}  // namespace
}  // namespace netpoll::interleave
