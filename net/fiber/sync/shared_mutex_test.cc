// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/shared_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <string>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

TEST(SharedMutex, IsHeldByManyOrByOne) {
  net::shared_mutex mutex;
  {
    const std::shared_lock one(mutex);
    const std::shared_lock two(mutex, std::try_to_lock);
    EXPECT_TRUE(two.owns_lock());
    EXPECT_FALSE(mutex.try_lock());
  }
  const std::unique_lock alone(mutex, 1s);
  EXPECT_TRUE(alone.owns_lock());
  EXPECT_FALSE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock_shared());
}

TEST(SharedMutex, LetsInInOrderAndNeighboursTogether) {
  net::io_context context;
  net::shared_mutex mutex;
  std::string order;
  const auto share = [&](char name) {
    net::go([&, name] {
      const std::shared_lock lock(mutex);
      order += name;
      net::this_fiber::yield();
      net::this_fiber::yield();
      order += static_cast<char>(name - 'a' + 'A');
    });
  };
  net::go(context, [&] {
    mutex.lock_shared();
    net::go([&] {
      const std::lock_guard lock(mutex);
      order += '1';
    });
    net::this_fiber::yield();
    EXPECT_FALSE(mutex.try_lock_shared());  // somebody waits
    share('a');
    share('b');
    net::go([&] {
      const std::lock_guard lock(mutex);
      order += '2';
    });
    share('c');
    net::this_fiber::yield();
    EXPECT_EQ(order, "");
    mutex.unlock_shared();
  });
  context.run();
  EXPECT_EQ(order, "1abAB2cC");
}

TEST(SharedMutex, OneWhoGivesUpIsInNobodysWay) {
  nettest::fake_clock clock;
  net::io_context context;
  net::shared_mutex mutex;
  net::error_code ec;
  bool is_shared = false;
  net::go(context, [&] {
    mutex.lock_shared();
    net::fiber alone([&] { EXPECT_FALSE(mutex.lock_for(1s, ec)); });
    net::this_fiber::yield();
    net::fiber shares([&] {
      const std::shared_lock lock(mutex);
      is_shared = true;
    });
    net::this_fiber::yield();
    EXPECT_FALSE(is_shared);
    clock.advance(1s);
    alone.join();
    shares.join();
    EXPECT_TRUE(is_shared);
    mutex.unlock_shared();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
  context.run();
  EXPECT_EQ(ec, net::error::deadline_exceeded);
}

TEST(SharedMutex, WaitsEndWithTheTimeOrTheFiber) {
  net::io_context context;
  net::shared_mutex mutex;
  mutex.lock();
  net::go(context, [&] {
    net::error_code ec;
    EXPECT_FALSE(mutex.lock_shared_for(0s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    const auto past = std::chrono::steady_clock::time_point::min();
    EXPECT_FALSE(mutex.lock_until(past, ec));
    EXPECT_FALSE(mutex.lock_shared_until(past, ec));
    EXPECT_FALSE(mutex.try_lock_for(0s));
    EXPECT_FALSE(mutex.try_lock_until(past));
    EXPECT_FALSE(mutex.try_lock_shared_for(0s));
    EXPECT_FALSE(mutex.try_lock_shared_until(past));
    net::error_code alone;
    net::error_code shared;
    net::fiber one([&] { EXPECT_FALSE(mutex.lock(alone)); });
    net::fiber two([&] { EXPECT_FALSE(mutex.lock_shared(shared)); });
    net::this_fiber::yield();
    one.cancel();
    two.cancel();
    one.join();
    two.join();
    EXPECT_EQ(alone, net::error::operation_aborted);
    EXPECT_EQ(shared, net::error::operation_aborted);
  });
  context.run();
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_shared());
  mutex.unlock_shared();
}

TEST(SharedMutex, IsFreeAfterItsContextWasDestroyed) {
  net::shared_mutex mutex;
  mutex.lock();
  {
    net::io_context context;
    for (int i = 0; i != 3; ++i) {
      net::go(context, [&] { const std::shared_lock lock(mutex); });
      net::go(context, [&] { const std::unique_lock lock(mutex); });
    }
    context.poll();
    mutex.unlock();  // lets in the first, who does not run any more
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(SharedMutex, MayBeDestroyedByTheNextToHoldItAlone) {
  for (int round = 0; round != 300; ++round) {
    struct counted {
      net::shared_mutex mutex;
      std::atomic<int> references{3};
    };
    auto* const object = new counted;
    const auto drop = [object] {
      bool is_last = false;
      {
        const std::shared_lock lock(object->mutex);
        is_last = --object->references == 0;
      }
      if (is_last) {
        object->mutex.lock();
        object->mutex.unlock();
        delete object;
      }
    };
    net::io_context context;
    net::go(context, drop);
    net::go(context, drop);
    std::thread other(drop);
    nettest::run_on_threads(context, 2);
    other.join();
  }
}

TEST(SharedMutex, ExcludesUnderLoad) {
  net::io_context context;
  net::shared_mutex mutex;
  int value = 0;
  std::atomic<int> inside{0};
  long written = 0;
  const auto work = [&](unsigned seed) {
    std::minstd_rand random(seed + 1);
    const auto some_time = [&] { return std::chrono::microseconds(random() % 40); };
    for (int round = 0; round != 200; ++round) {
      net::error_code ec;
      if (random() % 3 == 0) {
        switch (random() % 3) {
          case 0: mutex.lock(); break;
          case 1: if (!mutex.lock(ec)) continue; break;
          default: if (!mutex.lock_for(some_time(), ec)) continue; break;
        }
        EXPECT_EQ(inside, 0);
        ++value;
        if (random() % 2 == 0) {
          net::this_fiber::yield();
        }
        ++written;
        EXPECT_EQ(value, written);
        mutex.unlock();
      } else {
        switch (random() % 3) {
          case 0: mutex.lock_shared(); break;
          case 1: if (!mutex.lock_shared(ec)) continue; break;
          default: if (!mutex.lock_shared_for(some_time(), ec)) continue; break;
        }
        ++inside;
        const int before = value;
        if (random() % 2 == 0) {
          net::this_fiber::yield();
        }
        EXPECT_EQ(value, before);
        --inside;
        mutex.unlock_shared();
      }
    }
  };
  for (unsigned i = 0; i != 16; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { work(i); });
      if (i % 4 == 0) {
        for (unsigned turn = 0; turn != i * 5; ++turn) {
          net::this_fiber::yield();
        }
        child.cancel();
      }
      child.join();
    });
  }
  std::thread other([&] { work(99); });
  nettest::run_on_threads(context, 4);
  other.join();
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_EQ(value, written);
  mutex.unlock();
}

#if GTEST_HAS_DEATH_TEST

TEST(SharedMutexDeathTest, MisuseAborts) {
  EXPECT_DEATH(
      {
        net::shared_mutex mutex;
        mutex.lock();
        mutex.lock();
      },
      "locked again by the fiber or thread that holds it");
  EXPECT_DEATH(
      {
        net::shared_mutex mutex;
        mutex.lock();
        mutex.lock_shared();
      },
      "locked again by the fiber or thread that holds it");
  EXPECT_DEATH(
      {
        net::shared_mutex mutex;
        mutex.lock_shared();
        mutex.unlock();
      },
      "does not hold it alone");
  EXPECT_DEATH(
      {
        net::shared_mutex mutex;
        mutex.unlock_shared();
      },
      "unlocked more often than locked");
  EXPECT_DEATH(
      {
        net::shared_mutex mutex;
        mutex.lock_shared();
      },
      "destroyed while it was locked");
}

#endif

}  // namespace
