// SPDX-License-Identifier: BSL-1.0
//
// Timers: what is cancelled and counted, in which order waits complete, and what moving does. No case
// asks how late it is.
#include <gtest/gtest.h>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock = asio::steady_timer::clock_type;

TEST(SteadyTimer, CancelReturnsHowManyWaitsItEnded) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  std::vector<asio::error_code> codes;
  EXPECT_EQ(timer.cancel(), 0u);
  for (int i = 0; i != 3; ++i) {
    timer.async_wait([&](const asio::error_code& ec) { codes.push_back(ec); });
  }
  EXPECT_EQ(timer.cancel(), 3u);
  EXPECT_EQ(timer.cancel(), 0u);
  EXPECT_TRUE(codes.empty());
  EXPECT_EQ(context.run(), 3u);
  ASSERT_EQ(codes.size(), 3u);
  for (const asio::error_code& ec : codes) EXPECT_EQ(ec, asio::error::operation_aborted);
}

TEST(SteadyTimer, CancelOneEndsTheOldestWait) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  std::vector<int> ended;
  timer.async_wait([&](const asio::error_code&) { ended.push_back(0); });
  timer.async_wait([&](const asio::error_code&) { ended.push_back(1); });
  EXPECT_EQ(timer.cancel_one(), 1u);
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(ended, (std::vector<int>{0}));
  EXPECT_EQ(timer.cancel_one(), 1u);
  EXPECT_EQ(timer.cancel_one(), 0u);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ended, (std::vector<int>{0, 1}));
}

TEST(SteadyTimer, ANewExpiryEndsTheWaits) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  asio::error_code code;
  const auto wait = [&](const asio::error_code& ec) { code = ec; };
  timer.async_wait(wait);
  timer.async_wait(wait);
  EXPECT_EQ(timer.expires_after(2h), 2u);
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  context.restart();
  timer.async_wait(wait);
  EXPECT_EQ(timer.expires_at(clock::now() - 1s), 1u);
  EXPECT_EQ(timer.expires_at(clock::now() - 1s), 0u);
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST(SteadyTimer, ExpiryIsWhatWasSet) {
  asio::io_context context;
  EXPECT_EQ(asio::steady_timer(context).expiry(), clock::time_point());
  const clock::time_point when = clock::now() + 1h;
  asio::steady_timer timer(context, when);
  EXPECT_EQ(timer.expiry(), when);
  timer.cancel();
  EXPECT_EQ(timer.expiry(), when);
  timer.expires_at(clock::time_point::max());
  EXPECT_EQ(timer.expiry(), clock::time_point::max());
}

TEST(SteadyTimer, AnExpiredOneCompletesInsideRunOnly) {
  asio::io_context context;
  asio::steady_timer timer(context, clock::now() - 1s);
  bool ended = false;
  asio::post(context, [&] {
    timer.async_wait([&](const asio::error_code& ec) {
      EXPECT_FALSE(ec);
      ended = true;
    });
    EXPECT_FALSE(ended);
  });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_TRUE(ended);
}

TEST(SteadyTimer, OneWithoutExpiryHasExpired) {
  asio::io_context context;
  asio::steady_timer timer(context);
  asio::error_code code = asio::error::eof;
  timer.async_wait([&](const asio::error_code& ec) { code = ec; });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_FALSE(code);
  timer.wait();
}

TEST(SteadyTimer, WaitsOfOneTimerEndInTheirOrder) {
  asio::io_context context;
  asio::steady_timer timer(context, clock::now() - 1s);
  std::vector<int> ended;
  for (int i = 0; i != 4; ++i) {
    timer.async_wait([&ended, i](const asio::error_code&) { ended.push_back(i); });
  }
  context.run();
  EXPECT_EQ(ended, (std::vector<int>{0, 1, 2, 3}));
}

TEST(SteadyTimer, TimersEndInTheOrderOfTheirExpiries) {
  asio::io_context context;
  const clock::time_point now = clock::now();
  asio::steady_timer last(context, now - 1s);
  asio::steady_timer first(context, now - 3s);
  asio::steady_timer second(context, now - 2s);
  std::vector<int> ended;
  last.async_wait([&](const asio::error_code&) { ended.push_back(3); });
  first.async_wait([&](const asio::error_code&) { ended.push_back(1); });
  second.async_wait([&](const asio::error_code&) { ended.push_back(2); });
  context.run();
  EXPECT_EQ(ended, (std::vector<int>{1, 2, 3}));
}

// What is on its way to its handler has succeeded: nothing can take that back.
TEST(SteadyTimer, CancelComesTooLateForAQueuedCompletion) {
  asio::io_context context;
  const clock::time_point now = clock::now();
  asio::steady_timer one(context, now - 2s);
  asio::steady_timer other(context, now - 1s);
  std::size_t cancelled = 99;
  asio::error_code code = asio::error::eof;
  one.async_wait([&](const asio::error_code&) { cancelled = other.cancel(); });
  other.async_wait([&](const asio::error_code& ec) { code = ec; });
  context.run();
  EXPECT_EQ(cancelled, 0u);
  EXPECT_FALSE(code);
}

