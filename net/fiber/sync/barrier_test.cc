// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/barrier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"

namespace {

using namespace std::chrono_literals;

TEST(Barrier, HoldsUpUntilAllHaveCome) {
  constexpr int fiber_count = 5;
  constexpr int phases = 100;
  net::io_context context;
  int completions = 0;
  std::atomic<int> arrived{0};
  const auto complete = [&]() noexcept {
    ++completions;
    EXPECT_EQ(arrived, completions * (fiber_count + 1));
    net::this_fiber::yield();
  };
  net::barrier barrier(fiber_count + 1, complete);
  const auto work = [&] {
    for (int phase = 1; phase <= phases; ++phase) {
      ++arrived;
      barrier.arrive_and_wait();
      EXPECT_GE(completions, phase);
    }
  };
  for (int i = 0; i != fiber_count; ++i) {
    net::go(context, work);
  }
  std::thread other(work);
  nettest::run_on_threads(context, 3);
  other.join();
  EXPECT_EQ(completions, phases);
}

TEST(Barrier, ArrivalAndWaitAreApart) {
  net::io_context context;
  net::go(context, [&] {
    net::barrier barrier(2);
    EXPECT_GT(barrier.max(), 0);
    auto token = barrier.arrive();
    net::error_code ec;
    EXPECT_FALSE(barrier.wait_for(std::move(token), 0s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(barrier.wait_until(std::move(token),
                                    std::chrono::steady_clock::time_point::min(), ec));
    bool passed = false;
    net::fiber child([&] {
      barrier.wait(std::move(token));
      passed = true;
    });
    net::this_fiber::yield();
    EXPECT_FALSE(passed);
    auto mine = barrier.arrive();
    child.join();
    EXPECT_TRUE(passed);
    EXPECT_TRUE(barrier.wait(std::move(mine), ec));
  });
  context.run();
}

TEST(Barrier, CancelledOneHasArrivedAllTheSame) {
  net::io_context context;
  net::go(context, [&] {
    net::barrier barrier(2);
    net::error_code ec;
    net::fiber child([&] { EXPECT_FALSE(barrier.arrive_and_wait(ec)); });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    barrier.arrive_and_wait();
  });
  context.run();
}

TEST(Barrier, DroppedOneIsNotExpectedAnyMore) {
  net::io_context context;
  net::go(context, [&] {
    net::barrier barrier(3);
    barrier.arrive_and_drop();
    (void)barrier.arrive();
    barrier.arrive_and_wait();
    (void)barrier.arrive();
    barrier.arrive_and_wait();
    (void)barrier.arrive(2);
  });
  context.run();
}

#if GTEST_HAS_DEATH_TEST

TEST(BarrierDeathTest, MisuseAborts) {
  EXPECT_DEATH(net::barrier<>(-1), "negative count");
  EXPECT_DEATH((void)net::barrier<>(1).arrive(2), "more arrived at a barrier than it expects");
  EXPECT_DEATH(
      {
        net::barrier barrier(1);
        auto token = barrier.arrive();
        (void)barrier.arrive();
        barrier.wait(std::move(token));
      },
      "used twice");
  EXPECT_DEATH(
      {
        net::io_context context;
        net::go(context, [] {
          auto* const barrier = new net::barrier(2);
          net::go([barrier] { barrier->arrive_and_wait(); });
          net::this_fiber::yield();
          delete barrier;
        });
        context.run();
      },
      "destroyed while it was waited for");
}

#endif

}  // namespace
