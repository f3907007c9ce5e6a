// SPDX-License-Identifier: BSL-1.0
//
// What sockets have beside reading and writing: their descriptor, options, controls, urgent data.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/socket_base.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <string>
#include <utility>

namespace {

using asio::ip::tcp;

const tcp::endpoint anywhere(asio::ip::address_v4::loopback(), 0);

// Two sockets that are connected.
struct Socket : testing::Test {
  asio::io_context context;
  tcp::acceptor acceptor{context, anywhere};
  tcp::socket client{context};
  tcp::socket server{context};

  void SetUp() override {
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server);
  }
};

TEST(Accept, TellsThePeer) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  tcp::socket client(context);
  client.connect(acceptor.local_endpoint());
  tcp::endpoint peer;
  tcp::socket server = acceptor.accept(peer);
  EXPECT_EQ(peer, client.local_endpoint());
  EXPECT_TRUE(server.is_open());
}

TEST_F(Socket, ReleaseGivesTheDescriptorAway) {
  char byte;
  asio::error_code code;
  server.async_read_some(asio::buffer(&byte, 1),
                         [&](const asio::error_code& ec, std::size_t) { code = ec; });
  const int descriptor = server.release();
  EXPECT_GE(descriptor, 0);
  EXPECT_FALSE(server.is_open());
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
  tcp::socket again(context, tcp::v4(), descriptor);
  EXPECT_EQ(again.remote_endpoint(), client.local_endpoint());
}

TEST_F(Socket, AssignTakesADescriptor) {
  const int descriptor = server.release();
  tcp::socket again(context);
  again.assign(tcp::v4(), descriptor);
  EXPECT_EQ(again.native_handle(), descriptor);
  asio::error_code ec;
  again.assign(tcp::v4(), descriptor, ec);
  EXPECT_EQ(ec, asio::error::already_open);
}

TEST_F(Socket, EnableConnectionAbortedIsKeptByTheObject) {
  asio::socket_base::enable_connection_aborted option(true);
  acceptor.set_option(option);
  asio::socket_base::enable_connection_aborted read_back;
  acceptor.get_option(read_back);
  EXPECT_TRUE(read_back.value());
}

TEST_F(Socket, UrgentDataIsBesideTheStream) {
  asio::write(client, asio::buffer("a", 1));
  client.send(asio::buffer("!", 1), tcp::socket::message_out_of_band);
  server.wait(tcp::socket::wait_error);
  char byte = 0;
  EXPECT_EQ(server.receive(asio::buffer(&byte, 1), tcp::socket::message_out_of_band), 1u);
  EXPECT_EQ(byte, '!');
  EXPECT_FALSE(server.at_mark());
  EXPECT_EQ(server.read_some(asio::buffer(&byte, 1)), 1u);
  EXPECT_EQ(byte, 'a');
  EXPECT_TRUE(server.at_mark());
}

TEST_F(Socket, ASecondConnectFails) {
  asio::error_code ec;
  client.connect(acceptor.local_endpoint(), ec);
  EXPECT_EQ(ec, asio::error::already_connected);
}

// The kernel keeps twice what it is told, for its own use, and tells it so.
TEST_F(Socket, BufferSizesAreWhatWasSet) {
  client.set_option(asio::socket_base::receive_buffer_size(8192));
  asio::socket_base::receive_buffer_size size;
  client.get_option(size);
  EXPECT_EQ(size.value(), 8192);
}

TEST(Accept, OfASocketThatIsOpenFails) {
  asio::io_context context;
  tcp::acceptor acceptor(context, anywhere);
  tcp::socket socket(context);
  socket.open(tcp::v4());
  asio::error_code ec;
  acceptor.accept(socket, ec);
  EXPECT_EQ(ec, asio::error::already_open);
  asio::error_code code;
  acceptor.async_accept(socket, [&](const asio::error_code& failed) { code = failed; });
  EXPECT_FALSE(code);
  context.run();
  EXPECT_EQ(code, asio::error::already_open);
}

// --- Options and commands -------------------------------------------------------------------------

template <typename Option, typename Object>
auto read_back(Object& object) {
  Option option;
  object.get_option(option);
  return option.value();
}

