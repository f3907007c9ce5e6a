// SPDX-License-Identifier: BSL-1.0
#include "net/io_context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/timer/steady_timer.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/syscall.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace {

using namespace std::chrono_literals;

TEST(IoContext, RunReturnsHowManyHandlersItRan) {
  net::io_context context;
  int calls = 0;
  for (int i = 0; i != 3; ++i) {
    net::post(context, [&] { ++calls; });
  }
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(calls, 3);
}

TEST(IoContext, RunCountsHandlersPostedMeanwhile) {
  net::io_context context(1);
  int calls = 0;
  net::post(context, [&] {
    ++calls;
    net::post(context, [&] { ++calls; });
  });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, RunCountsAFiberOnce) {
  net::io_context context;
  int steps = 0;
  net::go(context, [&] {
    ++steps;
    net::this_fiber::yield();
    ++steps;
  });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(steps, 2);
}

TEST(IoContext, RunOneRunsOneAtATime) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(context.run_one(), 0u);
}

TEST(IoContext, PollRunsWhatIsReady) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.poll(), 2u);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, PollOneRunsOneAtATime) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(context.poll_one(), 0u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, PollOfAnIdleContextStopsIt) {
  net::io_context context;
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunsAgainOnlyAfterRestart) {
  net::io_context context;
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
  int calls = 0;
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run(), 0u);
  EXPECT_EQ(calls, 0);
  context.restart();
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(calls, 1);
}

TEST(IoContext, StopKeepsQueuedHandlers) {
  net::io_context context;
  std::vector<int> order;
  net::post(context, [&] {
    order.push_back(1);
    context.stop();
  });
  net::post(context, [&] { order.push_back(2); });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, std::vector<int>{1});
  context.restart();
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(IoContext, StopFromAnotherThreadEndsAWait) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  std::thread stopper([&] { context.stop(); });
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
  stopper.join();
}

TEST(IoContext, HandlersRunInTheOrderPosted) {
  net::io_context context;
  std::vector<int> order;
  std::vector<int> expected;
  for (int i = 0; i != 1000; ++i) {
    expected.push_back(i);
    if (i % 2 == 0) {
      net::post(context, [&order, i] { order.push_back(i); });
    } else {
      net::defer(context, [&order, i] { order.push_back(i); });
    }
  }
  EXPECT_EQ(context.run(), 1000u);
  EXPECT_EQ(order, expected);
}

TEST(IoContext, ExceptionLeavesRunWhichMayBeCalledAgain) {
  net::io_context context;
  int calls = 0;
  net::post(context, [] { throw std::runtime_error("from a handler"); });
  net::post(context, [&] { ++calls; });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(net::io_context::current(), nullptr);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, CurrentIsTheInnermostThatRuns) {
  net::io_context outer;
  net::io_context inner;
  std::vector<net::io_context*> seen;
  net::post(inner, [&] { seen.push_back(net::io_context::current()); });
  net::post(outer, [&] {
    inner.run();
    seen.push_back(net::io_context::current());
  });
  outer.run();
  EXPECT_EQ(seen, (std::vector<net::io_context*>{&inner, &outer}));
  EXPECT_EQ(net::io_context::current(), nullptr);
}

TEST(WorkGuard, KeepsTheContextRunning) {
  net::io_context context;
  auto guard = net::make_work_guard(context);
  EXPECT_TRUE(guard.owns_work());
  EXPECT_EQ(guard.get_executor(), context.get_executor());
  std::atomic<bool> ran{false};
  std::thread other([&] {
    net::post(context, [&] {
      ran = true;
      guard.reset();
    });
  });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ran);
  EXPECT_FALSE(guard.owns_work());
  other.join();
}

TEST(WorkGuard, CopyIsWorkOfItsOwn) {
  net::io_context context;
  auto first = net::make_work_guard(context.get_executor());
  auto second = first;
  first.reset();
  first.reset();
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  auto third = std::move(second);
  EXPECT_FALSE(second.owns_work());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  third.reset();
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunForReturnsWhenTheTimeHasCome) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(context.run_for(2ms), 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2ms);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, RunUntilReturnsWhenTheTimeHasCome) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  const auto steady = std::chrono::steady_clock::now() + 2ms;
  EXPECT_EQ(context.run_until(steady), 0u);
  EXPECT_GE(std::chrono::steady_clock::now(), steady);
  const auto system = std::chrono::system_clock::now() + 2ms;
  EXPECT_EQ(context.run_until(system), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, RunOneForReturnsAfterOneHandlerOrInTime) {
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  int calls = 0;
  net::post(context, [&] { ++calls; });
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_one_for(24h), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(context.run_one_for(24h), 1u);
  EXPECT_EQ(context.run_one_for(1ms), 0u);
  EXPECT_EQ(context.run_one_for(-24h), 0u);
  EXPECT_EQ(calls, 2);
}

