// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

TEST(Mutex, IsTakenAndGivenBack) {
  net::mutex mutex;
  EXPECT_EQ(mutex.owner(), 0u);
  mutex.lock();
  EXPECT_TRUE(mutex.is_owned_by_caller());
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_FALSE(mutex.is_owned_by_caller());
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(Mutex, WorksWithTheStandardLocks) {
  net::mutex one;
  net::mutex two;
  {
    const std::lock_guard lock(one);
    EXPECT_FALSE(std::unique_lock(one, std::try_to_lock).owns_lock());
  }
  {
    const std::scoped_lock both(one, two);
    EXPECT_TRUE(one.is_owned_by_caller() && two.is_owned_by_caller());
  }
  const std::unique_lock timed(one, 1s);
  EXPECT_TRUE(timed.owns_lock());
}

TEST(Mutex, KnowsItsOwner) {
  net::io_context context;
  net::mutex mutex;
  net::go(context, [&] {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(mutex.owner(), net::this_fiber::get_id());
    net::go([&] { EXPECT_FALSE(mutex.is_owned_by_caller()); });
    net::this_fiber::yield();
  });
  context.run();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(mutex.owner() & net::internal::thread_owner, net::internal::thread_owner);
}

TEST(Mutex, StaysLockedWhileItsOwnerWaits) {
  net::io_context context;
  net::mutex mutex;
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    net::go(context, [&, name] {
      const std::lock_guard lock(mutex);
      order += name;
      net::this_fiber::yield();
      net::this_fiber::yield();
      order += name;
    });
  }
  context.run();
  EXPECT_EQ(order, "aabbcc");
}

TEST(Mutex, ThreadAndFiberWaitForEachOther) {
  constexpr int rounds = 200;
  net::io_context context;
  net::mutex mutex;
  int sum = 0;
  mutex.lock();
  net::go(context, [&] {
    for (int i = 0; i != rounds; ++i) {
      const std::lock_guard lock(mutex);
      ++sum;
      net::this_fiber::yield();
    }
  });
  std::thread runner([&] { context.run(); });
  for (int i = 0; i != rounds; ++i) {
    ++sum;
    mutex.unlock();
    mutex.lock();
  }
  mutex.unlock();
  runner.join();
  EXPECT_EQ(sum, 2 * rounds);
}

TEST(Mutex, RunningFiberMayTakeItBeforeOneThatWasWokenOnlyOnce) {
  net::io_context context;
  net::mutex mutex;
  std::string order;
  net::go(context, [&] {
    for (int i = 0; i != 5; ++i) {
      const std::lock_guard lock(mutex);
      order += 'a';
      net::this_fiber::yield();
    }
  });
  net::go(context, [&] {
    const std::lock_guard lock(mutex);
    order += 'b';
  });
  context.run();
  EXPECT_EQ(order, "aabaaa");
}

TEST(Mutex, OneWhoWasWokenIsNotPassedOverForEver) {
  net::io_context context;
  net::mutex mutex;
  bool is_over = false;
  int rounds = 0;
  net::go(context, [&] {
    mutex.lock();
    net::go([&] {
      const std::lock_guard lock(mutex);
      is_over = true;
    });
    net::this_fiber::yield();
    mutex.unlock();
    for (; !is_over && rounds != 1000; ++rounds) {
      const std::lock_guard lock(mutex);
    }
  });
  context.run();
  EXPECT_TRUE(is_over);
  EXPECT_GT(rounds, 1);
  EXPECT_LT(rounds, 1000);
}

