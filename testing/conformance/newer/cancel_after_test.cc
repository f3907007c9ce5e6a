// SPDX-License-Identifier: BSL-1.0
//
// cancel_after and cancel_at: whoever is first, the operation or the time.
#include <gtest/gtest.h>

#include <asio/as_tuple.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/cancel_after.hpp>
#include <asio/cancel_at.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstddef>
#include <tuple>
#include <utility>

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct CancelAfter : testing::Test {
  asio::io_context context;
  asio::steady_timer timer{context};
  asio::error_code code = asio::error::fault;
  auto handler() {
    return [this](asio::error_code ec) { code = ec; };
  }
  void run() {
    context.restart();
    context.run();
  }
};

TEST_F(CancelAfter, TheTimeEndsTheOperation) {
  timer.expires_after(1h);
  timer.async_wait(asio::cancel_after(1ms, handler()));
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  timer.async_wait(asio::cancel_at(clock::now() - 1s, handler()));
  EXPECT_EQ(code, asio::error::operation_aborted);
  code.clear();
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(CancelAfter, TheOperationEndsTheTime) {
  timer.expires_after(0s);
  timer.async_wait(asio::cancel_after(1h, handler()));
  run();
  EXPECT_FALSE(code);
  EXPECT_TRUE(context.stopped());
}

TEST_F(CancelAfter, ATimerOfTheUsersMayKeepTheTime) {
  asio::steady_timer keeper(context);
  timer.expires_after(1h);
  timer.async_wait(asio::cancel_after(keeper, 1ms, handler()));
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  timer.async_wait(asio::cancel_at(keeper, clock::now(), handler()));
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(CancelAfter, MayBeNested) {
  timer.expires_after(1h);
  timer.async_wait(asio::cancel_after(1h, asio::cancel_after(1ms, handler())));
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(CancelAfter, AdaptsWhatFollows) {
  timer.expires_after(1h);
  auto future = timer.async_wait(asio::cancel_after(1ms, asio::as_tuple(asio::use_future)));
  run();
  EXPECT_EQ(std::get<0>(future.get()), asio::error::operation_aborted);
  auto wait = timer.async_wait(asio::cancel_after(1ms));
  std::move(wait)(handler());
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(CancelAfter, IsOfTheTypeThatIsWanted) {
  asio::local::stream_protocol::socket one(context);
  asio::local::stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  char bytes[4];
  std::size_t got = 99;
  one.write_some(asio::buffer("ab", 2));
  asio::async_read(two, asio::buffer(bytes),
                   asio::cancel_after(1ms, asio::cancellation_type::partial,
                                      [&](asio::error_code ec, std::size_t n) {
                                        code = ec;
                                        got = n;
                                      }));
  run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  EXPECT_EQ(got, 2u);
}

TEST_F(CancelAfter, OnAStrandRunsInside) {
  const auto only = asio::make_strand(context);
  asio::steady_timer inside(only, 1h);
  bool was_inside = false;
  inside.async_wait(asio::cancel_after(1ms, asio::bind_executor(only, [&](asio::error_code) {
                                         was_inside = only.running_in_this_thread();
                                       })));
  run();
  EXPECT_TRUE(was_inside);
}

}  // namespace
