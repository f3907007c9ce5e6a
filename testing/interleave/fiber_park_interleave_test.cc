// SPDX-License-Identifier: BSL-1.0
//
// How a fiber waits, in every order of steps: the shipping park_word and park_deadline, with all
// who may want something of a fiber that parks: who resumes it, its deadline, who cancels it, who
// holds it to look at it, and who makes it run in place of resuming it. The fiber goes on once for
// each wait, not while somebody holds it, and not without a reason; no reason is lost.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "net/fiber/park_deadline.h"
#include "net/fiber/park_word.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/explored_atomic.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {
namespace {

using net::internal::park_deadline;
using net::internal::park_word;

enum class ending { resumed, deadline, cancelled };

// The timers of a run loop.
class timers {
 public:
  void add_timer(timer_queue::entry& which, waiter& who, nanotime when) {
    queue_.add_waiter(which, who, when);
    ++armed_;
  }
  bool remove_timer(timer_queue::entry& which, waiter& who) noexcept {
    return queue_.remove_waiter(which, who);
  }

  // By the reactor: once there is a timer its time has come.
  void expire_one(const bool& is_over) {
    block_until("no timer", this, [&] { return armed_ != 0 || is_over; });
    queue_.expire(100);
  }

 private:
  timer_queue queue_;
  int armed_ = 0;
};

// Something that happens once. One may wait for it.
class happening {
 public:
  class waiter final : public netpoll::waiter {
   public:
    explicit waiter(happening& what) : what_(what) {}
    ~waiter() { is_alive_ = false; }

    bool commit() noexcept override {
      waiter* expected = nullptr;
      return what_.word_.compare_exchange_strong(expected, this);
    }
    bool withdraw() noexcept override {
      check(is_alive_, "the waiter is alive when it is taken back");
      waiter* expected = this;
      return what_.word_.compare_exchange_strong(expected, nullptr);
    }
    bool is_alive() const noexcept { return is_alive_; }

   private:
    happening& what_;
    bool is_alive_ = true;
  };

  // Returns who is to be resumed, if anybody.
  waiter* happen() {
    has_happened_ = true;
    waiter* const who = word_.exchange(&nobody_);
    return who != &nobody_ ? who : nullptr;
  }
  bool has_happened() const noexcept { return has_happened_; }

 private:
  explored_atomic<waiter*> word_{nullptr};
  waiter nobody_{*this};
  bool has_happened_ = false;
};

// Waits as a fiber_state does. The actor is the fiber, and while that is off its stack the thread
// that ran it.
class parker final : private resumer {
 public:
  ending park(happening& what, bool has_deadline, bool heeds_cancel = true) {
    happening::waiter who(what);
    heeds_cancel_ = heeds_cancel;
    if (heeds_cancel_ && is_cancelled_.load()) {
      return ending::cancelled;
    }
    if (!has_deadline) {
      park_once(who);
      return outcome_;
    }
    park_deadline<parker> limit(*this, 100);
    deadline_ = &limit;
    park_once(who);
    deadline_ = nullptr;
    heeds_cancel_ = false;
    const ending outcome = outcome_;
    limit.settle();
    return outcome;
  }

  void cancel() {
    is_cancelled_.store(true);
    interrupt();
  }
  void look() {
    if (word_.hold()) {
      const waiter* const first = &word_.waiter();
      const int runs = runs_;
      step("looking", this);
      check(first == &word_.waiter() && runs == runs_, "the fiber stays while it is held");
      let_go_held();
    }
  }
  void take(happening& what) {
    if (happening::waiter* const who = what.happen()) {
      check(who->is_alive(), "who is to be resumed waits");
      if (word_.take(*who)) {
        make_runnable();
      } else {
        who->resume(wake_reason::ready);
      }
    }
  }

  // For park_deadline.
  timers& loop() noexcept { return timers_; }
  void interrupt() noexcept {
    if (word_.interrupt()) {
      let_go_held();
    }
  }
  void park_once(waiter& what) noexcept {
    what.set_resumer(*this);
    outcome_ = ending::resumed;
    word_.begin(what);
    is_on_stack_ = false;
    if (commit_park()) {
      block_until("parked", this, [this] { return is_runnable_; });
      is_runnable_ = false;
    }
    is_on_stack_ = true;
    ++runs_;
  }

  // When all have ended.
  std::string verify() {
    if (is_runnable_) {
      return "made to run once too often";
    }
    return word_.hold() || word_.interrupt() ? "the word is not 0 when nobody waits" : "";
  }
  bool is_cancelled() const { return is_cancelled_.load(); }

 private:
  bool commit_park() noexcept {
    waiter& what = word_.begun();
    if (heeds_cancel_ && is_cancelled_.load()) {
      outcome_ = ending::cancelled;
    } else if (what.commit()) {
      if (deadline_ != nullptr) {
        deadline_->arm();
      }
      return word_.publish(what) || !let_go(park_word::owner::committing);
    }
    word_.abandon();
    return false;
  }
  ending interruption() const noexcept {
    if (heeds_cancel_ && is_cancelled_.load()) {
      return ending::cancelled;
    }
    return deadline_ != nullptr && deadline_->has_come() ? ending::deadline : ending::resumed;
  }
  bool let_go(park_word::owner own) noexcept {
    return word_.let_go(own, [this](waiter& what) noexcept {
      check(!is_on_stack_, "who owns a fiber owns one that waits");
      const ending why = interruption();
      if (why == ending::resumed || !what.withdraw()) {
        return false;
      }
      outcome_ = why;
      return true;
    });
  }
  void let_go_held() noexcept {
    if (let_go(park_word::owner::held)) {
      make_runnable();
    }
  }
  void make_runnable() noexcept {
    check(!is_on_stack_ && !is_runnable_, "a fiber is made to run once");
    is_runnable_ = true;
  }
  void resume(waiter& what) noexcept override {
    if (word_.resume(what)) {
      make_runnable();
    }
  }

