// SPDX-License-Identifier: BSL-1.0
//
// Fibers on several threads, on one thread, and beside everything else that a context runs.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"

namespace {

using namespace std::chrono_literals;

// The address of a variable that each thread has its own of.
[[gnu::noinline]] const void* this_thread() {
  static thread_local char mine = 0;
  asm volatile("" ::: "memory");
  return &mine;
}

void run_on(net::io_context& context, int threads) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : others) {
    each.join();
  }
}

TEST(FiberSchedule, YieldLoopStarvesNeitherTimersNorPostsNorFibers) {
  net::io_context context;
  bool timer_fired = false;
  bool fiber_ran = false;
  std::atomic<bool> post_ran{false};
  net::steady_timer timer(context, 1ms);
  timer.async_wait([&](net::error_code) { timer_fired = true; });
  std::thread other;
  net::go(context, [&] {
    other = std::thread([&] { net::post(context, [&] { post_ran = true; }); });
    net::go([&] { fiber_ran = true; });
    while (!timer_fired || !post_ran || !fiber_ran) {
      net::this_fiber::yield();
    }
  });
  context.run();
  other.join();
  EXPECT_TRUE(timer_fired && post_ran && fiber_ran);
}

TEST(FiberSchedule, StopEndsAYieldLoop) {
  net::io_context context;
  std::uint64_t turns = 0;
  net::go(context, [&] {
    for (;;) {
      if (++turns == 100) {
        context.stop();
      }
      net::this_fiber::yield();
    }
  });
  context.run();
  EXPECT_GE(turns, 100u);
  EXPECT_LE(turns, 101u);
}

TEST(FiberSchedule, PollOneRunsOneTurnAtMost) {
  net::io_context context;
  int turns = 0;
  for (int i = 0; i != 2; ++i) {
    net::go(context, [&] {
      ++turns;
      net::this_fiber::yield();
      ++turns;
    });
  }
  EXPECT_EQ(context.poll_one(), 1u);  // counts fibers that end
  EXPECT_EQ(turns, 3);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(turns, 4);
}

TEST(FiberSchedule, BusyThreadsFibersAreStolen) {
  net::io_context context;
  constexpr int count = 50;
  std::latch all(count);
  net::go(context, [&] {
    for (int i = 0; i != count; ++i) {
      net::go([&] { all.count_down(); });
    }
    all.wait();  // blocks the thread
  });
  run_on(context, 3);
  EXPECT_TRUE(all.try_wait());
}

TEST(FiberSchedule, PinnedFiberStaysOnItsThread) {
  net::io_context context;
  constexpr int fibers = 16;
  int moved = 0;
  std::atomic<int> loud{fibers};
  for (int i = 0; i != fibers; ++i) {
    net::go(context, {.pinned = true}, [&] {
      const void* const home = this_thread();
      for (int turn = 0; turn != 200; ++turn) {
        net::this_fiber::yield();
        moved += this_thread() != home;
      }
      --loud;
    });
    net::go(context, [&] {
      while (loud != 0) {
        net::this_fiber::yield();
      }
    });
  }
  run_on(context, 4);
  EXPECT_EQ(moved, 0);
}

TEST(FiberSchedule, PinHoldsForAScopeAndThroughWaits) {
  net::io_context context;
  std::atomic<int> ended{0};
  for (int i = 0; i != 8; ++i) {
    net::go(context, [&] {
      for (int round = 0; round != 20; ++round) {
        const net::this_fiber::pin outer;
        const void* const home = this_thread();
        {
          const net::this_fiber::pin inner;
          net::this_fiber::sleep_for(20us);
          EXPECT_EQ(this_thread(), home);
        }
        net::this_fiber::yield();
        EXPECT_EQ(this_thread(), home);
      }
      ++ended;
    });
  }
  run_on(context, 4);
  EXPECT_EQ(ended, 8);
}

TEST(FiberSchedule, PinnedFiberWaitsForItsThreadToComeBack) {
  net::io_context context;
  int turns = 0;
  net::go(context, {.pinned = true}, [&] {
    ++turns;
    context.stop();
    net::this_fiber::yield();
    ++turns;
    net::this_fiber::yield();
    ++turns;
  });
  context.run();
  EXPECT_EQ(turns, 1);
  context.restart();
  std::thread([&] { context.poll(); }).join();
  EXPECT_EQ(turns, 1);  // another thread is not its own
  context.run();
  EXPECT_EQ(turns, 3);
}

