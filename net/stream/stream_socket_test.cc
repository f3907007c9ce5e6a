// SPDX-License-Identifier: BSL-1.0
//
// Sockets and the composed operations on them, in Asio's shape.
#include <chrono>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "net/io_context.h"
#include "net/ip/tcp.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"
#include "net/stream/read.h"
#include "net/stream/write.h"

namespace net {
namespace {

using ip::tcp;

class StreamSocket : public ::testing::Test {
 protected:
  StreamSocket() {
    client_.connect(address());
    acceptor_.accept(server_);
  }
  tcp::endpoint address() const { return acceptor_.local_endpoint(); }

  io_context context_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(ip::address_v4::loopback(), 0)};
  tcp::socket client_{context_};
  tcp::socket server_{context_};
};

TEST_F(StreamSocket, ReadsAndWritesSynchronously) {
  EXPECT_EQ(write(client_, buffer("hello", 5)), 5U);
  char data[5];
  EXPECT_EQ(read(server_, buffer(data)), 5U);
  EXPECT_EQ(std::string(data, 5), "hello");
  EXPECT_EQ(client_.local_endpoint(), server_.remote_endpoint());
  client_.close();
  error_code ec;
  EXPECT_EQ(server_.read_some(buffer(data), ec), 0U);
  EXPECT_EQ(ec, error::eof);
  EXPECT_THROW(read(server_, buffer(data)), system_error);
}

TEST_F(StreamSocket, MovesALotAsynchronously) {
  std::vector<char> sent(4 << 20, 'x');
  sent.back() = 'y';
  std::vector<char> received(sent.size());
  std::size_t read_bytes = 0;
  bool is_inside = true;
  async_write(client_, buffer(sent), [&](error_code ec, std::size_t n) {
    EXPECT_FALSE(is_inside) << "never from the initiating function";
    EXPECT_FALSE(ec);
    EXPECT_EQ(n, sent.size());
  });
  async_read(server_, buffer(received), [&](error_code ec, std::size_t n) {
    EXPECT_FALSE(ec);
    read_bytes = n;
  });
  is_inside = false;
  context_.run();
  EXPECT_EQ(read_bytes, sent.size());
  EXPECT_EQ(received, sent);
}

TEST_F(StreamSocket, ConditionsEndATransfer) {
  write(client_, buffer("0123456789", 10));
  char data[10];
  EXPECT_EQ(read(server_, buffer(data), transfer_exactly(4)), 4U);
  EXPECT_GE(read(server_, buffer(data), transfer_at_least(2)), 2U);
}

TEST_F(StreamSocket, CloseAndCancelAbortPendingOperations) {
  char data[5];
  std::vector<error_code> seen;
  const auto note = [&](error_code ec, std::size_t) { seen.push_back(ec); };
  server_.async_read_some(buffer(data), note);
  server_.cancel();
  context_.run();
  context_.restart();
  server_.async_read_some(buffer(data), note);
  server_.close();
  server_.async_read_some(buffer(data), note);
  context_.run();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0], error::operation_aborted);
  EXPECT_EQ(seen[1], error::operation_aborted);
  EXPECT_EQ(seen[2], error::bad_descriptor);
  error_code ec;
  server_.read_some(buffer(data), ec);
  EXPECT_EQ(ec, error::bad_descriptor);
}

