// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/biased_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace {

using netpoll::biased_lock;

TEST(BiasedLock, OwnerComesAndGoesWithoutAnybodyElse) {
  biased_lock lock;
  for (int i = 0; i != 3; ++i) {
    lock.lock_own();
    lock.unlock_own();
  }
  ASSERT_TRUE(lock.try_lock_other());
  lock.unlock_other();
}

TEST(BiasedLock, SecondOfTheOthersIsRefused) {
  biased_lock lock;
  ASSERT_TRUE(lock.try_lock_other());
  std::thread([&] { EXPECT_FALSE(lock.try_lock_other()); }).join();
  lock.unlock_other();
}

// Owner and others count in an int that nothing else protects.
TEST(BiasedLock, KeepsTheOwnerAndOthersApart) {
  constexpr int own_rounds = 200'000;
  constexpr int others = 3;
  biased_lock lock;
  long count = 0;
  std::atomic<bool> is_over{false};
  std::latch begin(others + 1);
  std::vector<long> taken(others);
  std::vector<std::thread> threads;
  for (int i = 0; i != others; ++i) {
    threads.emplace_back([&, i] {
      begin.arrive_and_wait();
      do {
        if (lock.try_lock_other()) {
          ++count;
          ++taken[static_cast<std::size_t>(i)];
          lock.unlock_other();
        }
      } while (!is_over.load());
    });
  }
  begin.arrive_and_wait();
  for (int i = 0; i != own_rounds; ++i) {
    lock.lock_own();
    ++count;
    lock.unlock_own();
  }
  is_over = true;
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(count, own_rounds + taken[0] + taken[1] + taken[2]);
}

// Each side sets its word and reads the other's; never must both read nothing.
TEST(AsymmetricFence, AtLeastOneSideSeesTheOther) {
  constexpr int rounds = 20'000;
  std::atomic<int> often{0};
  std::atomic<int> rarely{0};
  std::atomic<int> turn{0};
  int saw_nothing = 0;
  int often_saw = 0;
  std::thread frequent([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (turn.load(std::memory_order_acquire) != i) {
        std::this_thread::yield();
      }
      often.store(i, std::memory_order_relaxed);
      netpoll::light_fence();
      often_saw = rarely.load(std::memory_order_relaxed);
      turn.store(-i, std::memory_order_release);
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    turn.store(i, std::memory_order_release);
    rarely.store(i, std::memory_order_relaxed);
    netpoll::heavy_fence();
    const int rarely_saw = often.load(std::memory_order_relaxed);
    while (turn.load(std::memory_order_acquire) != -i) {
      std::this_thread::yield();
    }
    saw_nothing += often_saw != i && rarely_saw != i;
  }
  frequent.join();
  EXPECT_EQ(saw_nothing, 0);
}

}  // namespace
