// SPDX-License-Identifier: BSL-1.0
//
// spawn and yield_context: results, errors, exceptions and cancellation of functions with stacks.
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using asio::yield_context;

struct Spawn : testing::Test {
  asio::io_context context;
  std::exception_ptr thrown;
  asio::error_code code() const {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const asio::system_error& failed) {
      return failed.code();
    }
    return {};
  }
};

TEST_F(Spawn, ReturnsResultsToItsHandler) {
  int got = 0;
  asio::spawn(
      context, [](yield_context) { return std::make_unique<int>(4); },
      [&](std::exception_ptr what, std::unique_ptr<int> p) {
        thrown = what;
        got = *p;
      });
  std::future<std::string> text = asio::spawn(
      context, [](yield_context) { return std::string("x"); }, asio::use_future);
  EXPECT_EQ(got, 0);
  context.run();
  EXPECT_FALSE(thrown);
  EXPECT_EQ(got, 4);
  EXPECT_EQ(text.get(), "x");
}

TEST_F(Spawn, WhatIsThrownGoesToItsHandler) {
  asio::spawn(
      context, [](yield_context) { throw 5; }, [&](std::exception_ptr what) { thrown = what; });
  std::future<void> future = asio::spawn(
      context, [](yield_context) { throw 6l; }, asio::use_future);
  context.run();
  EXPECT_THROW(std::rethrow_exception(thrown), int);
  EXPECT_THROW(future.get(), long);
}

TEST_F(Spawn, OperationsReturnTheirResultsOrThrow) {
  asio::local::stream_protocol::socket one(context);
  asio::local::stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  std::string seen;
  asio::spawn(
      context,
      [&](yield_context yield) {
        char bytes[8];
        const std::size_t n = asio::async_read(two, asio::buffer(bytes, 5), yield);
        seen.assign(bytes, n);
        asio::error_code ec;
        EXPECT_EQ(two.async_read_some(asio::buffer(bytes), yield[ec]), 0u);
        EXPECT_EQ(ec, asio::error::eof);
        two.close();
        two.async_read_some(asio::buffer(bytes), yield);
      },
      [&](std::exception_ptr what) { thrown = what; });
  asio::spawn(
      context,
      [&](yield_context yield) {
        asio::async_write(one, asio::buffer("hello", 5), yield);
        one.close();
      },
      asio::detached);
  context.run();
  EXPECT_EQ(seen, "hello");
  EXPECT_EQ(code(), asio::error::bad_descriptor);
}

TEST_F(Spawn, AFunctionMaySpawnOthersAndWaitForThem) {
  std::string seen;
  asio::spawn(
      context,
      [&](yield_context yield) {
        seen += "1";
        const int n = asio::spawn(
            yield,
            [&](yield_context inner) {
              asio::post(inner);
              seen += "2";
              return 3;
            },
            yield);
        seen += std::to_string(n);
      },
      asio::detached);
  context.run();
  EXPECT_EQ(seen, "123");
}

TEST_F(Spawn, OnAStrandIsInside) {
  const auto only = asio::make_strand(context);
  int inside = 0;
  asio::spawn(
      only,
      [&](yield_context yield) {
        inside += only.running_in_this_thread();
        asio::steady_timer timer(only, 1ms);
        timer.async_wait(yield);
        inside += only.running_in_this_thread();
        EXPECT_TRUE(yield.get_executor() == asio::any_io_executor(only));
      },
      asio::detached);
  context.run();
  EXPECT_EQ(inside, 2);
}

TEST_F(Spawn, IsCancelledByTerminalThroughItsHandlersSlot) {
  asio::cancellation_signal signal;
  asio::error_code seen;
  asio::spawn(
      context,
      [&](yield_context yield) {
        asio::steady_timer timer(context, 1h);
        timer.async_wait(yield[seen]);
        EXPECT_NE(yield.cancelled(), asio::cancellation_type::none);
        timer.expires_after(0s);
        asio::error_code next;
        timer.async_wait(yield[next]);
        EXPECT_FALSE(next) << "unless it is asked to throw, it goes on";
      },
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr what) { thrown = what; }));
  context.poll();
  signal.emit(asio::cancellation_type::total);
  context.poll();
  EXPECT_FALSE(seen);
  signal.emit(asio::cancellation_type::terminal);
  context.restart();
  context.run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
  EXPECT_FALSE(thrown);
}

TEST_F(Spawn, WhatStillWaitsIsUnwoundWithItsContext) {
  const auto alive = std::make_shared<int>(1);
  bool went_on = false;
  {
    asio::io_context other;
    asio::spawn(
        other,
        [&, alive](yield_context yield) {
          const auto on_the_stack = alive;
          asio::steady_timer timer(other, 1h);
          timer.async_wait(yield);
          went_on = true;
        },
        asio::detached);
    other.poll();
    EXPECT_GT(alive.use_count(), 1);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(went_on);
}

}  // namespace