TEST_F(StreamSocket, ADeadlineIsAnErrorOfItsOwn) {
  char data[5];
  error_code seen;
  server_.async_read_some(buffer(data), [&](error_code ec, std::size_t) { seen = ec; });
  server_.set_read_deadline(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  context_.run();
  EXPECT_EQ(seen, error::deadline_exceeded);
  EXPECT_NE(seen, error::operation_aborted);
}

TEST_F(StreamSocket, NonBlockingReportsInsteadOfWaiting) {
  server_.non_blocking(true);
  char data[5];
  error_code ec;
  server_.read_some(buffer(data), ec);
  EXPECT_EQ(ec, error::would_block);
  acceptor_.non_blocking(true);
  acceptor_.accept(ec);
  EXPECT_EQ(ec, error::would_block);
}

// Nothing would end it: whoever has a socket that is open does not look at the acceptor.
TEST_F(StreamSocket, AcceptingIntoOneThatIsOpenFailsAtOnce) {
  error_code seen;
  acceptor_.async_accept(server_, [&](error_code ec) { seen = ec; });
  EXPECT_FALSE(seen);
  EXPECT_EQ(context_.run(), 1U);
  EXPECT_EQ(seen, error::already_open);
  client_.close();
  client_.connect(address());
  EXPECT_TRUE(acceptor_.accept().is_open()) << "no connection was lost";
}

// A socket is not read before the kernel has said that there is something.
TEST_F(StreamSocket, CancellingTheFirstReadLeavesWhatIsThere) {
  write(client_, buffer("x", 1));
  char byte = 0;
  error_code seen;
  server_.async_read_some(buffer(&byte, 1), [&](error_code ec, std::size_t) { seen = ec; });
  server_.cancel();
  context_.run();
  EXPECT_EQ(seen, error::operation_aborted);
  EXPECT_EQ(server_.read_some(buffer(&byte, 1)), 1U);
  EXPECT_EQ(byte, 'x');
}

TEST_F(StreamSocket, HasOptions) {
  client_.set_option(tcp::no_delay(true));
  tcp::no_delay no_delay;
  client_.get_option(no_delay);
  EXPECT_TRUE(no_delay.value());
  client_.set_option(socket_base::linger(true, 0));
  socket_base::linger linger;
  client_.get_option(linger);
  EXPECT_TRUE(linger.enabled());
  EXPECT_EQ(linger.timeout(), 0);
}

// As Asio's: a program may hold sockets of several classes by what they have in common.
TEST_F(StreamSocket, MovesThroughItsBase) {
  tcp::socket other(context_);
  basic_socket<tcp>& base = other;
  base = std::move(client_.lowest_layer());
  EXPECT_FALSE(client_.is_open());
  EXPECT_EQ(other.remote_endpoint(), server_.local_endpoint());

  basic_stream_socket<tcp, io_context::executor_type> on_context(context_, tcp::v4());
  base = std::move(on_context.lowest_layer());
  EXPECT_FALSE(on_context.is_open());
  EXPECT_TRUE(other.is_open());
}

TEST_F(StreamSocket, WritingToAPeerThatIsGoneRaisesNoSignal) {
  client_.set_option(socket_base::linger(true, 0));
  client_.close();
  error_code ec;
  for (int i = 0; i < 3 && !ec; ++i) {
    write(server_, buffer("x", 1), ec);
    server_.wait(socket_base::wait_read);
  }
  EXPECT_TRUE(ec == error::broken_pipe || ec == error::connection_reset) << ec.message();
}

TEST_F(StreamSocket, AcceptsAsynchronously) {
  tcp::socket second(context_);
  tcp::socket accepted(context_);
  acceptor_.async_accept([&](error_code ec, tcp::socket socket) {
    EXPECT_FALSE(ec);
    accepted = std::move(socket);
  });
  second.async_connect(address(), [](error_code ec) { EXPECT_FALSE(ec); });
  EXPECT_EQ(context_.run(), 2U);
  EXPECT_EQ(accepted.remote_endpoint(), second.local_endpoint());
}

TEST_F(StreamSocket, RefusedConnectsAndBusyPortsSaySo) {
  const tcp::endpoint busy = address();
  error_code ec;
  tcp::acceptor other(context_);
  other.open(tcp::v4());
  other.bind(busy, ec);
  EXPECT_EQ(ec, error::address_in_use);
  acceptor_.close();
  tcp::socket refused(context_);
  refused.connect(busy, ec);
  EXPECT_EQ(ec, error::connection_refused);
}

TEST_F(StreamSocket, MayOutliveOperationsAndContext) {
  tcp::socket outlives(context_);
  {
    io_context other;
    tcp::socket inner(other);
    inner.connect(address());
    char data[1];
    inner.async_read_some(buffer(data), [](error_code, std::size_t) { ADD_FAILURE(); });
    other.poll();
  }
  EXPECT_FALSE(outlives.is_open());
}

}  // namespace
}  // namespace net
