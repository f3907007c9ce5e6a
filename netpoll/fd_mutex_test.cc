// SPDX-License-Identifier: BSL-1.0
#include "netpoll/fd_mutex.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

using lock_result = fd_mutex::lock_result;
using duty = fd_mutex::duty;

struct recorder final : resumer {
  void resume(waiter& who) noexcept override { woken.emplace_back(&who, who.reason()); }
  std::vector<std::pair<waiter*, wake_reason>> woken;
};

struct test_waiter final : waiter {
  explicit test_waiter(recorder& who) { set_resumer(who); }
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
};

class FdMutex : public ::testing::TestWithParam<direction> {
 protected:
  FdMutex() { mutex_.reset(); }
  direction which() const { return GetParam(); }
  direction other() const {
    return which() == direction::read ? direction::write : direction::read;
  }

  fd_mutex mutex_;
  recorder woken_;
};

INSTANTIATE_TEST_SUITE_P(BothDirections, FdMutex,
                         ::testing::Values(direction::read, direction::write, direction::urgent));

TEST_P(FdMutex, ADirectionHasOneOwner) {
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::busy);
  EXPECT_EQ(mutex_.try_lock(other()), lock_result::acquired);
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::none);
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::acquired);
}

TEST_P(FdMutex, HandsOverInOrderOfArrival) {
  test_waiter a(woken_), b(woken_);
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::busy);
  ASSERT_EQ(mutex_.lock_or_enqueue(which(), b), lock_result::busy);
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::none);
  ASSERT_EQ(woken_.woken.size(), 1U);
  EXPECT_EQ(woken_.woken[0], std::pair(static_cast<waiter*>(&a), wake_reason::ready));
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::busy) << "it belongs to the first waiter now";
  EXPECT_EQ(mutex_.unlock(which()), duty::none);
  ASSERT_EQ(woken_.woken.size(), 2U);
  EXPECT_EQ(woken_.woken[1].first, &b);
  EXPECT_EQ(mutex_.unlock(which()), duty::none);
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::acquired);
}

TEST_P(FdMutex, EnqueueingOnAFreeDirectionAcquiresIt) {
  test_waiter a(woken_);
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::acquired);
  EXPECT_TRUE(woken_.woken.empty());
}

TEST_P(FdMutex, AWithdrawnWaiterGetsNothing) {
  test_waiter a(woken_);
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::busy);
  EXPECT_TRUE(mutex_.withdraw(which(), a));
  EXPECT_FALSE(mutex_.withdraw(which(), a));
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::none);
  EXPECT_TRUE(woken_.woken.empty());
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::acquired);
}

TEST_P(FdMutex, CloseWakesEveryWaiterAndHappensOnce) {
  std::vector<test_waiter> waiters(100, test_waiter(woken_));
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  for (test_waiter& each : waiters) {
    ASSERT_EQ(mutex_.lock_or_enqueue(which(), each), lock_result::busy);
  }
  EXPECT_TRUE(mutex_.close());
  EXPECT_FALSE(mutex_.close());
  ASSERT_EQ(woken_.woken.size(), waiters.size());
  EXPECT_EQ(woken_.woken[99], std::pair(static_cast<waiter*>(&waiters[99]), wake_reason::closed));
  EXPECT_EQ(mutex_.try_lock(which()), lock_result::closed);
  EXPECT_EQ(mutex_.try_lock(other()), lock_result::closed);
  EXPECT_FALSE(mutex_.add_reference());
}

TEST_P(FdMutex, TheLastReferenceDestroysAndTheLastToKnowRecycles) {
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_TRUE(mutex_.close());
  EXPECT_EQ(mutex_.drop_reference(), duty::none) << "the operation is still inside its call";
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::destroy);
  EXPECT_EQ(mutex_.finish_destroy(), duty::none);
  EXPECT_EQ(mutex_.unlock(which()), duty::none) << "the handle still knows it";
  EXPECT_EQ(mutex_.disown(), duty::recycle);
}

TEST_P(FdMutex, AWaitingOperationDoesNotKeepTheNumberOpen) {
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_EQ(mutex_.drop_reference(), duty::none);  // it waits
  ASSERT_TRUE(mutex_.close());
  EXPECT_EQ(mutex_.drop_reference(), duty::destroy) << "by the one who closes, at once";
  EXPECT_EQ(mutex_.finish_destroy(), duty::none);
  EXPECT_EQ(mutex_.disown(), duty::none) << "the operation still knows the descriptor";
  EXPECT_EQ(mutex_.unlock(which()), duty::recycle);
}

