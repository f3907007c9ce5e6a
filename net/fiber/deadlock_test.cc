// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/mutex.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "netpoll/census.h"

namespace {

using namespace std::chrono_literals;

// A sanitizer that keeps a thread of its own: somebody there could do something.
constexpr bool has_foreign_thread = netpoll::is_sanitized;

void wait_for_a_value(net::channel<int>& from) { (void)from.receive(); }

void run_into_a_deadlock(int threads) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> never(1);
  net::mutex mutex;
  net::go(context, {.name = "receiver"}, [&] {
    const std::lock_guard lock(mutex);
    wait_for_a_value(never);
  });
  net::go(context, {.name = "locker"}, [&] {
    while (mutex.owner() == 0) {
      net::this_fiber::yield();
    }
    const std::lock_guard lock(mutex);
  });
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
}

class DeadlockDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (has_foreign_thread) {
      GTEST_SKIP() << "the sanitizer's thread could help";
    }
    if (netpoll::thread_count() == 0) {
      GTEST_SKIP() << "the kernel, or what plays it, does not say how many threads there are";
    }
  }
};

TEST_F(DeadlockDeathTest, IsToldWithAllFibers) {
  EXPECT_DEATH(run_into_a_deadlock(1),
               "deadlock: all 2 fibers(.|\n)*\"receiver\"(.|\n)*channel(.|\n)*\"locker\"(.|\n)*"
               "mutex held by fiber");
}

TEST_F(DeadlockDeathTest, IsToldWhenSeveralThreadsSleep) {
  EXPECT_DEATH(run_into_a_deadlock(3), "deadlock: all 2 fibers");
}

TEST_F(DeadlockDeathTest, ThreadThatJoinsAFiberIsNoHelp) {
  EXPECT_DEATH(
      {
        net::io_context context;
        context.detect_deadlock(true);
        net::channel<int> never(1);
        net::fiber stuck(context, [&] {
          while (netpoll::bystander::count() == 0) {
            net::this_fiber::yield();  // until it is joined
          }
          wait_for_a_value(never);
        });
        std::thread runner([&] { context.run(); });
        stuck.join();
        runner.join();
      },
      "deadlock: all 1 fibers");
}

// What follows must not be taken for a deadlock.

TEST(Deadlock, FiberThatSleepsWillGoOn) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> values(1);
  net::go(context, [&] { wait_for_a_value(values); });
  net::go(context, [&] {
    net::this_fiber::sleep_for(1ms);
    values.send(1);
  });
  EXPECT_EQ(context.run(), 2u);
}

TEST(Deadlock, AnotherThreadMayHelp) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> values(1);
  net::go(context, [&] { wait_for_a_value(values); });
  std::thread runner([&] { context.run(); });
  while (context.loop().counts().switches == 0) {
    std::this_thread::yield();
  }
  values.send(1);
  runner.join();
  EXPECT_TRUE(context.stopped());
}

// Between being resumed and running again the thread must not be taken for one that waits.
TEST(Deadlock, ThreadThatTalksToAFiberIsHelp) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> there;
  net::channel<int> back;
  constexpr int rounds = 500;
  net::go(context, [&] {
    for (int i = 0; i != rounds; ++i) {
      back.send(there.receive());
    }
  });
  std::thread runner([&] { context.run(); });
  for (int i = 0; i != rounds; ++i) {
    there.send(i);
    EXPECT_EQ(back.receive(), i);
  }
  runner.join();
}

// While all fibers are looked at, one after the other, what the thread began goes through them: each
// may be found waiting although there is always one that is not.
TEST(Deadlock, WhatAThreadBeganMayGoRoundWhileOneLooks) {
  net::io_context context;
  context.detect_deadlock(true);
  constexpr int length = 64;
  constexpr int rounds = 500;
  std::vector<std::unique_ptr<net::channel<int>>> links;
  for (int i = 0; i != length + 1; ++i) {
    links.push_back(std::make_unique<net::channel<int>>());
  }
  for (int i = 0; i != length; ++i) {
    net::go(context, [&from = *links[i], &to = *links[i + 1]] {
      for (int round = 0; round != rounds; ++round) {
        to.send(from.receive());
      }
    });
  }
  std::vector<std::thread> runners;
  for (int i = 0; i != 2; ++i) {
    runners.emplace_back([&] { context.run(); });
  }
  for (int round = 0; round != rounds; ++round) {
    links.front()->send(round);
    EXPECT_EQ(links.back()->receive(), round);
  }
  for (std::thread& each : runners) {
    each.join();
  }
}

// The thread that fires a timer still counts as asleep, and the timer as none, when the others
// look.
TEST(Deadlock, TimersThatFireOnAnotherThreadAreNone) {
  net::io_context context;
  context.detect_deadlock(true);
  for (int i = 0; i != 8; ++i) {
    net::go(context, {.pinned = true}, [] {
      for (int round = 0; round != 100; ++round) {
        net::this_fiber::sleep_for(20us);
      }
    });
  }
  std::vector<std::thread> others;
  for (int i = 0; i != 3; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : others) {
    each.join();
  }
  EXPECT_TRUE(context.stopped());
}

TEST(Deadlock, WorkGuardMeansThatMoreWillCome) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> values(1);
  auto guard = net::make_work_guard(context);
  net::go(context, [&] { wait_for_a_value(values); });
  context.run_for(1ms);
  values.send(1);
  guard.reset();
  EXPECT_EQ(context.run(), 1u);
}

TEST(Deadlock, RunThatEndsInTimeIsNone) {
  net::io_context context;
  context.detect_deadlock(true);
  net::channel<int> values(1);
  net::go(context, [&] { wait_for_a_value(values); });
  EXPECT_EQ(context.run_for(1ms), 0u);
  values.send(1);
  EXPECT_EQ(context.run(), 1u);
}

}  // namespace
