// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/wait_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"

namespace {

using namespace std::chrono_literals;

TEST(WaitGroup, WaitsForAllAndIsUsedAgain) {
  net::io_context context;
  net::wait_group group;
  std::atomic<int> done{0};
  net::go(context, [&] {
    for (int round = 1; round <= 50; ++round) {
      group.add(10);
      for (int i = 0; i != 10; ++i) {
        net::go([&] {
          net::this_fiber::yield();
          ++done;
          group.done();
        });
      }
      group.wait();
      EXPECT_EQ(done, round * 10);
      EXPECT_EQ(group.count(), 0);
    }
  });
  nettest::run_on_threads(context, 3);
}

TEST(WaitGroup, WaitsEndWithTheTimeOrTheFiber) {
  net::io_context context;
  net::wait_group group;
  group.add();
  net::go(context, [&] {
    net::error_code ec;
    EXPECT_FALSE(group.wait_for(0s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(group.wait_until(std::chrono::steady_clock::time_point::min(), ec));
    EXPECT_FALSE(group.try_wait_for(0s));
    EXPECT_FALSE(group.try_wait_until(std::chrono::steady_clock::time_point::min()));
    net::fiber child([&] { EXPECT_FALSE(group.wait(ec)); });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    group.done();
    EXPECT_TRUE(group.wait(ec));
    EXPECT_FALSE(ec);
  });
  context.run();
}

TEST(WaitGroup, ThreadWaitsForFibers) {
  net::io_context context;
  net::wait_group group;
  std::atomic<int> done{0};
  group.add(5);
  for (int i = 0; i != 5; ++i) {
    net::go(context, [&] {
      ++done;
      group.done();
    });
  }
  std::thread runner([&] { context.run(); });
  group.wait();
  EXPECT_EQ(done, 5);
  runner.join();
}

#if GTEST_HAS_DEATH_TEST

TEST(WaitGroupDeathTest, CountingBelowZeroAborts) {
  EXPECT_DEATH(net::wait_group().done(), "counted below 0");
}

#endif

}  // namespace
