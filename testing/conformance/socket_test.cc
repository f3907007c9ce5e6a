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

}  // namespace