TEST(IoContext, RunForOfALongTimeReturnsWhenOutOfWork) {
  net::io_context context;
  int calls = 0;
  net::post(context, [&] { ++calls; });
  EXPECT_EQ(context.run_for(std::chrono::hours::max()), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunForFollowsAReplacedClock) {
  nettest::fake_clock clock;
  net::io_context context;
  const auto guard = net::make_work_guard(context);
  const auto start = netpoll::clock::now();
  std::atomic<bool> returned{false};
  std::thread mover([&] {
    while (!returned) {
      clock.advance(1h);
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(context.run_for(24h), 0u);
  EXPECT_GE(netpoll::clock::now() - start, netpoll::to_nanoseconds(24h));
  returned = true;
  mover.join();
}

// Whoever waits for the events and leaves has to hand that over to a thread that stays.
TEST(IoContext, ThreadThatLeavesInTimeDoesNotTakeTheEventsWithIt) {
  for (int round = 0; round != 20; ++round) {
    net::io_context context;
    int calls = 0;
    net::steady_timer timer(context, 10ms);
    timer.async_wait([&](std::error_code) { ++calls; });
    std::atomic<bool> is_running{false};
    std::thread leaving([&] {
      is_running = true;
      context.run_for(2ms);
    });
    while (!is_running) {
      std::this_thread::yield();
    }
    context.run();
    leaving.join();
    EXPECT_EQ(calls, 1);
  }
}

TEST(IoContext, FourThreadsRunEachHandlerOnce) {
  constexpr int thread_count = 4;
  constexpr int posts_per_thread = 10000;
  net::io_context context;
  std::vector<std::atomic<int>> calls(thread_count * posts_per_thread);
  std::atomic<std::size_t> count{0};
  {
    auto guard = net::make_work_guard(context);
    std::vector<std::thread> threads;
    std::atomic<int> posting{thread_count};
    for (int t = 0; t != thread_count; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i != posts_per_thread; ++i) {
          net::post(context, [&calls, at = t * posts_per_thread + i] { ++calls[at]; });
        }
        if (--posting == 0) {
          guard.reset();
        }
        count += context.run();
      });
    }
    for (std::thread& each : threads) {
      each.join();
    }
  }
  EXPECT_EQ(count, calls.size());
  std::size_t run_once = 0;
  for (const std::atomic<int>& each : calls) {
    run_once += each == 1;
  }
  EXPECT_EQ(run_once, calls.size());
}

TEST(IoContext, ConstructorThrowsWhatTheKernelSaid) {
  for (const auto which : {netpoll::sys::call::epoll_create, netpoll::sys::call::event_fd}) {
    nettest::faults faults;
    faults.fail(which, EMFILE);
    try {
      net::io_context context;
      FAIL() << "constructed";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::too_many_files_open);
    }
  }
}

TEST(IoContext, PostFromAnotherThreadWakesASleepingContext) {
  constexpr int rounds = 20000;
  net::io_context left;
  net::io_context right;
  auto left_guard = std::make_optional(net::make_work_guard(left));
  auto right_guard = std::make_optional(net::make_work_guard(right));
  int hits = 0;
  std::function<void()> hit = [&] {
    if (++hits == rounds) {
      left_guard.reset();
      right_guard.reset();
      return;
    }
    net::io_context& other = net::io_context::current() == &left ? right : left;
    net::post(other, [&] { hit(); });
  };
  net::post(left, [&] { hit(); });
  std::size_t ran_right = 0;
  std::thread thread([&] { ran_right = right.run(); });
  const std::size_t ran_left = left.run();
  thread.join();
  EXPECT_EQ(hits, rounds);
  EXPECT_EQ(ran_left + ran_right, static_cast<std::size_t>(rounds));
}

}  // namespace
