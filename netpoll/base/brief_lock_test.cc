// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/brief_lock.h"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

TEST(BriefLock, TryLockFailsWhileItIsHeld) {
  brief_lock lock;
  lock.lock();
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST(BriefLock, GuardsAgainstOtherThreads) {
  constexpr int thread_count = 4;
  constexpr int rounds = 20'000;
  brief_lock lock;
  long sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i != thread_count; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round != rounds; ++round) {
        const std::lock_guard guard(lock);
        ++sum;
      }
    });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(sum, long{thread_count} * rounds);
}

// Long enough for all the ways in which lock() waits.
TEST(BriefLock, WaitsForAHolderThatWasPutAside) {
  brief_lock lock;
  bool is_done = false;
  lock.lock();
  std::thread other([&] {
    const std::lock_guard guard(lock);
    EXPECT_TRUE(is_done);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  is_done = true;
  lock.unlock();
  other.join();
}

TEST(BriefLock, NextHolderMayDestroyIt) {
  for (int round = 0; round != 200; ++round) {
    auto lock = std::make_unique<brief_lock>();
    bool is_last = false;
    const auto leave = [&, raw = lock.get()] {
      raw->lock();
      const bool destroys = is_last;
      is_last = true;
      raw->unlock();
      if (destroys) {
        lock.reset();
      }
    };
    std::thread other(leave);
    leave();
    other.join();
    EXPECT_EQ(lock, nullptr);
  }
}

}  // namespace
}  // namespace netpoll