TEST_F(Socket, FlagsAreWhatWasSet) {
  using base = asio::socket_base;
  client.set_option(base::keep_alive(true));
  EXPECT_TRUE(read_back<base::keep_alive>(client));
  client.set_option(base::do_not_route(true));
  EXPECT_TRUE(read_back<base::do_not_route>(client));
  client.set_option(base::out_of_band_inline(true));
  EXPECT_TRUE(read_back<base::out_of_band_inline>(client));
  client.set_option(base::reuse_address(true));
  EXPECT_TRUE(read_back<base::reuse_address>(client));
  client.set_option(tcp::no_delay(true));
  EXPECT_TRUE(read_back<tcp::no_delay>(client));
  client.set_option(base::receive_low_watermark(16));
  EXPECT_EQ(read_back<base::receive_low_watermark>(client), 16);
  asio::error_code ec;
  client.set_option(base::send_low_watermark(16), ec);
  EXPECT_TRUE(ec) << "nobody may";
}

TEST_F(Socket, LingerIsAFlagAndATime) {
  client.set_option(asio::socket_base::linger(true, 7));
  asio::socket_base::linger linger;
  client.get_option(linger);
  EXPECT_TRUE(linger.enabled());
  EXPECT_EQ(linger.timeout(), 7);
  linger.enabled(false);
  client.set_option(linger);
  client.get_option(linger);
  EXPECT_FALSE(linger.enabled());
}

TEST(SocketOption, IsAValue) {
  asio::socket_base::keep_alive flag(true);
  EXPECT_TRUE(static_cast<bool>(flag));
  EXPECT_FALSE(!flag);
  flag = false;
  EXPECT_FALSE(flag.value());
  asio::socket_base::send_buffer_size size(5);
  EXPECT_EQ(size.value(), 5);
  size = 6;
  EXPECT_EQ(size.value(), 6);
}

