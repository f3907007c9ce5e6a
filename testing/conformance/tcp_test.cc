// SPDX-License-Identifier: BSL-1.0
//
// TCP sockets and acceptors: results, error codes, what is cancelled, and what is left of an object that
// was moved from. What run() returns is not asked here: with Asio, an event of the kernel counts as a
// handler.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace {

using asio::ip::tcp;

const tcp::endpoint anywhere(asio::ip::address_v4::loopback(), 0);

// Two sockets that are connected.
struct Tcp : testing::Test {
  asio::io_context context;
  tcp::acceptor acceptor{context, anywhere};
  tcp::socket client{context};
  tcp::socket server{context};

  void SetUp() override {
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
  }
};

// --- Connecting and accepting ---------------------------------------------------------------------

TEST_F(Tcp, EndpointsMirrorEachOther) {
  EXPECT_EQ(client.remote_endpoint(), server.local_endpoint());
  EXPECT_EQ(client.local_endpoint(), server.remote_endpoint());
  EXPECT_EQ(client.remote_endpoint(), acceptor.local_endpoint());
}

TEST(TcpConnect, OpensTheSocket) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  tcp::socket socket(context);
  EXPECT_FALSE(socket.is_open());
  bool connected = false;
  socket.async_connect(acceptor.local_endpoint(),
                       [&](const asio::error_code& ec) { connected = !ec; });
  EXPECT_TRUE(socket.is_open());
  context.run();
  EXPECT_TRUE(connected);
}

TEST(TcpConnect, IsRefusedWhereNobodyListens) {
  asio::io_context context;
  tcp::endpoint nobody;
  {
    tcp::acceptor acceptor(context, anywhere);
    nobody = acceptor.local_endpoint();
  }
  tcp::socket socket(context);
  asio::error_code ec;
  socket.connect(nobody, ec);
  EXPECT_EQ(ec, asio::error::connection_refused);
  EXPECT_TRUE(socket.is_open());
  tcp::socket other(context);
  EXPECT_THROW(other.connect(nobody), asio::system_error);
  tcp::socket third(context);
  asio::error_code code;
  third.async_connect(nobody, [&](const asio::error_code& failed) { code = failed; });
  context.run();
  EXPECT_EQ(code, asio::error::connection_refused);
}

TEST(TcpAccept, HandsOverTheSocket) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  tcp::socket client(context);
  client.connect(acceptor.local_endpoint());
  bool accepted = false;
  acceptor.async_accept([&](const asio::error_code& ec, tcp::socket server) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(server.remote_endpoint(), client.local_endpoint());
    accepted = true;
  });
  context.run();
  EXPECT_TRUE(accepted);
}

TEST(TcpAccept, ACancelledOneHandsOverAClosedSocket) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  asio::error_code code;
  acceptor.async_accept([&](const asio::error_code& ec, tcp::socket server) {
    code = ec;
    EXPECT_FALSE(server.is_open());
  });
  acceptor.cancel();
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST(TcpAcceptor, ListensWhereItWasTold) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  EXPECT_NE(acceptor.local_endpoint().port(), 0);
  asio::error_code ec;
  tcp::acceptor other(context);
  other.open(tcp::v4());
  other.bind(acceptor.local_endpoint(), ec);
  EXPECT_EQ(ec, asio::error::address_in_use);
  other.open(tcp::v4(), ec);
  EXPECT_EQ(ec, asio::error::already_open);
}

TEST(TcpAcceptor, ReusesItsAddressUnlessTold) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  tcp::acceptor::reuse_address reuse;
  acceptor.get_option(reuse);
  EXPECT_TRUE(reuse.value());
  tcp::acceptor other(context, anywhere, false);
  other.get_option(reuse);
  EXPECT_FALSE(reuse.value());
}

// --- Reading and writing --------------------------------------------------------------------------

TEST_F(Tcp, TheEndOfTheStreamIsEof) {
  client.close();
  char byte;
  asio::error_code ec;
  EXPECT_EQ(server.read_some(asio::buffer(&byte, 1), ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  asio::error_code code;
  server.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code& failed, std::size_t n) {
                           code = failed;
                           EXPECT_EQ(n, 0u);
                         });
  context.run();
  EXPECT_EQ(code, asio::error::eof);
}

