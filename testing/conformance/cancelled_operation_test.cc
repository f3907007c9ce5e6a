// SPDX-License-Identifier: BSL-1.0
//
// Cancelling one operation of several, by the slot of its handler.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read.hpp>
#include <asio/readable_pipe.hpp>
#include <asio/signal_set.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>
#include <asio/writable_pipe.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <string>

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

// --- One operation of each kind, by each type -----------------------------------------------------

class OfEachType : public testing::TestWithParam<cancellation_type> {
 protected:
  // An operation was begun with cancellable(), and waits.
  void expect_aborted() {
    context.restart();
    context.poll();
    EXPECT_FALSE(code);
    signal.emit(GetParam());
    context.restart();
    context.run();
    EXPECT_EQ(code, asio::error::operation_aborted);
    code.clear();
  }
  auto cancellable() {
    return asio::bind_cancellation_slot(
        signal.slot(), [this](const asio::error_code& ec, const auto&...) { code = ec; });
  }

  asio::io_context context;
  asio::cancellation_signal signal;
  asio::error_code code;
};

TEST_P(OfEachType, EndsWaitsForConnections) {
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket socket(context);
  acceptor.async_accept(cancellable());
  expect_aborted();
  acceptor.async_accept(socket, cancellable());
  expect_aborted();
  acceptor.async_wait(asio::socket_base::wait_read, cancellable());
  expect_aborted();
  socket.connect(acceptor.local_endpoint());
  EXPECT_TRUE(acceptor.accept().is_open()) << "nothing was lost";
}

TEST_P(OfEachType, EndsReadsAndWrites) {
  asio::local::stream_protocol::socket one(context);
  asio::local::stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  char byte;
  one.async_read_some(asio::buffer(&byte, 1), cancellable());
  expect_aborted();
  one.async_receive(asio::buffer(&byte, 1), cancellable());
  expect_aborted();
  one.async_wait(asio::socket_base::wait_read, cancellable());
  expect_aborted();
  one.non_blocking(true);
  const std::string much(1 << 16, 'x');
  asio::error_code full;
  while (!full) one.write_some(asio::buffer(much), full);
  one.async_write_some(asio::buffer(much), cancellable());
  expect_aborted();
}

TEST_P(OfEachType, EndsDatagramsPipesAndSignals) {
  using asio::ip::udp;
  udp::socket socket(context, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  char byte;
  udp::endpoint from;
  socket.async_receive_from(asio::buffer(&byte, 1), from, cancellable());
  expect_aborted();
  asio::readable_pipe in(context);
  asio::writable_pipe out(context);
  asio::connect_pipe(in, out);
  in.async_read_some(asio::buffer(&byte, 1), cancellable());
  expect_aborted();
  asio::posix::stream_descriptor descriptor(context, ::dup(in.native_handle()));
  descriptor.async_wait(asio::posix::descriptor_base::wait_read, cancellable());
  expect_aborted();
  asio::signal_set signals(context, SIGUSR1);
  signals.async_wait(cancellable());
  expect_aborted();
  asio::steady_timer timer(context, 1h);
  timer.async_wait(cancellable());
  expect_aborted();
}

INSTANTIATE_TEST_SUITE_P(Cancellation, OfEachType,
                         testing::Values(cancellation_type::terminal, cancellation_type::partial,
                                         cancellation_type::total, cancellation_type::all));

// A slot that is used again forgets what it was used for.
TEST(Cancellation, OfTheNextOperationByTheSameSlot) {
  asio::io_context context;
  asio::steady_timer first(context, 1h);
  asio::steady_timer second(context, 1h);
  asio::cancellation_signal signal;
  int aborted = 0;
  const auto handler = [&](const asio::error_code& ec) {
    aborted += ec == asio::error::operation_aborted;
  };
  first.async_wait(asio::bind_cancellation_slot(signal.slot(), handler));
  signal.emit(cancellation_type::all);
  EXPECT_EQ(context.run(), 1u);
  context.restart();
  second.async_wait(asio::bind_cancellation_slot(signal.slot(), handler));
  EXPECT_TRUE(signal.slot().has_handler());
  signal.emit(cancellation_type::all);
  context.run();
  EXPECT_EQ(aborted, 2);
}

TEST(Cancellation, BeforeTheStartDoesNothing) {
  asio::io_context context;
  asio::steady_timer timer(context, 1h);
  asio::cancellation_signal signal;
  signal.emit(cancellation_type::all);
  timer.async_wait(asio::bind_cancellation_slot(signal.slot(), [](const asio::error_code&) {}));
  EXPECT_EQ(context.poll(), 0u);
}

}  // namespace
