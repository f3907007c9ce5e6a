// SPDX-License-Identifier: BSL-1.0
#include "netpoll/timer_queue.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

// A deadline that remembers how it was called.
struct deadline : timer_queue::entry {
  deadline() : timer_queue::entry(&expired) {}
  static void expired(timer_queue::entry& self, std::uint32_t sequence) noexcept {
    static_cast<deadline&>(self).sequences.push_back(sequence);
  }
  std::vector<std::uint32_t> sequences;
};

struct recorder final : resumer {
  void resume(waiter& who) noexcept override { woken.emplace_back(&who, who.reason()); }
  std::vector<std::pair<waiter*, wake_reason>> woken;
};

struct test_waiter final : waiter {
  explicit test_waiter(recorder& who) { set_resumer(who); }
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
};

TEST(TimerQueue, NextIsNeverWhenEmpty) {
  timer_queue queue;
  EXPECT_EQ(queue.next(), never);
  EXPECT_EQ(queue.expire(1000), 0U);
}

TEST(TimerQueue, ArmingTellsWhetherItIsTheFirst) {
  timer_queue queue;
  deadline a, b, c;
  EXPECT_TRUE(queue.arm(a, 100, 1));
  EXPECT_FALSE(queue.arm(b, 200, 1));
  EXPECT_TRUE(queue.arm(c, 50, 1));
  EXPECT_EQ(queue.next(), 50);
  queue.disarm(c);
  EXPECT_EQ(queue.next(), 100);
}

TEST(TimerQueue, ExpiresInOrderAndOnlyWhatIsDue) {
  timer_queue queue;
  deadline a, b;
  queue.arm(a, 100, 7);
  queue.arm(b, 200, 8);
  EXPECT_EQ(queue.expire(99), 0U);
  EXPECT_EQ(queue.expire(150), 1U);
  EXPECT_EQ(a.sequences, std::vector<std::uint32_t>{7});
  EXPECT_TRUE(b.sequences.empty());
  EXPECT_EQ(queue.expire(200), 1U);
  EXPECT_EQ(b.sequences, std::vector<std::uint32_t>{8});
}

TEST(TimerQueue, RearmingReplacesTimeAndSequence) {
  timer_queue queue;
  deadline a;
  queue.arm(a, 100, 1);
  queue.arm(a, 300, 2);
  EXPECT_EQ(queue.expire(200), 0U);
  queue.arm(a, 250, 3);
  EXPECT_EQ(queue.expire(250), 1U);
  EXPECT_EQ(a.sequences, std::vector<std::uint32_t>{3});
}

TEST(TimerQueue, AgreesWithAReferenceOnRandomOperations) {
  std::mt19937 random(12345);
  timer_queue queue;
  std::vector<std::unique_ptr<deadline>> deadlines;
  std::map<deadline*, nanotime> reference;
  for (int i = 0; i < 300; ++i) {
    deadlines.push_back(std::make_unique<deadline>());
  }
  nanotime now = 0;
  for (int step = 0; step < 20000; ++step) {
    deadline& one = *deadlines[random() % deadlines.size()];
    switch (random() % 4) {
      case 0:
      case 1: {
        const nanotime when = now + 1 + static_cast<nanotime>(random() % 1000);
        queue.arm(one, when, static_cast<std::uint32_t>(step));
        reference[&one] = when;
        break;
      }
      case 2:
        queue.disarm(one);
        reference.erase(&one);
        break;
      default: {
        now += static_cast<nanotime>(random() % 50);
        std::size_t due = 0;
        for (auto at = reference.begin(); at != reference.end();) {
          at = at->second <= now ? (++due, reference.erase(at)) : std::next(at);
        }
        ASSERT_EQ(queue.expire(now), due) << "step " << step;
      }
    }
    nanotime first = never;
    for (const auto& [who, when] : reference) {
      first = std::min(first, when);
    }
    ASSERT_EQ(queue.next(), first) << "step " << step;
  }
}