TEST(SteadyTimer, TheEndsOfTimeDoNotOverflow) {
  asio::io_context context;
  asio::steady_timer never(context, clock::time_point::max());
  asio::steady_timer always(context, clock::time_point::min());
  bool ended = false;
  never.async_wait([&](const asio::error_code& ec) {
    EXPECT_EQ(ec, asio::error::operation_aborted);
    EXPECT_TRUE(ended);
  });
  always.async_wait([&](const asio::error_code& ec) {
    EXPECT_FALSE(ec);
    ended = true;
    never.cancel();
  });
  EXPECT_EQ(context.run(), 2u);
}

TEST(SteadyTimer, AVeryLongDurationDoesNotOverflow) {
  asio::io_context context;
  asio::steady_timer timer(context);
  timer.expires_after(clock::duration::max());
  bool ended = false;
  timer.async_wait([&](const asio::error_code& ec) {
    EXPECT_EQ(ec, asio::error::operation_aborted);
    ended = true;
  });
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(ended);
  EXPECT_EQ(timer.cancel(), 1u);
  context.run();
}

TEST(SteadyTimer, ItsEndEndsTheWaits) {
  asio::io_context context;
  asio::error_code code;
  {
    asio::steady_timer timer(context, 1h);
    timer.async_wait([&](const asio::error_code& ec) { code = ec; });
  }
  EXPECT_FALSE(code);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST(SteadyTimer, MovingKeepsTheWaits) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  int ended = 0;
  timer.async_wait([&](const asio::error_code&) { ++ended; });
  asio::steady_timer other(std::move(timer));
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_EQ(other.cancel(), 1u);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ended, 1);
}

TEST(SteadyTimer, MoveAssignmentEndsTheWaitsOfItsTarget) {
  asio::io_context context;
  asio::io_context other_context;
  asio::steady_timer target(context, 1h);
  asio::steady_timer source(other_context, 2h);
  asio::error_code code_of_target;
  asio::error_code code_of_source;
  target.async_wait([&](const asio::error_code& ec) { code_of_target = ec; });
  source.async_wait([&](const asio::error_code& ec) { code_of_source = ec; });
  const clock::time_point expiry = source.expiry();
  target = std::move(source);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(code_of_target, asio::error::operation_aborted);
  EXPECT_EQ(target.expiry(), expiry);
  EXPECT_EQ(other_context.poll(), 0u);
  EXPECT_EQ(target.cancel(), 1u);
  EXPECT_EQ(other_context.run(), 1u);
  EXPECT_EQ(code_of_source, asio::error::operation_aborted);
}

TEST(SteadyTimer, WaitsOfADestroyedContextAreNotCalled) {
  auto token = std::make_shared<int>(0);
  bool called = false;
  {
    asio::io_context context;
    asio::steady_timer timer(context, clock::now() - 1s);
    timer.async_wait([token, &called](const asio::error_code&) { called = true; });
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(called);
}

TEST(SteadyTimer, AHandlerMayDestroyItsTimer) {
  asio::io_context context;
  auto timer = std::make_unique<asio::steady_timer>(context, clock::now() - 1s);
  timer->async_wait([&](const asio::error_code&) { timer.reset(); });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_FALSE(timer);
}

TEST(SteadyTimer, AHandlerMayWaitAgain) {
  asio::io_context context;
  asio::steady_timer timer(context, clock::now() - 1s);
  int ended = 0;
  struct again {
    asio::steady_timer* timer;
    int* ended;
    void operator()(const asio::error_code&) const {
      if (++*ended == 5) return;
      timer->expires_after(0s);
      timer->async_wait(*this);
    }
  };
  timer.async_wait(again{&timer, &ended});
  EXPECT_EQ(context.run(), 5u);
}

TEST(SteadyTimer, AWaitIsWork) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  timer.async_wait([](const asio::error_code&) {});
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  timer.cancel();
  context.run();
  EXPECT_TRUE(context.stopped());
}

TEST(SteadyTimer, WaitingForWhatHasExpiredReturnsAtOnce) {
  asio::io_context context;
  asio::steady_timer timer(context, clock::now() - 1s);
  asio::error_code ec = asio::error::eof;
  timer.wait(ec);
  EXPECT_FALSE(ec);
}

TEST(SteadyTimer, WaitWaits) {
  asio::io_context context;
  const clock::time_point begin = clock::now();
  asio::steady_timer timer(context, 5ms);
  timer.wait();
  EXPECT_GE(clock::now() - begin, 5ms);
}

TEST(SteadyTimer, ItsExecutorIsTheContexts) {
  asio::io_context context;
  asio::steady_timer timer(context.get_executor());
  EXPECT_TRUE(timer.get_executor() == context.get_executor());
}

TEST(SteadyTimer, AMovedFromOneCanBeUsedAgain) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  asio::steady_timer other(std::move(timer));
  EXPECT_EQ(timer.cancel(), 0u);
  timer.expires_at(clock::now() - 1s);
  bool ended = false;
  timer.async_wait([&](const asio::error_code& ec) { ended = !ec; });
  context.run();
  EXPECT_TRUE(ended);
}

}  // namespace