TEST(Mutex, DeadlineEndsTheWait) {
  nettest::fake_clock clock;
  net::io_context context;
  net::mutex mutex;
  net::error_code ec;
  bool was_locked = true;
  bool was_locked_later = false;
  net::go(context, [&] {
    const std::lock_guard lock(mutex);
    net::this_fiber::sleep_for(10s);
  });
  net::go(context, [&] {
    net::go([&] { clock.advance(1s); });
    EXPECT_FALSE(mutex.lock_for(1s, ec));
    was_locked = mutex.try_lock_until(std::chrono::steady_clock::time_point::min());
    net::go([&] { clock.advance(9s); });
    was_locked_later = mutex.try_lock_for(1h);
    mutex.unlock();
  });
  context.run();
  EXPECT_EQ(ec, net::error::deadline_exceeded);
  EXPECT_FALSE(was_locked);
  EXPECT_TRUE(was_locked_later);
  EXPECT_EQ(mutex.owner(), 0u);
}

TEST(Mutex, DeadlineEndsTheWaitOfAThread) {
  net::mutex mutex;
  mutex.lock();
  std::thread([&] {
    net::error_code ec;
    EXPECT_FALSE(mutex.lock_for(1ms, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(mutex.try_lock_until(std::chrono::system_clock::now() + 1ms));
  }).join();
  mutex.unlock();
}

TEST(Mutex, CancellationEndsTheWaitThatCanSaySo) {
  net::io_context context;
  net::mutex mutex;
  net::error_code ec;
  bool was_locked = true;
  bool ran = false;
  net::go(context, [&] {
    mutex.lock();
    net::fiber reports([&] { EXPECT_FALSE(mutex.lock(ec)); });
    net::fiber tries([&] { was_locked = mutex.try_lock_for(1h); });
    net::fiber insists([&] {
      const std::lock_guard lock(mutex);
      ran = true;
    });
    net::this_fiber::yield();
    reports.cancel();
    tries.cancel();
    insists.cancel();
    reports.join();
    tries.join();
    EXPECT_FALSE(ran);
    mutex.unlock();
    insists.join();
  });
  context.run();
  EXPECT_EQ(ec, net::error::operation_aborted);
  EXPECT_FALSE(was_locked);
  EXPECT_TRUE(ran);
}

// The first in the line is woken, finds the mutex taken again, and gives up: its turn is not lost.
TEST(Mutex, OneWhoGivesUpAfterBeingWokenPassesItOn) {
  net::io_context context;
  net::mutex mutex;
  net::error_code ec;
  bool ran = false;
  net::go(context, [&] {
    mutex.lock();
    net::fiber first([&] { (void)mutex.lock(ec); });
    net::fiber second([&] {
      const std::lock_guard lock(mutex);
      ran = true;
    });
    net::this_fiber::yield();
    mutex.unlock();
    mutex.lock();
    first.cancel();
    first.join();
    EXPECT_FALSE(ran);
    mutex.unlock();
    second.join();
  });
  context.run();
  EXPECT_EQ(ec, net::error::operation_aborted);
  EXPECT_TRUE(ran);
}

TEST(Mutex, OneWhoIsNextMayStillGiveUp) {
  net::io_context context;
  net::mutex mutex;
  net::error_code ec;
  bool ran = false;
  net::go(context, [&] {
    mutex.lock();
    net::fiber first([&] { (void)mutex.lock(ec); });
    net::fiber second([&] {
      const std::lock_guard lock(mutex);
      ran = true;
    });
    net::this_fiber::yield();
    mutex.unlock();
    mutex.lock();
    net::this_fiber::yield();  // the first one was woken in vain
    first.cancel();
    first.join();
    mutex.unlock();
    second.join();
  });
  context.run();
  EXPECT_EQ(ec, net::error::operation_aborted);
  EXPECT_TRUE(ran);
}

TEST(Mutex, IsFreeAfterItsContextWasDestroyed) {
  net::mutex mutex;
  {
    net::io_context context;
    for (int i = 0; i != 4; ++i) {
      net::go(context, [&] {
        const std::lock_guard lock(mutex);
        net::this_fiber::sleep_for(1h);
      });
    }
    context.poll();
    EXPECT_NE(mutex.owner(), 0u);
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

// The owner is a thread, so that the fibers are unwound in all states of waiting.
TEST(Mutex, UnwindingThoseWhoWaitLeavesItIntact) {
  net::mutex mutex;
  mutex.lock();
  {
    net::io_context context;
    for (int i = 0; i != 3; ++i) {
      net::go(context, [&] { const std::lock_guard lock(mutex); });
    }
    context.poll();
    mutex.unlock();  // wakes the first, who does not run
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

TEST(Mutex, MayBeDestroyedByTheNextOwner) {
  for (int round = 0; round != 300; ++round) {
    struct counted {
      net::mutex mutex;
      int references = 3;
    };
    auto* const object = new counted;
    const auto drop = [object] {
      object->mutex.lock();
      const bool is_last = --object->references == 0;
      object->mutex.unlock();
      if (is_last) {
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

// Fibers and threads that lock in all ways, and are cancelled now and then.
TEST(Mutex, ExcludesUnderLoad) {
  constexpr int fiber_count = 24;
  constexpr int rounds = 300;
  net::io_context context;
  net::mutex mutex;
  int inside = 0;
  long entered = 0;
  std::atomic<long> succeeded{0};
  const auto enter = [&](std::minstd_rand& random) {
    EXPECT_EQ(++inside, 1);
    ++entered;
    if (net::on_fiber() && random() % 4 == 0) {
      net::this_fiber::yield();
    }
    EXPECT_EQ(--inside, 0);
    mutex.unlock();
    ++succeeded;
  };
  const auto work = [&](unsigned seed) {
    std::minstd_rand random(seed);
    for (int round = 0; round != rounds; ++round) {
      net::error_code ec;
      switch (random() % 5) {
        case 0: mutex.lock(); break;
        case 1: if (!mutex.try_lock()) continue; break;
        case 2: if (!mutex.lock(ec)) continue; break;
        case 3: if (!mutex.lock_for(std::chrono::microseconds(random() % 50), ec)) continue; break;
        default: if (!mutex.try_lock_for(1h)) continue; break;
      }
      enter(random);
    }
  };
  for (unsigned i = 0; i != fiber_count; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { work(i + 1); });
      if (i % 3 == 0) {
        for (unsigned turn = 0; turn != i * 5; ++turn) {
          net::this_fiber::yield();
        }
        child.cancel();
      }
      child.join();
    });
  }
  std::thread other([&] { work(1000); });
  nettest::run_on_threads(context, 4);
  other.join();
  EXPECT_EQ(entered, succeeded.load());
  EXPECT_GE(entered, rounds / 5);
  EXPECT_EQ(mutex.owner(), 0u);
}

#if GTEST_HAS_DEATH_TEST

TEST(MutexDeathTest, LockingTwiceAborts) {
  EXPECT_DEATH(
      {
        net::mutex mutex;
        mutex.lock();
        mutex.lock();
      },
      "locked again by the fiber or thread that holds it");
}

TEST(MutexDeathTest, LockingTwiceInAFiberAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::mutex mutex;
        net::go(context, [&] {
          mutex.lock();
          net::this_fiber::yield();
          mutex.lock();
        });
        context.run();
      },
      "locked again by the fiber or thread that holds it");
}

TEST(MutexDeathTest, UnlockingWhatIsNotHeldAborts) {
  EXPECT_DEATH(
      {
        net::mutex mutex;
        mutex.unlock();
      },
      "unlocked by a fiber or thread that does not hold it");
}

TEST(MutexDeathTest, UnlockingWhatAnotherFiberHoldsAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::mutex mutex;
        net::go(context, [&] { mutex.lock(); });
        net::go(context, [&] { mutex.unlock(); });
        context.run();
      },
      "unlocked by a fiber or thread that does not hold it");
}

TEST(MutexDeathTest, DestroyingALockedOneAborts) {
  EXPECT_DEATH(
      {
        net::mutex mutex;
        mutex.lock();
      },
      "destroyed while it was locked");
}

#endif

}  // namespace
