// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/cancel_on_stop.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/event.h"
#include "net/io_context.h"

namespace {

TEST(CancelOnStop, StopEndsTheWaitOfTheFiber) {
  net::io_context context;
  std::stop_source stop;
  net::error_code ec;
  net::event never;
  net::go(context, [&] {
    const net::this_fiber::cancel_on_stop guard(stop.get_token());
    EXPECT_FALSE(never.wait(ec));
  });
  net::go(context, [&] { stop.request_stop(); });
  context.run();
  EXPECT_EQ(ec, net::error::operation_aborted);
}

TEST(CancelOnStop, StopRequestedBeforeCancelsAtOnce) {
  net::io_context context;
  std::stop_source stop;
  stop.request_stop();
  net::go(context, [&] {
    EXPECT_FALSE(net::this_fiber::is_cancelled());
    const net::this_fiber::cancel_on_stop guard(stop.get_token());
    EXPECT_TRUE(net::this_fiber::is_cancelled());
  });
  context.run();
}

TEST(CancelOnStop, StopAfterItsEndDoesNothing) {
  net::io_context context;
  std::stop_source stop;
  net::go(context, [&] {
    { const net::this_fiber::cancel_on_stop guard(stop.get_token()); }
    stop.request_stop();
    EXPECT_FALSE(net::this_fiber::is_cancelled());
  });
  context.run();
}

TEST(CancelOnStop, DoesNothingOnAThread) {
  std::stop_source stop;
  const net::this_fiber::cancel_on_stop guard(stop.get_token());
  EXPECT_TRUE(stop.request_stop());
  EXPECT_FALSE(net::this_fiber::is_cancelled());
}

TEST(CancelOnStop, StopRacesWithTheEnd) {
  for (int round = 0; round != 200; ++round) {
    net::io_context context;
    std::stop_source stop;
    for (int i = 0; i != 4; ++i) {
      net::go(context, [&] {
        const net::this_fiber::cancel_on_stop guard(stop.get_token());
        net::this_fiber::yield();
      });
    }
    std::thread stops([&] { stop.request_stop(); });
    context.run();
    stops.join();
  }
}

}  // namespace