TEST_F(Tcp, WhatWasSentBeforeTheEndIsReadFirst) {
  asio::write(client, asio::buffer("ab", 2));
  client.shutdown(tcp::socket::shutdown_send);
  std::array<char, 8> bytes;
  asio::error_code ec;
  EXPECT_EQ(asio::read(server, asio::buffer(bytes), ec), 2u);
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(std::string(bytes.data(), 2), "ab");
}

TEST_F(Tcp, ANoBytesReadSucceedsAtOnce) {
  asio::error_code ec = asio::error::eof;
  EXPECT_EQ(server.read_some(asio::mutable_buffer(), ec), 0u);
  EXPECT_FALSE(ec);
  int ended = 0;
  server.async_read_some(asio::mutable_buffer(),
                         [&](const asio::error_code& failed, std::size_t n) {
                           EXPECT_FALSE(failed);
                           EXPECT_EQ(n, 0u);
                           ++ended;
                         });
  EXPECT_EQ(ended, 0);
  context.run();
  EXPECT_EQ(ended, 1);
}

TEST_F(Tcp, ANoBytesWriteSucceedsAtOnce) {
  asio::error_code ec = asio::error::eof;
  EXPECT_EQ(client.write_some(asio::const_buffer(), ec), 0u);
  EXPECT_FALSE(ec);
  int ended = 0;
  client.async_write_some(asio::const_buffer(), [&](const asio::error_code& failed, std::size_t n) {
    EXPECT_FALSE(failed);
    EXPECT_EQ(n, 0u);
    ++ended;
  });
  context.run();
  EXPECT_EQ(ended, 1);
}

TEST_F(Tcp, AReadTakesWhatIsThere) {
  asio::write(client, asio::buffer("hello", 5));
  std::array<char, 64> bytes;
  EXPECT_EQ(server.read_some(asio::buffer(bytes)), 5u);
  EXPECT_EQ(std::string(bytes.data(), 5), "hello");
}

TEST_F(Tcp, ReadsScatterAndWritesGather) {
  const std::array<asio::const_buffer, 2> out = {asio::buffer("ab", 2), asio::buffer("cde", 3)};
  EXPECT_EQ(client.write_some(out), 5u);
  char first[3];
  char second[4];
  const std::array<asio::mutable_buffer, 2> in = {asio::buffer(first), asio::buffer(second)};
  EXPECT_EQ(asio::read(server, in, asio::transfer_at_least(5)), 5u);
  EXPECT_EQ(std::string(first, 3), "abc");
  EXPECT_EQ(std::string(second, 2), "de");
}

TEST_F(Tcp, ACompletionThatNeedsNoWaitIsNotInline) {
  asio::write(client, asio::buffer("x", 1));
  char byte = 0;
  int read = 0;
  int written = 0;
  asio::post(context, [&] {
    server.async_read_some(asio::buffer(&byte, 1),
                           [&](const asio::error_code&, std::size_t n) { read += n; });
    server.async_write_some(asio::buffer("y", 1),
                            [&](const asio::error_code&, std::size_t n) { written += n; });
    EXPECT_EQ(read, 0);
    EXPECT_EQ(written, 0);
  });
  context.run();
  EXPECT_EQ(read, 1);
  EXPECT_EQ(written, 1);
}

TEST_F(Tcp, ReadsOfOneSocketCompleteInTheirOrder) {
  char bytes[3];
  std::vector<int> ended;
  for (int i = 0; i != 3; ++i) {
    server.async_read_some(asio::buffer(bytes + i, 1),
                           [&ended, i](const asio::error_code& ec, std::size_t n) {
                             EXPECT_FALSE(ec);
                             EXPECT_EQ(n, 1u);
                             ended.push_back(i);
                           });
  }
  asio::write(client, asio::buffer("abc", 3));
  context.run();
  EXPECT_EQ(ended, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(std::string(bytes, 3), "abc");
}

TEST_F(Tcp, WritingToWhoHasGoneIsAnErrorAndNoSignal) {
  server.close();
  asio::error_code ec;
  for (int i = 0; i != 100 && !ec; ++i) client.write_some(asio::buffer("x", 1), ec);
  EXPECT_TRUE(ec == asio::error::broken_pipe || ec == asio::error::connection_reset) << ec;
}

TEST_F(Tcp, AnAbortiveCloseIsAReset) {
  client.set_option(tcp::socket::linger(true, 0));
  client.close();
  char byte;
  asio::error_code ec;
  server.read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::connection_reset);
}