TEST(TimerQueue, ExpiresMoreThanOneBatchOfCallbacks) {
  timer_queue queue;
  std::vector<std::unique_ptr<deadline>> deadlines;
  for (int i = 0; i < 200; ++i) {
    deadlines.push_back(std::make_unique<deadline>());
    queue.arm(*deadlines.back(), i, 1);
  }
  EXPECT_EQ(queue.expire(1000), 200U);
  for (const auto& each : deadlines) {
    EXPECT_EQ(each->sequences.size(), 1U);
  }
}

TEST(TimerQueue, ResumesTheWaitersOfATimerInOrder) {
  timer_queue queue;
  timer_queue::entry timer;
  recorder woken;
  test_waiter a(woken), b(woken);
  EXPECT_TRUE(queue.add_waiter(timer, a, 100));
  EXPECT_FALSE(queue.add_waiter(timer, b, 100));
  EXPECT_EQ(queue.expire(100), 1U);
  ASSERT_EQ(woken.woken.size(), 2U);
  EXPECT_EQ(woken.woken[0], std::pair(static_cast<waiter*>(&a), wake_reason::ready));
  EXPECT_EQ(woken.woken[1], std::pair(static_cast<waiter*>(&b), wake_reason::ready));
}

TEST(TimerQueue, CancelsTheOldestFirstAndDisarmsWithTheLast) {
  timer_queue queue;
  timer_queue::entry timer;
  recorder woken;
  test_waiter a(woken), b(woken);
  queue.add_waiter(timer, a, 100);
  queue.add_waiter(timer, b, 100);
  EXPECT_EQ(queue.cancel(timer, 1), 1U);
  ASSERT_EQ(woken.woken.size(), 1U);
  EXPECT_EQ(woken.woken[0], std::pair(static_cast<waiter*>(&a), wake_reason::cancelled));
  EXPECT_EQ(queue.next(), 100);
  EXPECT_EQ(queue.cancel(timer), 1U);
  EXPECT_EQ(queue.next(), never);
  EXPECT_EQ(queue.cancel(timer), 0U);
}

TEST(TimerQueue, RemovesOneWaiterOnlyOnce) {
  timer_queue queue;
  timer_queue::entry timer;
  recorder woken;
  test_waiter a(woken);
  queue.add_waiter(timer, a, 100);
  EXPECT_TRUE(queue.remove_waiter(timer, a));
  EXPECT_FALSE(queue.remove_waiter(timer, a));
  EXPECT_EQ(queue.next(), never);
  EXPECT_TRUE(woken.woken.empty());
}

TEST(TimerQueue, StaysArmedForTheWaitersThatAreLeft) {
  timer_queue queue;
  timer_queue::entry timer;
  timer_queue::entry later;
  recorder woken;
  test_waiter a(woken), b(woken), c(woken);
  EXPECT_TRUE(queue.add_waiter(timer, a, 100));
  EXPECT_FALSE(queue.add_waiter(timer, b, 100));
  EXPECT_FALSE(queue.add_waiter(later, c, 200)) << "not the first to come";
  EXPECT_TRUE(queue.remove_waiter(timer, a));
  EXPECT_EQ(queue.next(), 100);
  EXPECT_EQ(queue.expire(100), 1U);
  ASSERT_EQ(woken.woken.size(), 1U);
  EXPECT_EQ(woken.woken[0].first, &b);
  EXPECT_EQ(queue.next(), 200);
}

TEST(TimerQueue, CancelAllResumesEveryWaiter) {
  timer_queue queue;
  timer_queue::entry one, other;
  recorder woken;
  test_waiter a(woken), b(woken);
  queue.add_waiter(one, a, 100);
  queue.add_waiter(other, b, 50);
  queue.cancel_all();
  EXPECT_EQ(woken.woken.size(), 2U);
  EXPECT_EQ(queue.next(), never);
}

