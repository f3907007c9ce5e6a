// SPDX-License-Identifier: BSL-1.0
#include "net/timer/basic_waitable_timer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "net/timer/steady_timer.h"
#include "netpoll/base/clock.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;
using steady_time = std::chrono::steady_clock::time_point;

class SteadyTimer : public testing::Test {
 protected:
  // A handler that notes its number and how it was called.
  auto note(int number) {
    return [this, number](std::error_code ec) {
      order.push_back(number);
      errors.push_back(ec);
    };
  }

  nettest::fake_clock clock;
  net::io_context context;
  std::vector<int> order;
  std::vector<std::error_code> errors;
  const std::error_code aborted = net::error::make_error_code(net::error::operation_aborted);
};

TEST_F(SteadyTimer, AsyncWaitEndsAtTheExpiry) {
  net::steady_timer timer(context, 10s);
  timer.async_wait(note(1));
  clock.advance(10s - 1ns);
  EXPECT_EQ(context.poll(), 0u);
  clock.advance(1ns);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(errors, std::vector<std::error_code>{{}});
}

TEST_F(SteadyTimer, WaitsEndInTheOrderTheyBegan) {
  net::steady_timer timer(context, 1s);
  for (const int number : {1, 2, 3}) {
    timer.async_wait(note(number));
  }
  clock.advance(1s);
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(SteadyTimer, TimersEndInTheOrderOfTheirExpiry) {
  net::steady_timer late(context, 2s);
  net::steady_timer early(context, 1s);
  late.async_wait(note(2));
  early.async_wait(note(1));
  clock.advance(3s);
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(SteadyTimer, FiberWaits) {
  net::steady_timer timer(context, 5s);
  bool done = false;
  net::go(context, [&] {
    timer.wait();
    done = true;
  });
  context.poll();
  EXPECT_FALSE(done);
  clock.advance(5s);
  context.run();
  EXPECT_TRUE(done);
}

TEST_F(SteadyTimer, ThreadWaits) {
  net::steady_timer timer(context, 5s);
  std::atomic<bool> done{false};
  std::thread mover([&] {
    while (!done) {
      clock.advance(1s);
      std::this_thread::yield();
    }
  });
  timer.wait();
  EXPECT_GE(netpoll::clock::now(), netpoll::to_nanotime(timer.expiry()));
  done = true;
  mover.join();
}

TEST_F(SteadyTimer, WaitForThePastReturnsAtOnce) {
  net::steady_timer timer(context, -1s);
  std::error_code ec = aborted;
  timer.wait(ec);
  EXPECT_FALSE(ec);
}

TEST_F(SteadyTimer, CancelEndsAllWaitsAndCountsThem) {
  net::steady_timer timer(context, 1h);
  timer.async_wait(note(1));
  timer.async_wait(note(2));
  EXPECT_EQ(timer.cancel(), 2u);
  EXPECT_EQ(timer.cancel(), 0u);
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(errors, std::vector<std::error_code>(2, aborted));
}

TEST_F(SteadyTimer, CancelOneEndsTheOldestWait) {
  net::steady_timer timer(context, 1h);
  timer.async_wait(note(1));
  timer.async_wait(note(2));
  EXPECT_EQ(timer.cancel_one(), 1u);
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_EQ(timer.cancel_one(), 1u);
  EXPECT_EQ(timer.cancel_one(), 0u);
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(errors, std::vector<std::error_code>(2, aborted));
}

TEST_F(SteadyTimer, CancelWakesAFiber) {
  net::steady_timer timer(context, 1h);
  std::error_code ec;
  bool thrown = false;
  net::go(context, [&] { timer.wait(ec); });
  net::go(context, [&] {
    try {
      timer.wait();
    } catch (const std::system_error& error) {
      thrown = error.code() == aborted;
    }
  });
  context.poll();
  EXPECT_EQ(timer.cancel(), 2u);
  context.run();
  EXPECT_EQ(ec, aborted);
  EXPECT_TRUE(thrown);
}

TEST_F(SteadyTimer, MovingTheExpiryCancels) {
  net::steady_timer timer(context, 1h);
  timer.async_wait(note(1));
  const steady_time expiry = netpoll::to_steady_time(clock.after(2h));
  EXPECT_EQ(timer.expires_at(expiry), 1u);
  EXPECT_EQ(timer.expiry(), expiry);
  timer.async_wait(note(2));
  EXPECT_EQ(timer.expires_after(3h), 1u);
  EXPECT_EQ(timer.expires_after(3h), 0u);
  EXPECT_EQ(timer.expiry(), netpoll::to_steady_time(clock.after(3h)));
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(errors, std::vector<std::error_code>(2, aborted));
}

TEST_F(SteadyTimer, WaitWhoseTimeHadComeIsNotCancelled) {
  net::steady_timer timer(context, 1s);
  net::steady_timer canceller(context, 0s);
  canceller.async_wait([&](std::error_code) { EXPECT_EQ(timer.cancel(), 0u); });
  timer.async_wait(note(1));
  clock.advance(1s);
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(errors, std::vector<std::error_code>{{}});
}

TEST_F(SteadyTimer, ExtremeTimesDoNotOverflow) {
  net::steady_timer latest(context, steady_time::max());
  net::steady_timer longest(context, std::chrono::steady_clock::duration::max());
  net::steady_timer earliest(context, steady_time::min());
  EXPECT_EQ(longest.expiry(), steady_time::max());
  latest.async_wait(note(1));
  longest.async_wait(note(2));
  earliest.async_wait(note(3));
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(order, std::vector<int>{3});
  EXPECT_EQ(errors, std::vector<std::error_code>{{}});
  EXPECT_EQ(latest.cancel(), 1u);
  EXPECT_EQ(longest.cancel(), 1u);
  EXPECT_EQ(context.run(), 2u);
}

TEST_F(SteadyTimer, MovedTimerKeepsItsWaits) {
  net::steady_timer first(context, 1h);
  first.async_wait(note(1));
  net::steady_timer second(std::move(first));
  EXPECT_EQ(context.poll(), 0u);
  clock.advance(1h);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(errors, std::vector<std::error_code>{{}});
}

TEST_F(SteadyTimer, AssignedTimerAbortsItsOldWaits) {
  net::steady_timer target(context, 1h);
  net::steady_timer source(context, 2h);
  target.async_wait(note(1));
  source.async_wait(note(2));
  target = std::move(source);
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(errors, std::vector<std::error_code>{aborted});
  EXPECT_EQ(target.cancel(), 1u);
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(SteadyTimer, DestroyedTimerAbortsItsWaits) {
  std::optional<net::steady_timer> timer(std::in_place, context, 1h);
  timer->async_wait(note(1));
  timer.reset();
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(errors, std::vector<std::error_code>{aborted});
}

TEST_F(SteadyTimer, SleepLastsUntilTheClockSaysSo) {
  bool done = false;
  net::go(context, [&] {
    net::this_fiber::sleep_for(1h);
    done = true;
  });
  context.poll();
  clock.advance(1h - 1ns);
  context.poll();
  EXPECT_FALSE(done);
  clock.advance(1ns);
  context.run();
  EXPECT_TRUE(done);
}

TEST(BasicWaitableTimer, WorksOnTheSystemClock) {
  net::io_context context;
  const auto expiry = std::chrono::system_clock::now() + 1ms;
  net::basic_waitable_timer<std::chrono::system_clock> timer(context, expiry);
  bool called = false;
  timer.async_wait([&](std::error_code ec) { called = !ec; });
  context.run();
  timer.wait();
  EXPECT_TRUE(called);
  EXPECT_GE(std::chrono::system_clock::now(), expiry);
}

}  // namespace
