// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/condition_variable.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

class ConditionVariable : public ::testing::Test {
 protected:
  // Runs function(lock) in a fiber, with the lock held.
  template <typename Function>
  net::fiber waiting(Function function) {
    return net::fiber([this, function] {
      std::unique_lock lock(mutex_);
      function(lock);
      EXPECT_TRUE(mutex_.is_owned_by_caller());
    });
  }
  template <typename Function>
  void run(Function function) {
    net::go(context_, function);
    context_.run();
  }
  static void let_others_run() {
    net::this_fiber::yield();
    net::this_fiber::yield();
  }

  net::io_context context_;
  net::mutex mutex_;
  net::condition_variable changed_;
};

TEST_F(ConditionVariable, NotifyOneWakesInOrder) {
  std::string order;
  run([&] {
    std::vector<net::fiber> fibers;
    for (const char name : {'a', 'b', 'c'}) {
      fibers.push_back(waiting([&, name](auto& lock) {
        changed_.wait(lock);
        order += name;
      }));
    }
    let_others_run();
    EXPECT_EQ(order, "");
    changed_.notify_one();
    let_others_run();
    EXPECT_EQ(order, "a");
    changed_.notify_all();
    changed_.notify_all();
    for (net::fiber& each : fibers) {
      each.join();
    }
  });
  EXPECT_EQ(order, "abc");
}

TEST_F(ConditionVariable, PredicateIsAskedUntilItHolds) {
  int value = 0;
  int asked = 0;
  run([&] {
    net::fiber child = waiting([&](auto& lock) {
      changed_.wait(lock, [&] {
        ++asked;
        return value == 2;
      });
    });
    let_others_run();
    for (int i = 0; i != 2; ++i) {
      {
        const std::lock_guard lock(mutex_);
        ++value;
      }
      changed_.notify_one();
      let_others_run();
    }
    child.join();
  });
  EXPECT_EQ(asked, 3);
}

TEST_F(ConditionVariable, DeadlineEndsTheWait) {
  nettest::fake_clock clock;
  run([&] {
    net::error_code ec;
    net::fiber one = waiting([&](auto& lock) {
      EXPECT_EQ(changed_.wait_for(lock, 1s), net::cv_status::timeout);
    });
    net::fiber two = waiting([&](auto& lock) {
      EXPECT_FALSE(changed_.wait_for(lock, 1s, [] { return false; }));
    });
    net::fiber three = waiting([&](auto& lock) {
      EXPECT_FALSE(changed_.wait_for(lock, 1s, ec));
      EXPECT_EQ(ec, net::error::deadline_exceeded);
    });
    net::fiber four = waiting([&](auto& lock) {
      net::error_code mine;
      const auto past = std::chrono::steady_clock::time_point::min();
      EXPECT_FALSE(changed_.wait_until(lock, past, [] { return false; }, mine));
      EXPECT_EQ(mine, net::error::deadline_exceeded);
      EXPECT_EQ(changed_.wait_until(lock, past), net::cv_status::timeout);
      EXPECT_TRUE(changed_.wait_until(lock, past, [] { return true; }));
    });
    let_others_run();
    clock.advance(1s);
    for (net::fiber* each : {&one, &two, &three, &four}) {
      each->join();
    }
  });
}

TEST_F(ConditionVariable, NotificationBeatsADeadlineInThePast) {
  run([&] {
    // Not parked, so that nothing but the queue can bring the notification.
    std::unique_lock lock(mutex_);
    struct notifying_lock {
      std::unique_lock<net::mutex>& lock;
      net::condition_variable& variable;
      void lock_again() { lock.lock(); }
      void unlock() {
        lock.unlock();
        variable.notify_one();
      }
    };
    struct adapter : notifying_lock {
      void lock() { lock_again(); }
    } notifying{{lock, changed_}};
    EXPECT_EQ(changed_.wait_until(notifying, std::chrono::steady_clock::time_point::min()),
              net::cv_status::no_timeout);
    EXPECT_TRUE(lock.owns_lock());
  });
}

TEST_F(ConditionVariable, CancellationEndsTheWaitThatCanSaySo) {
  bool insisted = false;
  bool is_ready = false;
  run([&] {
    net::error_code ec;
    net::fiber reports = waiting([&](auto& lock) { EXPECT_FALSE(changed_.wait(lock, ec)); });
    net::fiber returns = waiting([&](auto& lock) {
      EXPECT_FALSE(changed_.wait_for(lock, 1h, [] { return false; }));
    });
    net::fiber insists = waiting([&](auto& lock) {
      changed_.wait(lock, [&] { return is_ready; });
      insisted = true;
    });
    let_others_run();
    reports.cancel();
    returns.cancel();
    insists.cancel();
    reports.join();
    returns.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    EXPECT_FALSE(insisted);
    {
      const std::lock_guard lock(mutex_);
      is_ready = true;
    }
    changed_.notify_one();
    insists.join();
  });
  EXPECT_TRUE(insisted);
}