TEST_P(FdMutex, CancelQueuedLeavesTheOwnerAlone) {
  test_waiter a(woken_);
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::busy);
  mutex_.cancel_queued();
  ASSERT_EQ(woken_.woken.size(), 1U);
  EXPECT_EQ(woken_.woken[0].second, wake_reason::cancelled);
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::none);
}

TEST(FdMutexStress, ExactlyOneThreadDestroysAndOneRecycles) {
  for (int round = 0; round < 200; ++round) {
    fd_mutex mutex;
    mutex.reset();
    std::atomic<int> destroyed{0};
    std::atomic<int> recycled{0};
    std::atomic<int> inside{0};
    const auto settle = [&](duty what) {
      if (what == duty::destroy) {
        EXPECT_EQ(inside.load(), 0) << "the number was closed under a call";
        ++destroyed;
        what = mutex.finish_destroy();
      }
      recycled += what == duty::recycle ? 1 : 0;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100 && mutex.add_reference(); ++n) {
          ++inside;
          --inside;
          settle(mutex.drop_reference());
        }
      });
    }
    threads.emplace_back([&] {
      ASSERT_TRUE(mutex.close());
      settle(mutex.drop_reference());
      mutex.wait_until_destroyed();
      EXPECT_EQ(destroyed.load(), 1);
      settle(mutex.disown());
    });
    for (std::thread& each : threads) {
      each.join();
    }
    EXPECT_EQ(destroyed.load(), 1);
    EXPECT_EQ(recycled.load(), 1);
  }
}

TEST_P(FdMutex, NobodyQueuesUpForWhatIsClosed) {
  test_waiter a(woken_);
  ASSERT_EQ(mutex_.try_lock(which()), lock_result::acquired);
  ASSERT_TRUE(mutex_.close());
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::closed);
  EXPECT_FALSE(mutex_.withdraw(which(), a));
  EXPECT_TRUE(woken_.woken.empty());
}

TEST_P(FdMutex, WhoIsTooLateIsAskedOnlyWhenItWouldQueueUp) {
  test_waiter a(woken_), b(woken_);
  const auto always = [](const waiter&) noexcept { return true; };
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), a, always), lock_result::acquired);
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), b, always), lock_result::refused);
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), a), lock_result::busy);
  EXPECT_EQ(mutex_.lock_or_enqueue(which(), b, always), lock_result::refused);
  EXPECT_EQ(mutex_.unlock_and_drop(which()), duty::none);
  ASSERT_EQ(woken_.woken.size(), 1U);
  EXPECT_EQ(woken_.woken[0].first, &a) << "who was refused takes no place and frees none";
}

TEST(FdMutexDeathTest, MoreReferencesThanItCanCountStopTheProcess) {
  fd_mutex mutex;
  mutex.reset();
  for (int i = 0; i < 1'048'575; ++i) {
    ASSERT_TRUE(mutex.add_reference());
  }
  recorder woken;
  test_waiter a(woken);
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(mutex.add_reference(), "too many concurrent operations");
  EXPECT_DEATH(mutex.try_lock(direction::read), "too many concurrent operations");
  EXPECT_DEATH(mutex.lock_or_enqueue(direction::read, a), "too many concurrent operations");
  EXPECT_DEATH(mutex.close(), "too many concurrent operations");
}

TEST(FdMutexStress, OneAtATimeHasTheDirectionHoweverTheyComeAndGo) {
  struct turn final : waiter, resumer {
    turn() { set_resumer(*this); }
    bool commit() noexcept override { return true; }
    bool withdraw() noexcept override { return false; }
    void resume(waiter&) noexcept override { has_come = true; }
    std::atomic<bool> has_come{false};
  };
  constexpr int threads = 3;
  constexpr int rounds = 5000;
  fd_mutex mutex;
  mutex.reset();
  int turns = 0;  // under the direction
  std::atomic<int> withdrawn{0};
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        turn mine;
        const lock_result got = mutex.lock_or_enqueue(direction::read, mine);
        if (got == lock_result::busy) {
          if (round % 2 == 0 && mutex.withdraw(direction::read, mine)) {
            ++withdrawn;
            continue;
          }
          while (!mine.has_come) {
            std::this_thread::yield();
          }
        }
        ++turns;
        EXPECT_EQ(got == lock_result::acquired ? mutex.unlock_and_drop(direction::read)
                                               : mutex.unlock(direction::read),
                  duty::none);
      }
    });
  }
  for (std::thread& each : all) {
    each.join();
  }
  EXPECT_EQ(turns + withdrawn, threads * rounds);
  EXPECT_TRUE(mutex.close());
  EXPECT_EQ(mutex.drop_reference(), duty::destroy) << "no reference is left";
}

}  // namespace
}  // namespace netpoll
