// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/latch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

TEST(Latch, LetsPassWhenTheCountIsZero) {
  net::io_context context;
  net::latch latch(3);
  int passed = 0;
  for (int i = 0; i != 2; ++i) {
    net::go(context, [&] {
      latch.wait();
      ++passed;
    });
  }
  net::go(context, [&] {
    latch.count_down(2);
    net::this_fiber::yield();
    EXPECT_EQ(passed, 0);
    EXPECT_FALSE(latch.try_wait());
    latch.arrive_and_wait();
    EXPECT_TRUE(latch.try_wait());
    latch.wait();
    net::error_code ec;
    EXPECT_TRUE(latch.wait(ec));
    EXPECT_TRUE(latch.try_wait_for(0s));
    EXPECT_TRUE(latch.try_wait_until(std::chrono::steady_clock::time_point::min()));
  });
  context.run();
  EXPECT_EQ(passed, 2);
}

TEST(Latch, DeadlineAndCancellationEndTheWaitButNotTheArrival) {
  nettest::fake_clock clock;
  net::io_context context;
  net::latch latch(2);
  net::go(context, [&] {
    net::error_code late;
    net::error_code cancelled;
    bool insisted = false;
    net::fiber one([&] { EXPECT_FALSE(latch.wait_for(1s, late)); });
    net::fiber two([&] { EXPECT_FALSE(latch.arrive_and_wait(cancelled)); });
    net::fiber three([&] {
      latch.wait();
      insisted = true;
    });
    net::this_fiber::yield();
    clock.advance(1s);
    two.cancel();
    three.cancel();
    one.join();
    two.join();
    EXPECT_EQ(late, net::error::deadline_exceeded);
    EXPECT_EQ(cancelled, net::error::operation_aborted);
    EXPECT_FALSE(latch.try_wait_for(0s));
    EXPECT_FALSE(insisted);
    latch.count_down();
    three.join();
    EXPECT_TRUE(insisted);
  });
  context.run();
}

TEST(Latch, MayBeDestroyedByWhoPassed) {
  for (int round = 0; round != 200; ++round) {
    net::io_context context;
    net::go(context, [&] {
      net::latch latch(2);
      std::thread first([&] { latch.count_down(); });
      first.detach();
      net::go([&] { latch.count_down(); });
      latch.wait();
    });
    nettest::run_on_threads(context, 2);
  }
}

#if GTEST_HAS_DEATH_TEST

TEST(LatchDeathTest, MisuseAborts) {
  EXPECT_DEATH(net::latch(-1), "negative count");
  EXPECT_DEATH(net::latch(1).count_down(2), "counted down below 0");
  EXPECT_DEATH(net::latch(1).count_down(-1), "by a negative number");
  EXPECT_DEATH(
      {
        net::io_context context;
        net::go(context, [] {
          auto* const latch = new net::latch(1);
          net::go([latch] { latch->wait(); });
          net::this_fiber::yield();
          delete latch;
        });
        context.run();
      },
      "destroyed while it was waited for");
}

#endif

}  // namespace