TEST(FiberSchedule, PinnedFiberIsWokenByAnotherThread) {
  net::io_context context;
  for (int round = 0; round != 50; ++round) {
    net::go(context, [&] {
      net::fiber child({.pinned = true}, [] {
        net::this_fiber::yield();
        net::this_fiber::sleep_for(10us);
      });
      net::this_fiber::yield();
      child.join();
    });
  }
  run_on(context, 3);
  EXPECT_TRUE(context.stopped());
}

// The thread that waits for events may find that it has to run a fiber that only it may run.
TEST(FiberSchedule, PinnedFiberThatIsBusyLeavesTheEventsToOthers) {
  for (int round = 0; round != 10; ++round) {
    net::io_context context;
    std::atomic<bool> has_come{false};
    net::go(context, {.pinned = true}, [&] {
      net::this_fiber::sleep_for(1ms);
      const auto give_up = std::chrono::steady_clock::now() + 30s;
      while (!has_come && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
      }
      EXPECT_TRUE(has_come) << "nobody looked at the timers";
    });
    net::go(context, [&] {
      net::this_fiber::sleep_for(5ms);
      has_come = true;
    });
    run_on(context, 2);
  }
}

TEST(FiberSchedule, PinnedFiberIsUnwoundWithItsContext) {
  struct at_end {
    bool& flag;
    ~at_end() { flag = true; }
  };
  bool unwound = false;
  auto context = std::make_unique<net::io_context>();
  net::go(*context, {.pinned = true}, [&] {
    const at_end mine{unwound};
    for (;;) {
      net::this_fiber::yield();
    }
  });
  std::thread([&] { context->run_for(1ms); }).join();
  context.reset();
  EXPECT_TRUE(unwound);
}

TEST(FiberSchedule, StopTokenCancelsTheFiber) {
  net::io_context context;
  std::stop_source source;
  net::error_code seen;
  net::go(context, {.stop = source.get_token()}, [&] { net::this_fiber::sleep_for(1h, seen); });
  net::go(context, [&] { source.request_stop(); });
  context.run();
  EXPECT_EQ(seen, net::error::operation_aborted);
}

TEST(FiberSchedule, StopThatWasRequestedBeforeCancelsFromTheBeginning) {
  net::io_context context;
  std::stop_source source;
  source.request_stop();
  bool seen = false;
  net::go(context, {.stop = source.get_token()}, [&] { seen = net::this_fiber::is_cancelled(); });
  context.run();
  EXPECT_TRUE(seen);
}

TEST(FiberSchedule, FunctionIsGivenTheFibersOwnStopToken) {
  net::io_context context;
  bool stopped_before = true;
  bool called = false;
  net::go(context, [&] {
    net::fiber child([&](std::stop_token stop) {
      stopped_before = stop.stop_requested();
      const std::stop_callback on_stop(stop, [&] { called = true; });
      net::error_code ec;
      net::this_fiber::sleep_for(1h, ec);
      EXPECT_TRUE(stop.stop_requested());
      EXPECT_TRUE(net::this_fiber::get_stop_token().stop_requested());
    });
    net::this_fiber::yield();
    child.cancel();
    child.join();
  });
  context.run();
  EXPECT_FALSE(stopped_before);
  EXPECT_TRUE(called);
}

TEST(FiberSchedule, StopsRaceWithTheEnd) {
  net::io_context context;
  constexpr int rounds = 200;
  std::vector<std::stop_source> sources(rounds);
  std::atomic<int> ended{0};
  for (std::stop_source& each : sources) {
    net::go(context, {.stop = each.get_token()}, [&](std::stop_token) {
      net::this_fiber::yield();
      ++ended;
    });
  }
  std::thread stopper([&] {
    for (std::stop_source& each : sources) {
      each.request_stop();
    }
  });
  run_on(context, 3);
  stopper.join();
  EXPECT_EQ(ended, rounds);
}

TEST(FiberScheduleDeathTest, PinOfAFiberThatObeysAnExecutorAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::go(context.get_executor(), [] { const net::this_fiber::pin here; });
        context.run();
      },
      "cannot be pinned to a thread and obey an executor");
}

}  // namespace