TEST_F(Tcp, SendAndReceiveTakeFlags) {
  EXPECT_EQ(client.send(asio::buffer("hi", 2)), 2u);
  char bytes[2];
  EXPECT_EQ(server.receive(asio::buffer(bytes), tcp::socket::message_peek), 2u);
  EXPECT_EQ(server.receive(asio::buffer(bytes)), 2u);
  EXPECT_EQ(std::string(bytes, 2), "hi");
}

TEST_F(Tcp, AvailableIsWhatCanBeRead) {
  EXPECT_EQ(server.available(), 0u);
  asio::write(client, asio::buffer("abc", 3));
  server.wait(tcp::socket::wait_read);
  EXPECT_EQ(server.available(), 3u);
}

TEST_F(Tcp, AsyncWaitReportsReadinessAndReadsNothing) {
  asio::write(client, asio::buffer("abc", 3));
  int ended = 0;
  server.async_wait(tcp::socket::wait_read, [&](const asio::error_code& ec) {
    EXPECT_FALSE(ec);
    ++ended;
  });
  server.async_wait(tcp::socket::wait_write, [&](const asio::error_code& ec) {
    EXPECT_FALSE(ec);
    ++ended;
  });
  EXPECT_EQ(ended, 0);
  context.run();
  EXPECT_EQ(server.available(), 3u);
}

// --- Cancelling and closing -----------------------------------------------------------------------

TEST_F(Tcp, CancelEndsAllThatWaits) {
  char byte;
  std::vector<asio::error_code> codes;
  const auto handler = [&](const asio::error_code& ec, std::size_t n) {
    EXPECT_EQ(n, 0u);
    codes.push_back(ec);
  };
  server.async_read_some(asio::buffer(&byte, 1), handler);
  server.async_read_some(asio::buffer(&byte, 1), handler);
  server.cancel();
  EXPECT_TRUE(codes.empty());
  context.run();
  ASSERT_EQ(codes.size(), 2u);
  EXPECT_EQ(codes[0], asio::error::operation_aborted);
  EXPECT_EQ(codes[1], asio::error::operation_aborted);
  EXPECT_TRUE(server.is_open());
}