  park_word word_;
  explored_atomic<bool> is_cancelled_{false};
  timers timers_;
  bool heeds_cancel_ = false;
  ending outcome_ = ending::resumed;
  park_deadline<parker>* deadline_ = nullptr;
  bool is_on_stack_ = true;
  bool is_runnable_ = false;
  int runs_ = 0;
};

// What there is besides the fiber.
struct cast {
  bool resumes = false;
  bool takes = false;  // instead of resuming
  bool cancels = false;
  bool has_deadline = false;
  int looks = 0;  // by one each
};

// A fiber waits once. It ends for one of the reasons that there are, and if there is only one, for
// that.
template <cast Who>
class one_wait final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{[this] {
      outcome_ = fiber_.park(event_, Who.has_deadline);
      is_over_ = true;
    }};
    if (Who.resumes) {
      all.push_back([this] {
        if (waiter* const who = event_.happen()) {
          who->resume(wake_reason::ready);
        }
      });
    }
    if (Who.takes) {
      all.push_back([this] { fiber_.take(event_); });
    }
    if (Who.cancels) {
      all.push_back([this] { fiber_.cancel(); });
    }
    if (Who.has_deadline) {
      all.push_back([this] { fiber_.loop().expire_one(is_over_); });
    }
    for (int i = 0; i != Who.looks; ++i) {
      all.push_back([this] { fiber_.look(); });
    }
    return all;
  }

  std::string verify() override {
    switch (outcome_) {
      case ending::resumed:
        if (!event_.has_happened()) {
          return "resumed, and nothing has happened";
        }
        break;
      case ending::deadline:
        if (!Who.has_deadline) {
          return "ended by a deadline that there is not";
        }
        break;
      case ending::cancelled:
        if (!fiber_.is_cancelled()) {
          return "ended as cancelled, but it is not";
        }
        break;
    }
    return fiber_.verify();
  }

 private:
  parker fiber_;
  happening event_;
  ending outcome_ = ending::resumed;
  bool is_over_ = false;
};

// Two waits, the second of which does not heed what ends the first: what comes for the first and
// finds the second leaves it alone.
class two_waits final : public scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] {
              first_outcome_ = fiber_.park(first_, false);
              second_outcome_ = fiber_.park(second_, false, false);
            },
            [this] { fiber_.cancel(); },
            [this] {
              happen(first_);
              happen(second_);
            }};
  }
  std::string verify() override {
    if (first_outcome_ == ending::deadline || second_outcome_ != ending::resumed) {
      return "a wait ended for a reason that it has not";
    }
    return fiber_.verify();
  }

 private:
  static void happen(happening& what) {
    if (waiter* const who = what.happen()) {
      who->resume(wake_reason::ready);
    }
  }

  parker fiber_;
  happening first_;
  happening second_;
  ending first_outcome_ = ending::resumed;
  ending second_outcome_ = ending::resumed;
};

template <cast Who>
void explore_wait(const char* name, std::size_t preemptions) {
  explore_and_expect_fine<one_wait<Who>>(name, preemptions);
}

TEST(FiberParkOrders, EachReasonAloneEndsTheWait) {
  explore_wait<cast{.resumes = true}>("park, resume", all_preemptions);
  explore_wait<cast{.cancels = true}>("park, cancel", all_preemptions);
  explore_wait<cast{.has_deadline = true}>("park, deadline", all_preemptions);
  explore_wait<cast{.takes = true}>("park, take", all_preemptions);
}

TEST(FiberParkOrders, OfSeveralReasonsOneEndsTheWait) {
  explore_wait<cast{.resumes = true, .cancels = true}>("park, resume, cancel", 5);
  explore_wait<cast{.resumes = true, .has_deadline = true}>("park, resume, deadline", 4);
  explore_wait<cast{.cancels = true, .has_deadline = true}>("park, cancel, deadline", 4);
  explore_wait<cast{.takes = true, .cancels = true}>("park, take, cancel", 5);
  explore_wait<cast{.resumes = true, .cancels = true, .has_deadline = true}>(
      "park, resume, cancel, deadline", 3);
}

// Whoever resumes a fiber that is held leaves it to who holds it, who may let go of it just then.
TEST(FiberParkOrders, LookingNeitherLosesAReasonNorMakesTheFiberRun) {
  explore_wait<cast{.resumes = true, .looks = 1}>("park, resume, look", all_preemptions);
  explore_wait<cast{.cancels = true, .looks = 1}>("park, cancel, look", 6);
  explore_wait<cast{.takes = true, .looks = 1}>("park, take, look", all_preemptions);
  explore_wait<cast{.has_deadline = true, .looks = 1}>("park, deadline, look", 4);
  explore_wait<cast{.resumes = true, .looks = 2}>("park, resume, two look", 4);
  explore_wait<cast{.resumes = true, .cancels = true, .looks = 1}>("park, resume, cancel, look", 4);
}

TEST(FiberParkOrders, TheNextWaitIsLeftAlone) {
  explore_and_expect_fine<two_waits>("park twice, resume both, cancel", 4);
}

}  // namespace
}  // namespace netpoll::interleave
