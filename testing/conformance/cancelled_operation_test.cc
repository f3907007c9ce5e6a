// SPDX-License-Identifier: BSL-1.0
//
// Cancelling one operation of several, by the slot of its handler.
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>

namespace {

using namespace std::chrono_literals;
using asio::cancellation_type;

TEST(Cancellation, EndsOneWaitOfATimer) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  asio::cancellation_signal signal;
  asio::error_code first;
  asio::error_code second;
  timer.async_wait(
      asio::bind_cancellation_slot(signal.slot(), [&](const asio::error_code& ec) { first = ec; }));
  timer.async_wait([&](const asio::error_code& ec) { second = ec; });
  signal.emit(cancellation_type::total);
  EXPECT_FALSE(first);
  EXPECT_EQ(context.poll(), 1u);
  EXPECT_EQ(first, asio::error::operation_aborted);
  EXPECT_FALSE(second);
  EXPECT_EQ(timer.cancel(), 1u);
  context.run();
  EXPECT_EQ(second, asio::error::operation_aborted);
}

TEST(Cancellation, OfNoTypeThatIsSupportedDoesNothing) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  asio::cancellation_signal signal;
  timer.async_wait(asio::bind_cancellation_slot(signal.slot(), [](const asio::error_code&) {}));
  signal.emit(cancellation_type::none);
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_EQ(timer.cancel(), 1u);
}

TEST(Cancellation, AfterTheEndDoesNothing) {
  asio::io_context context;
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  asio::cancellation_signal signal;
  int calls = 0;
  timer.async_wait(asio::bind_cancellation_slot(signal.slot(), [&](const asio::error_code& ec) {
    EXPECT_FALSE(ec);
    ++calls;
  }));
  context.run();
  signal.emit(cancellation_type::all);
  context.restart();
  context.run();
  EXPECT_EQ(calls, 1);
}

struct CancelledRead : testing::Test {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket client{context};
  asio::ip::tcp::socket server{context};
  asio::cancellation_signal signal;
  asio::error_code code;
  std::size_t got = 99;

  void SetUp() override {
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
  }
  auto cancellable() {
    return asio::bind_cancellation_slot(signal.slot(),
                                        [this](const asio::error_code& ec, std::size_t n) {
                                          code = ec;
                                          got = n;
                                        });
  }
};

TEST_F(CancelledRead, LeavesTheOthersAlone) {
  char bytes[2] = {};
  std::size_t other = 0;
  server.async_read_some(asio::buffer(bytes, 1), cancellable());
  server.async_read_some(asio::buffer(bytes + 1, 1),
                         [&](const asio::error_code& ec, std::size_t n) {
                           EXPECT_FALSE(ec);
                           other = n;
                         });
  context.poll();
  signal.emit(cancellation_type::total);
  asio::write(client, asio::buffer("x", 1));
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  EXPECT_EQ(got, 0u);
  EXPECT_EQ(other, 1u);
  EXPECT_EQ(bytes[1], 'x');
}

TEST_F(CancelledRead, OfManyStepsSaysHowFarItCame) {
  char bytes[8];
  asio::async_read(server, asio::buffer(bytes), cancellable());
  asio::write(client, asio::buffer("abc", 3));
  while (server.available() != 0) context.run_one();
  context.poll();
  signal.emit(cancellation_type::partial);
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  EXPECT_EQ(got, 3u);
}

TEST_F(CancelledRead, OfManyStepsHasNoTotalCancellation) {
  char bytes[4];
  asio::async_read(server, asio::buffer(bytes), cancellable());
  context.poll();
  signal.emit(cancellation_type::total);
  asio::write(client, asio::buffer("abcd", 4));
  context.run();
  EXPECT_FALSE(code);
  EXPECT_EQ(got, 4u);
}

}  // namespace