TEST_F(ConditionVariable, StopRequestEndsTheWait) {
  run([&] {
    std::stop_source stop;
    net::fiber child = waiting([&](auto& lock) {
      EXPECT_FALSE(changed_.wait(lock, stop.get_token(), [] { return false; }));
      EXPECT_FALSE(changed_.wait(lock, stop.get_token(), [] { return false; }));
      EXPECT_TRUE(changed_.wait_for(lock, stop.get_token(), 1h, [] { return true; }));
    });
    let_others_run();
    stop.request_stop();
    child.join();
  });
}

TEST_F(ConditionVariable, StopRequestAndNotificationRace) {
  for (int round = 0; round != 100; ++round) {
    net::io_context context;
    std::stop_source stop;
    std::atomic<int> woken{0};
    for (int i = 0; i != 4; ++i) {
      net::go(context, [&] {
        std::unique_lock lock(mutex_);
        (void)changed_.wait(lock, stop.get_token(), [] { return false; });
        ++woken;
      });
    }
    std::thread stops([&] { stop.request_stop(); });
    std::thread notifies([&] {
      for (int i = 0; i != 10; ++i) {
        changed_.notify_one();
      }
    });
    nettest::run_on_threads(context, 2);
    stops.join();
    notifies.join();
    EXPECT_EQ(woken, 4);
  }
}

TEST_F(ConditionVariable, TakesAnyLock) {
  std::mutex standard;
  bool is_ready = false;
  std::thread other([&] {
    const std::lock_guard lock(standard);
    is_ready = true;
    changed_.notify_one();
  });
  std::unique_lock lock(standard);
  changed_.wait(lock, [&] { return is_ready; });
  EXPECT_TRUE(lock.owns_lock());
  lock.unlock();
  changed_.notify_one();
  other.join();
}

TEST_F(ConditionVariable, UnwoundWaitDoesNotKeepTheLockFromOthers) {
  bool saw_unlocked = false;
  {
    net::io_context context;
    net::go(context, [&] {
      struct look {
        std::unique_lock<net::mutex>& lock;
        bool& saw;
        ~look() { saw = !lock.owns_lock(); }
      };
      std::unique_lock lock(mutex_);
      const look at_end{lock, saw_unlocked};
      changed_.wait(lock, [] { return false; });
    });
    context.poll();
    mutex_.lock();
  }
  EXPECT_TRUE(saw_unlocked);
  mutex_.unlock();
}

// A bounded queue between fibers and threads, with every kind of wait.
TEST_F(ConditionVariable, NothingIsLostUnderLoad) {
  constexpr int producers = 8;
  constexpr int per_producer = 400;
  net::condition_variable is_less;
  std::deque<int> queue;
  long sum = 0;
  int left = producers * per_producer;
  const auto produce = [&](unsigned seed) {
    std::minstd_rand random(seed);
    for (int i = 1; i <= per_producer; ++i) {
      std::unique_lock lock(mutex_);
      const auto has_room = [&] { return queue.size() < 4; };
      net::error_code ec;
      while (!(random() % 2 == 0
                   ? is_less.wait_for(lock, std::chrono::microseconds(random() % 20), has_room, ec)
                   : is_less.wait(lock, has_room, ec))) {
      }
      queue.push_back(i);
      lock.unlock();
      changed_.notify_one();
    }
  };
  const auto consume = [&] {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !queue.empty() || left == 0; });
      if (left == 0) {
        return;
      }
      sum += queue.front();
      queue.pop_front();
      if (--left == 0) {
        changed_.notify_all();
      }
      lock.unlock();
      is_less.notify_one();
    }
  };
  for (unsigned i = 1; i != producers; ++i) {
    net::go(context_, [&, i] { produce(i); });
  }
  for (int i = 0; i != 5; ++i) {
    net::go(context_, consume);
  }
  std::thread producer([&] { produce(100); });
  std::thread consumer(consume);
  nettest::run_on_threads(context_, 3);
  producer.join();
  consumer.join();
  EXPECT_EQ(sum, long{producers} * per_producer * (per_producer + 1) / 2);
}

#if GTEST_HAS_DEATH_TEST

TEST(ConditionVariableDeathTest, DestroyingWhileSomebodyWaitsAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::mutex mutex;
        net::go(context, [&] {
          auto* const variable = new net::condition_variable;
          net::go([&mutex, variable] {
            std::unique_lock lock(mutex);
            variable->wait(lock);
          });
          net::this_fiber::yield();
          delete variable;
        });
        context.run();
      },
      "destroyed while it was waited for");
}

#endif

}  // namespace