TEST_F(Tcp, CloseEndsAllThatWaits) {
  char byte;
  asio::error_code code;
  server.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code& ec, std::size_t) { code = ec; });
  server.close();
  EXPECT_FALSE(server.is_open());
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(Tcp, ItsEndEndsAllThatWaits) {
  char byte;
  asio::error_code code;
  {
    tcp::socket socket(std::move(server));
    socket.async_read_some(asio::buffer(&byte, 1),
                           [&](const asio::error_code& ec, std::size_t) { code = ec; });
  }
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(Tcp, CloseIsNoErrorTwice) {
  server.close();
  asio::error_code ec = asio::error::eof;
  server.close(ec);
  EXPECT_FALSE(ec);
}

TEST(TcpClosed, OperationsReportABadDescriptor) {
  asio::io_context context;
  tcp::socket socket(context);
  asio::error_code ec;
  char byte = 0;
  socket.read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.write_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.cancel(ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.local_endpoint(ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.remote_endpoint(ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.shutdown(tcp::socket::shutdown_both, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.set_option(tcp::no_delay(true), ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  socket.available(ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  EXPECT_THROW(socket.cancel(), asio::system_error);
  tcp::acceptor acceptor(context);
  acceptor.accept(socket, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  acceptor.listen(1, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
}

TEST(TcpClosed, AnAsyncReadReportsABadDescriptor) {
  asio::io_context context;
  tcp::socket socket(context);
  char byte;
  asio::error_code code;
  socket.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code& ec, std::size_t) { code = ec; });
  EXPECT_FALSE(code);
  context.run();
  EXPECT_EQ(code, asio::error::bad_descriptor);
}

TEST(TcpClosed, UnconnectedOnesSaySo) {
  asio::io_context context;
  tcp::socket socket(context, tcp::v4());
  asio::error_code ec;
  socket.remote_endpoint(ec);
  EXPECT_EQ(ec, asio::error::not_connected);
  socket.shutdown(tcp::socket::shutdown_send, ec);
  EXPECT_EQ(ec, asio::error::not_connected);
  char byte;
  socket.read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::not_connected);
}

TEST_F(Tcp, ShutdownEndsOneDirection) {
  client.shutdown(tcp::socket::shutdown_send);
  asio::error_code ec;
  client.write_some(asio::buffer("x", 1), ec);
  EXPECT_EQ(ec, asio::error::broken_pipe);
  EXPECT_EQ(asio::write(server, asio::buffer("y", 1)), 1u);
  char byte;
  EXPECT_EQ(client.read_some(asio::buffer(&byte, 1)), 1u);
  server.shutdown(tcp::socket::shutdown_receive);
  server.read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::eof);
}

// --- Objects --------------------------------------------------------------------------------------

TEST_F(Tcp, AMovedFromSocketIsClosedAndKeepsItsExecutor) {
  tcp::socket other(std::move(client));
  EXPECT_FALSE(client.is_open());
  EXPECT_TRUE(client.get_executor() == context.get_executor());
  EXPECT_EQ(other.remote_endpoint(), acceptor.local_endpoint());
  client.open(tcp::v4());
  EXPECT_TRUE(client.is_open());
}

TEST_F(Tcp, MoveAssignmentClosesTheTarget) {
  char byte;
  asio::error_code code;
  server.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code& ec, std::size_t) { code = ec; });
  const tcp::endpoint local = client.local_endpoint();
  server = std::move(client);
  EXPECT_EQ(server.local_endpoint(), local);
  EXPECT_FALSE(client.is_open());
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST_F(Tcp, SocketsMoveThroughTheirLowestLayer) {
  const tcp::endpoint local = client.local_endpoint();
  server.lowest_layer() = std::move(client.lowest_layer());
  EXPECT_EQ(server.local_endpoint(), local);
  EXPECT_FALSE(client.is_open());

  asio::basic_stream_socket<tcp, asio::io_context::executor_type> other(context, tcp::v4());
  server.lowest_layer() = std::move(other.lowest_layer());
  EXPECT_TRUE(server.is_open());
  EXPECT_FALSE(other.is_open());
}

TEST_F(Tcp, AMovedSocketKeepsItsPendingOperations) {
  char byte = 0;
  std::size_t got = 0;
  server.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code&, std::size_t n) { got = n; });
  tcp::socket other(std::move(server));
  asio::write(client, asio::buffer("x", 1));
  context.run();
  EXPECT_EQ(got, 1u);
}

TEST_F(Tcp, NonBlockingOperationsWouldBlock) {
  EXPECT_FALSE(server.non_blocking());
  server.non_blocking(true);
  EXPECT_TRUE(server.non_blocking());
  char byte;
  asio::error_code ec;
  EXPECT_EQ(server.read_some(asio::buffer(&byte, 1), ec), 0u);
  EXPECT_EQ(ec, asio::error::would_block);
  acceptor.non_blocking(true);
  tcp::socket another(context);
  acceptor.accept(another, ec);
  EXPECT_EQ(ec, asio::error::would_block);
}

TEST_F(Tcp, AsynchronousOperationsWaitAlthoughItDoesNotBlock) {
  server.non_blocking(true);
  char byte;
  std::size_t got = 0;
  server.async_read_some(asio::buffer(&byte, 1), [&](const asio::error_code& ec, std::size_t n) {
    EXPECT_FALSE(ec);
    got = n;
  });
  context.poll();
  EXPECT_EQ(got, 0u);
  asio::write(client, asio::buffer("x", 1));
  context.run();
  EXPECT_EQ(got, 1u);
}

TEST_F(Tcp, OptionsAreWhatWasSet) {
  tcp::no_delay no_delay(true);
  client.set_option(no_delay);
  tcp::no_delay read_back;
  client.get_option(read_back);
  EXPECT_TRUE(read_back.value());
  EXPECT_TRUE(static_cast<bool>(read_back));
  EXPECT_FALSE(!read_back);

  client.set_option(asio::socket_base::keep_alive(true));
  asio::socket_base::keep_alive keep_alive;
  client.get_option(keep_alive);
  EXPECT_TRUE(keep_alive.value());

  client.set_option(asio::socket_base::linger(true, 30));
  asio::socket_base::linger linger;
  client.get_option(linger);
  EXPECT_TRUE(linger.enabled());
  EXPECT_EQ(linger.timeout(), 30);
}

TEST_F(Tcp, TheLowestLayerIsTheSocket) {
  EXPECT_EQ(&client.lowest_layer(), &static_cast<tcp::socket::lowest_layer_type&>(client));
}

}  // namespace