TEST(SocketOption, OfAClosedSocketIsABadDescriptor) {
  asio::io_context context;
  tcp::socket socket(context);
  asio::error_code ec;
  socket.set_option(asio::socket_base::keep_alive(true), ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  asio::socket_base::keep_alive flag;
  socket.get_option(flag, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  EXPECT_THROW(socket.set_option(flag), asio::system_error);
}

TEST_F(Socket, BytesReadableIsACommand) {
  asio::write(client, asio::buffer("abc", 3));
  server.wait(tcp::socket::wait_read);
  asio::socket_base::bytes_readable command;
  server.io_control(command);
  EXPECT_EQ(command.get(), 3u);
  tcp::socket closed(context);
  asio::error_code ec;
  closed.io_control(command, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
}

TEST_F(Socket, ModesAreOfTheObjectAndOfTheDescriptor) {
  EXPECT_FALSE(client.non_blocking());
  client.non_blocking(true);
  EXPECT_TRUE(client.non_blocking());
  client.non_blocking(false);
  client.native_non_blocking(true);
  EXPECT_TRUE(client.native_non_blocking());
  asio::error_code ec;
  client.non_blocking(true);
  client.native_non_blocking(false, ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  tcp::socket closed(context);
  closed.non_blocking(true, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
}

// --- What cannot be done --------------------------------------------------------------------------

TEST(SocketClosed, HasABadDescriptorForAll) {
  asio::io_context context;
  tcp::socket socket(context);
  const asio::error_code bad = asio::error::bad_descriptor;
  asio::error_code ec;
  socket.bind(anywhere, ec);
  EXPECT_EQ(ec, bad);
  socket.local_endpoint(ec);
  EXPECT_EQ(ec, bad);
  socket.remote_endpoint(ec);
  EXPECT_EQ(ec, bad);
  socket.available(ec);
  EXPECT_EQ(ec, bad);
  socket.at_mark(ec);
  EXPECT_EQ(ec, bad);
  socket.shutdown(tcp::socket::shutdown_both, ec);
  EXPECT_EQ(ec, bad);
  socket.cancel(ec);
  EXPECT_EQ(ec, bad);
  socket.wait(tcp::socket::wait_read, ec);
  EXPECT_EQ(ec, bad);
  tcp::acceptor acceptor(context);
  acceptor.listen(5, ec);
  EXPECT_EQ(ec, bad);
  acceptor.accept(ec);
  EXPECT_EQ(ec, bad);
  EXPECT_THROW(socket.cancel(), asio::system_error);
}

TEST(SocketClosed, AsynchronousOperationsSaySoLater) {
  asio::io_context context;
  tcp::socket socket(context);
  tcp::acceptor acceptor(context);
  int calls = 0;
  const auto expect_bad = [&](const asio::error_code& ec, const auto&...) {
    EXPECT_EQ(ec, asio::error::bad_descriptor);
    ++calls;
  };
  char byte;
  socket.async_read_some(asio::buffer(&byte, 1), expect_bad);
  socket.async_write_some(asio::buffer(&byte, 1), expect_bad);
  socket.async_wait(tcp::socket::wait_read, expect_bad);
  acceptor.async_accept(expect_bad);
  acceptor.async_wait(tcp::acceptor::wait_read, expect_bad);
  EXPECT_EQ(calls, 0);
  context.run();
  EXPECT_EQ(calls, 5);
}

TEST_F(Socket, OpenOnesAreNotOpenedAgain) {
  asio::error_code ec;
  client.open(tcp::v4(), ec);
  EXPECT_EQ(ec, asio::error::already_open);
  EXPECT_THROW(client.open(tcp::v6()), asio::system_error);
  client.close();
  client.open(tcp::v6(), ec);
  EXPECT_FALSE(ec);
}

TEST_F(Socket, AHalfThatIsShutDownIsTheEnd) {
  client.shutdown(tcp::socket::shutdown_receive);
  char byte;
  asio::error_code ec;
  EXPECT_EQ(client.read_some(asio::buffer(&byte, 1), ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  client.shutdown(tcp::socket::shutdown_send);
  client.write_some(asio::buffer("x", 1), ec);
  EXPECT_EQ(ec, asio::error::broken_pipe);
  EXPECT_EQ(server.read_some(asio::buffer(&byte, 1), ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  asio::write(server, asio::buffer("y", 1));
}

TEST_F(Socket, AListeningOneIsNotRead) {
  char byte;
  asio::error_code ec;
  tcp::socket unconnected(context, tcp::v4());
  unconnected.read_some(asio::buffer(&byte, 1), ec);
  EXPECT_EQ(ec, asio::error::not_connected);
  unconnected.remote_endpoint(ec);
  EXPECT_EQ(ec, asio::error::not_connected);
  unconnected.shutdown(tcp::socket::shutdown_both, ec);
  EXPECT_EQ(ec, asio::error::not_connected);
  EXPECT_EQ(unconnected.local_endpoint().port(), 0);
}

TEST_F(Socket, MovesToAnotherContextByItsDescriptor) {
  asio::io_context other;
  tcp::socket moved(other, tcp::v4(), server.release());
  std::size_t got = 0;
  char byte;
  moved.async_read_some(asio::buffer(&byte, 1),
                        [&](const asio::error_code&, std::size_t n) { got = n; });
  asio::write(client, asio::buffer("x", 1));
  EXPECT_EQ(context.run(), 0u);
  other.run();
  EXPECT_EQ(got, 1u);
}

TEST_F(Socket, ReleaseOfAClosedOneFails) {
  client.close();
  asio::error_code ec;
  client.release(ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
}

TEST_F(Socket, AssigningNoSocketFails) {
  asio::error_code ec;
  tcp::socket socket(context);
  socket.assign(tcp::v4(), -1, ec);
  EXPECT_TRUE(ec);
  EXPECT_FALSE(socket.is_open());
}

TEST_F(Socket, WritesCompleteInTheirOrder) {
  std::string order;
  client.async_write_some(asio::buffer("a", 1),
                          [&](const asio::error_code&, std::size_t) { order += 'a'; });
  client.async_write_some(asio::buffer("b", 1),
                          [&](const asio::error_code&, std::size_t) { order += 'b'; });
  client.async_wait(tcp::socket::wait_write, [&](const asio::error_code&) { order += 'w'; });
  context.run();
  EXPECT_EQ(order, "abw");
}

}  // namespace
