// SPDX-License-Identifier: BSL-1.0
#include "netpoll/timer_queue.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
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

}  // namespace
}  // namespace netpoll
