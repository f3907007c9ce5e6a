// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/recursive_mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/io_context.h"

namespace {

using namespace std::chrono_literals;

TEST(RecursiveMutex, IsFreeWhenUnlockedAsOftenAsLocked) {
  net::recursive_mutex mutex;
  net::error_code ec;
  mutex.lock();
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_TRUE(mutex.lock(ec));
  EXPECT_TRUE(mutex.lock_for(0s, ec));
  EXPECT_TRUE(mutex.lock_until(std::chrono::steady_clock::time_point::min(), ec));
  EXPECT_TRUE(mutex.try_lock_for(0s));
  EXPECT_TRUE(mutex.try_lock_until(std::chrono::system_clock::time_point::min()));
  const auto is_free = [&] {
    bool was_free = false;
    std::thread([&] {
      was_free = mutex.try_lock();
      if (was_free) {
        mutex.unlock();
      }
    }).join();
    return was_free;
  };
  for (int i = 0; i != 7; ++i) {
    EXPECT_FALSE(is_free());
    mutex.unlock();
  }
  EXPECT_TRUE(is_free());
  EXPECT_EQ(mutex.owner(), 0u);
}

TEST(RecursiveMutex, ExcludesOtherFibers) {
  net::io_context context;
  net::recursive_mutex mutex;
  int inside = 0;
  for (int i = 0; i != 4; ++i) {
    net::go(context, [&] {
      const std::lock_guard outer(mutex);
      const std::lock_guard inner(mutex);
      EXPECT_EQ(++inside, 1);
      net::this_fiber::yield();
      EXPECT_EQ(mutex.owner(), net::this_fiber::get_id());
      --inside;
    });
  }
  context.run();
  EXPECT_EQ(inside, 0);
}

TEST(RecursiveMutex, WaitsEndAsThoseOfAMutex) {
  net::io_context context;
  net::recursive_mutex mutex;
  mutex.lock();
  net::go(context, [&] {
    net::error_code ec;
    EXPECT_FALSE(mutex.lock_for(0s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    net::fiber child([&] { EXPECT_FALSE(mutex.lock(ec)); });
    child.cancel();
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
  });
  context.run();
  mutex.unlock();
}

#if GTEST_HAS_DEATH_TEST

TEST(RecursiveMutexDeathTest, UnlockingWhatIsNotHeldAborts) {
  EXPECT_DEATH(
      {
        net::recursive_mutex mutex;
        mutex.lock();
        mutex.unlock();
        mutex.unlock();
      },
      "unlocked by a fiber or thread that does not hold it");
}

#endif

}  // namespace
