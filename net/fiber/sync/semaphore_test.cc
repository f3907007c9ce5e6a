// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

TEST(Semaphore, CountsUnits) {
  net::counting_semaphore<3> units(2);
  EXPECT_EQ(units.max(), 3);
  EXPECT_TRUE(units.try_acquire());
  units.acquire();
  EXPECT_FALSE(units.try_acquire());
  units.release(3);
  net::error_code ec;
  EXPECT_TRUE(units.acquire(ec));
  EXPECT_TRUE(units.try_acquire_for(0s));
  EXPECT_TRUE(units.try_acquire_until(std::chrono::steady_clock::time_point::min()));
  EXPECT_FALSE(units.try_acquire_until(std::chrono::steady_clock::time_point::min()));
  EXPECT_EQ(net::binary_semaphore::max(), 1);
}

TEST(Semaphore, UnitsGoToThoseWhoCameFirst) {
  net::io_context context;
  net::counting_semaphore<> units(0);
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    net::go(context, [&, name] {
      units.acquire();
      order += name;
    });
  }
  net::go(context, [&] {
    units.release(2);
    EXPECT_FALSE(units.try_acquire());
    net::this_fiber::yield();
    EXPECT_EQ(order, "ab");
    units.release();
  });
  context.run();
  EXPECT_EQ(order, "abc");
}

TEST(Semaphore, DeadlineAndCancellationTakeNoUnit) {
  nettest::fake_clock clock;
  net::io_context context;
  net::counting_semaphore<> units(0);
  net::go(context, [&] {
    net::error_code late;
    net::error_code cancelled;
    bool acquired = false;
    net::fiber one([&] { EXPECT_FALSE(units.acquire_for(1s, late)); });
    net::fiber two([&] { EXPECT_FALSE(units.acquire(cancelled)); });
    net::fiber three([&] { EXPECT_FALSE(units.try_acquire_for(1h)); });
    net::fiber four([&] {
      units.acquire();
      acquired = true;
    });
    net::this_fiber::yield();
    clock.advance(1s);
    two.cancel();
    three.cancel();
    four.cancel();
    one.join();
    two.join();
    three.join();
    EXPECT_EQ(late, net::error::deadline_exceeded);
    EXPECT_EQ(cancelled, net::error::operation_aborted);
    EXPECT_FALSE(acquired);
    units.release();
    four.join();
    EXPECT_FALSE(units.try_acquire());
  });
  context.run();
}

TEST(Semaphore, UnitOfAnUnwoundFiberGoesToTheNext) {
  net::counting_semaphore<> units(0);
  {
    net::io_context context;
    net::go(context, [&] { units.acquire(); });
    context.poll();
    units.release();
  }
  EXPECT_TRUE(units.try_acquire());
}

TEST(Semaphore, ThreadsAndFibersSignalEachOther) {
  net::io_context context;
  net::binary_semaphore ping(0);
  net::binary_semaphore pong(0);
  constexpr int rounds = 1000;
  net::go(context, [&] {
    for (int i = 0; i != rounds; ++i) {
      ping.acquire();
      pong.release();
    }
  });
  std::thread runner([&] { context.run(); });
  for (int i = 0; i != rounds; ++i) {
    ping.release();
    pong.acquire();
  }
  runner.join();
  EXPECT_FALSE(ping.try_acquire());
}

TEST(Semaphore, MayBeDestroyedByWhoAcquired) {
  for (int round = 0; round != 300; ++round) {
    net::io_context context;
    net::go(context, [&] {
      net::binary_semaphore done(0);
      std::thread other([&] { done.release(); });
      other.detach();
      done.acquire();
    });
    context.run();
  }
}

TEST(Semaphore, NeverMoreInsideThanUnitsUnderLoad) {
  constexpr int unit_count = 3;
  net::io_context context;
  net::counting_semaphore<> units(unit_count);
  std::atomic<int> inside{0};
  const auto work = [&](unsigned seed) {
    std::minstd_rand random(seed);
    for (int round = 0; round != 300; ++round) {
      net::error_code ec;
      const bool is_in = random() % 2 == 0
                             ? units.acquire(ec)
                             : units.acquire_for(std::chrono::microseconds(random() % 30), ec);
      if (is_in) {
        EXPECT_LE(++inside, unit_count);
        if (random() % 3 == 0) {
          net::this_fiber::yield();
        }
        --inside;
        units.release();
      }
    }
  };
  for (unsigned i = 0; i != 16; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { work(i); });
      if (i % 4 == 0) {
        net::this_fiber::yield();
        child.cancel();
      }
      child.join();
    });
  }
  std::thread other([&] { work(99); });
  nettest::run_on_threads(context, 4);
  other.join();
  for (int i = 0; i != unit_count; ++i) {
    EXPECT_TRUE(units.try_acquire());
  }
  EXPECT_FALSE(units.try_acquire());
}

#if GTEST_HAS_DEATH_TEST

TEST(SemaphoreDeathTest, ReleasingTooMuchAborts) {
  EXPECT_DEATH(
      {
        net::binary_semaphore units(1);
        units.release();
      },
      "released more often than it can count");
}

TEST(SemaphoreDeathTest, ImpossibleCountAborts) {
  EXPECT_DEATH(net::binary_semaphore(2), "impossible count");
  EXPECT_DEATH(net::counting_semaphore<>(-1), "impossible count");
}

#endif

}  // namespace
