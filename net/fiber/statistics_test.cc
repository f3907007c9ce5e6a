// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/statistics.h"

#include <gtest/gtest.h>

#include <chrono>

#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

namespace {

using namespace std::chrono_literals;

TEST(FiberStatistics, CountWhatFibersDo) {
  net::io_context context;
  net::fiber_statistics during;
  net::go(context, [&] {
    net::fiber sleeper([] {
      net::error_code ec;
      net::this_fiber::sleep_for(1h, ec);
    });
    net::fiber ready([] {});
    ready.detach();
    net::this_fiber::yield();
    during = net::get_fiber_statistics(context);
    sleeper.cancel();
    sleeper.join();
  });
  context.run();
  EXPECT_EQ(during.spawned, 3u);
  EXPECT_EQ(during.live, 2u);
  EXPECT_EQ(during.parked, 1u);
  EXPECT_GE(during.switches, 3u);
  const net::fiber_statistics after = net::get_fiber_statistics(context);
  EXPECT_EQ(after.spawned, 3u);
  EXPECT_EQ(after.live, 0u);
  EXPECT_EQ(after.parked, 0u);
  EXPECT_GT(after.switches, during.switches);
}

TEST(FiberStatistics, FibersOfOtherContextsAreNotCounted) {
  net::io_context one;
  net::io_context other;
  net::go(other, [] {});
  EXPECT_EQ(net::get_fiber_statistics(one).spawned, 0u);
  EXPECT_EQ(net::get_fiber_statistics(other).live, 1u);
  other.run();
}

}  // namespace