// ------------------------------------------------------------------------------------ the wheel

constexpr nanotime tick = nanotime{1} << 16;
constexpr nanotime year = nanotime{365} * 24 * 3600 * 1'000'000'000;

// A deadline that writes down in which order the deadlines were called.
struct noted : timer_queue::entry {
  explicit noted(std::vector<nanotime>& into) : timer_queue::entry(&expired), called(into) {}
  static void expired(timer_queue::entry& self, std::uint32_t) noexcept {
    static_cast<noted&>(self).called.push_back(static_cast<noted&>(self).when);
  }
  std::vector<nanotime>& called;
  nanotime when = never;
};

// Each power of two and its neighbours, ascending.
std::vector<nanotime> times_of_all_sizes() {
  std::vector<nanotime> times{std::numeric_limits<nanotime>::min(), -tick, -1, 0, 1};
  for (int bit = 1; bit < 63; ++bit) {
    for (const nanotime beside : {-1, 0, 1}) {
      times.push_back((nanotime{1} << bit) + beside);
    }
  }
  times.push_back(never - 1);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

TEST(TimerQueue, FiresAtTheNanosecondHoweverFarAway) {
  for (const nanotime start : {nanotime{0}, nanotime{1}, 7 * tick - 1, year + 12345, 250 * year}) {
    for (const nanotime distance : times_of_all_sizes()) {
      const nanotime when = std::min(add_saturated(start, distance), never - 1);
      timer_queue queue;
      deadline other, a;
      queue.arm(other, start, 1);  // brings the wheel to where it is to be
      ASSERT_EQ(queue.expire(start), 1U);
      ASSERT_TRUE(queue.arm(a, when, 1));
      ASSERT_EQ(queue.next(), when) << start << " " << distance;
      if (when != std::numeric_limits<nanotime>::min()) {
        ASSERT_EQ(queue.expire(when - 1), 0U) << start << " " << distance;
        ASSERT_EQ(queue.next(), when) << start << " " << distance;
      }
      ASSERT_EQ(queue.expire(when), 1U) << start << " " << distance;
      ASSERT_EQ(queue.next(), never);
    }
  }
}

TEST(TimerQueue, FiresOneTimeAfterTheOtherOnAllLevels) {
  const std::vector<nanotime> times = times_of_all_sizes();
  std::vector<nanotime> called;
  timer_queue queue;
  std::vector<std::unique_ptr<noted>> all;
  for (const nanotime when : times) {
    all.push_back(std::make_unique<noted>(called));
    all.back()->when = when;
  }
  std::shuffle(all.begin(), all.end(), std::mt19937(1));
  for (const auto& each : all) {
    queue.arm(*each, each->when, 1);
  }
  for (const nanotime when : times) {
    ASSERT_EQ(queue.next(), when);
    ASSERT_EQ(queue.expire(when), 1U);
  }
  EXPECT_EQ(called, times);
}

TEST(TimerQueue, FiresInOrderWhatCameAllAtOnce) {
  std::vector<nanotime> called;
  timer_queue queue;
  std::vector<std::unique_ptr<noted>> all;
  std::mt19937_64 random(2);
  // Many in one tick, many in one slot of the level above, and some anywhere.
  for (const nanotime range : {tick, 64 * tick, 5000 * tick, year}) {
    for (int i = 0; i < 5000; ++i) {
      all.push_back(std::make_unique<noted>(called));
      all.back()->when = 64 * tick + static_cast<nanotime>(random()) % range;
      queue.arm(*all.back(), all.back()->when, 1);
    }
  }
  EXPECT_EQ(queue.expire(2 * year), all.size());
  ASSERT_EQ(called.size(), all.size());
  EXPECT_TRUE(std::is_sorted(called.begin(), called.end()));
}

TEST(TimerQueue, WaitersOfOneTimeGoOnInTheOrderInWhichTheyCame) {
  for (const nanotime when : {tick + 5, 100 * tick, 5000 * tick, year}) {
    timer_queue queue;
    recorder woken;
    std::vector<std::unique_ptr<timer_queue::entry>> timers;
    std::vector<std::unique_ptr<test_waiter>> waiters;
    for (int i = 0; i < 1000; ++i) {
      timers.push_back(std::make_unique<timer_queue::entry>());
      waiters.push_back(std::make_unique<test_waiter>(woken));
      queue.add_waiter(*timers.back(), *waiters.back(), when);
    }
    EXPECT_EQ(queue.expire(when), 1000U);
    ASSERT_EQ(woken.woken.size(), waiters.size());
    for (std::size_t i = 0; i < waiters.size(); ++i) {
      ASSERT_EQ(woken.woken[i].first, waiters[i].get()) << i;
    }
  }
}

TEST(TimerQueue, NeverIsNotDueBeforeTheEndOfTime) {
  timer_queue queue;
  timer_queue::entry timer;
  recorder woken;
  test_waiter a(woken);
  queue.add_waiter(timer, a, never);
  EXPECT_EQ(queue.next(), never);
  EXPECT_EQ(queue.expire(never - 1), 0U);
  EXPECT_TRUE(queue.remove_waiter(timer, a));
}

TEST(TimerQueue, WhatWasMovedLaterCostsOneLookAndFiresInTime) {
  timer_queue queue;
  deadline a, b;
  queue.arm(a, 1000 * tick, 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(queue.arm(a, (2000 + i) * tick + 7, 2)) << "nobody has to wake for what is later";
  }
  const nanotime last = 2099 * tick + 7;
  const nanotime look = queue.next();
  EXPECT_LE(look, last);
  EXPECT_EQ(queue.expire(look), 0U);
  EXPECT_EQ(queue.next(), last);
  EXPECT_EQ(queue.expire(last - 1), 0U);
  EXPECT_EQ(queue.expire(last), 1U);
  EXPECT_EQ(a.sequences, std::vector<std::uint32_t>{2});
}

TEST(TimerQueue, WhatWasMovedLaterCanBeMovedEarlierAgain) {
  timer_queue queue;
  deadline a;
  queue.arm(a, 1000 * tick, 1);
  queue.arm(a, 500'000 * tick, 2);
  EXPECT_TRUE(queue.arm(a, 990 * tick, 3));
  EXPECT_EQ(queue.next(), 990 * tick);
  EXPECT_TRUE(queue.arm(a, 3, 4));
  EXPECT_EQ(queue.next(), 3);
  EXPECT_EQ(queue.expire(3), 1U);
  EXPECT_EQ(queue.expire(never - 1), 0U) << "it was there twice";
}

TEST(TimerQueue, ACancelledTimerIsDueToNobody) {
  timer_queue queue;
  timer_queue::entry timer, other;
  recorder woken;
  test_waiter a(woken), b(woken);
  queue.add_waiter(timer, a, 1000 * tick);
  EXPECT_EQ(queue.cancel(timer), 1U);
  EXPECT_EQ(queue.next(), never) << "of no timer that anybody waits for";
  queue.add_waiter(other, b, 3000 * tick);
  EXPECT_LE(queue.next(), 3000 * tick);
  EXPECT_EQ(queue.expire(1000 * tick), 0U);
  EXPECT_EQ(queue.next(), 3000 * tick);
  EXPECT_EQ(queue.expire(3000 * tick), 1U);
  EXPECT_EQ(woken.woken.size(), 2U);
}

TEST(TimerQueue, ACancelledTimerIsArmedAnewForAnyTime) {
  for (const nanotime again : {nanotime{5}, 900 * tick, 1000 * tick, 1001 * tick, year}) {
    timer_queue queue;
    timer_queue::entry timer;
    recorder woken;
    test_waiter a(woken), b(woken);
    queue.add_waiter(timer, a, 1000 * tick);
    queue.cancel(timer);
    EXPECT_TRUE(queue.add_waiter(timer, b, again));
    EXPECT_LE(queue.next(), again);
    EXPECT_EQ(queue.expire(again - 1), 0U);
    EXPECT_EQ(queue.next(), again);
    EXPECT_EQ(queue.expire(again), 1U);
    ASSERT_EQ(woken.woken.size(), 2U);
    EXPECT_EQ(woken.woken[1], std::pair(static_cast<waiter*>(&b), wake_reason::ready));
  }
}

TEST(TimerQueue, AForgottenTimerMayBeDestroyed) {
  timer_queue queue;
  recorder woken;
  test_waiter a(woken), b(woken);
  auto cancelled = std::make_unique<timer_queue::entry>();
  auto waited_for = std::make_unique<timer_queue::entry>();
  queue.add_waiter(*cancelled, a, 1000 * tick);
  queue.add_waiter(*waited_for, b, 1000 * tick);
  queue.cancel(*cancelled);
  queue.forget(*cancelled);
  cancelled.reset();
  queue.forget(*waited_for);
  waited_for.reset();
  ASSERT_EQ(woken.woken.size(), 2U);
  EXPECT_EQ(woken.woken[1], std::pair(static_cast<waiter*>(&b), wake_reason::cancelled));
  EXPECT_EQ(queue.next(), never);
  EXPECT_EQ(queue.expire(year), 0U);
}

TEST(TimerQueue, CancelAllTakesOutCancelledTimersToo) {
  recorder woken;
  test_waiter a(woken), b(woken), c(woken);
  timer_queue queue;
  {
    timer_queue::entry near, far, cancelled;
    queue.add_waiter(near, a, 5);
    queue.add_waiter(far, b, year);
    queue.add_waiter(cancelled, c, year);
    queue.cancel(cancelled);
    queue.cancel_all();
  }
  EXPECT_EQ(woken.woken.size(), 3U);
  EXPECT_EQ(queue.next(), never);
  EXPECT_EQ(queue.expire(2 * year), 0U);
}

// What is part of a batch that is being worked off: its callbacks take others of it out.
TEST(TimerQueue, ACallbackMayMoveOthersThatAreDue) {
  struct meddler : timer_queue::entry {
    meddler(timer_queue& queue) : timer_queue::entry(&expired), timers(queue) {}
    static void expired(timer_queue::entry& self, std::uint32_t) noexcept {
      auto& me = static_cast<meddler&>(self);
      ++me.calls;
      if (me.victim != nullptr) {
        me.timers.disarm(*me.victim);
        me.timers.arm(*me.moved, 10'000 * tick, 2);
      }
    }
    timer_queue& timers;
    meddler* victim = nullptr;
    meddler* moved = nullptr;
    int calls = 0;
  };
  timer_queue queue;
  std::vector<std::unique_ptr<meddler>> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(std::make_unique<meddler>(queue));
    queue.arm(*all.back(), 100 * tick + i, 1);
  }
  // Not among the first that are taken out together.
  all[0]->victim = all[150].get();
  all[0]->moved = all[151].get();
  EXPECT_EQ(queue.expire(101 * tick), 198U);
  EXPECT_EQ(all[150]->calls, 0);
  EXPECT_EQ(all[151]->calls, 0);
  EXPECT_EQ(queue.next(), 10'000 * tick);
  EXPECT_EQ(queue.expire(10'000 * tick), 1U);
  EXPECT_EQ(all[151]->calls, 1);
}

// Random operations on timers and deadlines of all distances, beside a map.
class wheel_model {
 public:
  explicit wheel_model(std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < 200; ++i) {
      deadlines_.push_back(std::make_unique<noted>(called_));
      timers_.push_back(std::make_unique<timed>(woken_));
    }
  }
  ~wheel_model() { queue_.cancel_all(); }

  void step() {
    const std::size_t i = random_() % deadlines_.size();
    noted& one = *deadlines_[i];
    std::unique_ptr<timed>& timer = timers_[i];
    switch (random_() % 10) {
      case 0:
      case 1:
        one.when = some_time();
        queue_.arm(one, one.when, 1);
        break;
      case 2:
        queue_.disarm(one);
        one.when = never;
        break;
      case 3:
      case 4:
        if (timer->when == never) {
          timer->when = some_time();
          queue_.add_waiter(timer->entry, timer->who, timer->when);
        }
        break;
      case 5:
        ASSERT_EQ(queue_.cancel(timer->entry), timer->when == never ? 0U : 1U);
        timer->when = never;
        break;
      case 6:
        ASSERT_EQ(queue_.remove_waiter(timer->entry, timer->who), timer->when != never);
        timer->when = never;
        break;
      case 7:
        queue_.forget(timer->entry);
        timer = std::make_unique<timed>(woken_);
        break;
      default: pass_time();
    }
    ASSERT_LE(queue_.next(), first());
    if (first() == never) {
      ASSERT_EQ(queue_.next(), never);
    }
  }

 private:
  struct timed {
    explicit timed(recorder& into) : who(into) {}
    timer_queue::entry entry;
    test_waiter who;
    nanotime when = never;
  };

  nanotime some_distance() {
    const nanotime up_to = nanotime{1} << (random_() % 58);
    return static_cast<nanotime>(random_() % static_cast<std::uint64_t>(up_to));
  }
  nanotime some_time() { return std::max<nanotime>(now_ + some_distance() - 1000, 0); }

  nanotime first() const {
    nanotime found = never;
    for (std::size_t i = 0; i < deadlines_.size(); ++i) {
      found = std::min({found, deadlines_[i]->when, timers_[i]->when});
    }
    return found;
  }

  void pass_time() {
    // Exactly to when something is to be done, or anywhere, but not so far that all is over.
    const nanotime next = queue_.next();
    now_ = next != never && random_() % 2 == 0
               ? std::max(now_, next)
               : now_ + some_distance() % (nanotime{1} << (random_() % 52));
    std::vector<nanotime> due;
    std::size_t due_timers = 0;
    for (std::size_t i = 0; i < deadlines_.size(); ++i) {
      if (deadlines_[i]->when <= now_) {
        due.push_back(deadlines_[i]->when);
      }
      if (timers_[i]->when <= now_) {
        ++due_timers;
      }
    }
    std::sort(due.begin(), due.end());
    called_.clear();
    woken_.woken.clear();
    ASSERT_EQ(queue_.expire(now_), due.size() + due_timers);
    ASSERT_EQ(called_, due);
    ASSERT_EQ(woken_.woken.size(), due_timers);
    nanotime before = 0;
    for (const auto& [who, why] : woken_.woken) {
      const auto at = std::find_if(timers_.begin(), timers_.end(),
                                   [who = who](const auto& each) { return &each->who == who; });
      ASSERT_NE(at, timers_.end());
      ASSERT_LE(before, (*at)->when);
      before = std::exchange((*at)->when, never);
    }
    for (const auto& each : deadlines_) {
      each->when = each->when <= now_ ? never : each->when;
    }
    ASSERT_GT(queue_.next(), now_) << "there is no use in another look";
  }

  std::mt19937_64 random_;
  timer_queue queue_;
  std::vector<nanotime> called_;
  recorder woken_;
  std::vector<std::unique_ptr<noted>> deadlines_;
  std::vector<std::unique_ptr<timed>> timers_;
  nanotime now_ = 0;
};

TEST(TimerQueue, AgreesWithAReferenceAtAllDistances) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    wheel_model model(seed);
    for (int i = 0; i < 5000; ++i) {
      ASSERT_NO_FATAL_FAILURE(model.step()) << "step " << i;
    }
  }
}

}  // namespace
}  // namespace netpoll
