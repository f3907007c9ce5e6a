// SPDX-License-Identifier: BSL-1.0
//
// Options and commands, on sockets of the kernel's.
#include "net/socket/socket_base.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <stdexcept>
#include <type_traits>

#include "net/error.h"
#include "net/io_context.h"
#include "net/ip/tcp.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"
#include "net/socket/io_control.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_option.h"
#include "netpoll/fd.h"

namespace {

using net::socket_base;
using net::ip::tcp;

class SocketOption : public ::testing::Test {
 protected:
  template <typename Option>
  void expect_to_keep(const Option& value) {
    socket_.set_option(value);
    Option got;
    socket_.get_option(got);
    EXPECT_EQ(got.value(), value.value());
  }
  template <typename Option>
  void expect_to_keep_both() {
    expect_to_keep(Option(true));
    expect_to_keep(Option(false));
  }

  net::io_context context_;
  tcp::socket socket_{context_, tcp::v4()};
};

TEST_F(SocketOption, IsKeptByTheKernel) {
  expect_to_keep_both<socket_base::reuse_address>();
  expect_to_keep_both<socket_base::keep_alive>();
  expect_to_keep_both<socket_base::do_not_route>();
  expect_to_keep_both<socket_base::out_of_band_inline>();
  expect_to_keep_both<socket_base::broadcast>();
  expect_to_keep_both<tcp::no_delay>();
  expect_to_keep(socket_base::receive_low_watermark(4096));
  expect_to_keep(net::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>(77));
  expect_to_keep(net::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>(true));
}

TEST_F(SocketOption, SizeOfABufferIsThatWhichWasSet) {
  expect_to_keep(socket_base::send_buffer_size(4096));
  expect_to_keep(socket_base::receive_buffer_size(4096));
}

TEST_F(SocketOption, LingerHasTwoParts) {
  socket_base::linger value;
  EXPECT_FALSE(value.enabled());
  value.enabled(true);
  value.timeout(60);
  socket_.set_option(value);
  socket_base::linger got;
  socket_.get_option(got);
  EXPECT_TRUE(got.enabled());
  EXPECT_EQ(got.timeout(), 60);
  socket_.set_option(socket_base::linger(false, 0));
  socket_.get_option(got);
  EXPECT_FALSE(got.enabled());
}

TEST_F(SocketOption, SendLowWatermarkIsFixed) {
  net::error_code ec;
  socket_.set_option(socket_base::send_low_watermark(4096), ec);
  EXPECT_EQ(ec, net::error::no_protocol_option);
  socket_base::send_low_watermark got;
  socket_.get_option(got);
  EXPECT_EQ(got.value(), 1);
}

TEST_F(SocketOption, OfTheLibraryIsKeptByTheSocketWhileItIsOpen) {
  expect_to_keep_both<socket_base::enable_connection_aborted>();
  socket_.set_option(socket_base::enable_connection_aborted(true));
  socket_.close();
  net::error_code ec;
  socket_base::enable_connection_aborted option;
  socket_.get_option(option, ec);
  EXPECT_EQ(ec, net::error::bad_descriptor);
  socket_.set_option(option, ec);
  EXPECT_EQ(ec, net::error::bad_descriptor);
  socket_.open(tcp::v6());
  socket_.get_option(option);
  EXPECT_FALSE(option);
}

TEST_F(SocketOption, OfTheLibraryThatIsNotThereIsRefused) {
  net::error_code ec;
  using other = net::socket_option::integer<net::internal::software_option_level, 77>;
  socket_.set_option(other(1), ec);
  EXPECT_EQ(ec, net::error::invalid_argument);
}

TEST_F(SocketOption, NeedsAnOpenSocket) {
  socket_.close();
  net::error_code ec;
  socket_.set_option(socket_base::keep_alive(true), ec);
  EXPECT_EQ(ec, net::error::bad_descriptor);
  socket_base::keep_alive option;
  EXPECT_THROW(socket_.get_option(option), net::system_error);
  socket_base::bytes_readable command;
  socket_.io_control(command, ec);
  EXPECT_EQ(ec, net::error::bad_descriptor);
}

TEST(NativeNonBlocking, OfAClosedSocketIsNotSet) {
  net::io_context context;
  tcp::socket socket(context, tcp::v4());
  socket.non_blocking(true);
  net::error_code seen;
  socket.native_non_blocking(false, seen);
  EXPECT_EQ(seen, net::error::invalid_argument);
  socket.close();
  socket.native_non_blocking(false, seen);
  EXPECT_EQ(seen, net::error::bad_descriptor);
}

TEST(SocketOptionValue, IsAssignedAndAsked) {
  socket_base::reuse_address flag;
  EXPECT_TRUE(!flag);
  flag = true;
  EXPECT_TRUE(flag);
  EXPECT_TRUE(static_cast<bool>(flag));
  static_assert(std::is_convertible_v<socket_base::reuse_address, bool>);
  static_assert(!std::is_convertible_v<bool, socket_base::reuse_address>);
  socket_base::send_buffer_size number(3);
  EXPECT_EQ(number.value(), 3);
  number = 4;
  EXPECT_EQ(number.value(), 4);
}

TEST(SocketOptionValue, HasTheKernelsSize) {
  const tcp protocol = tcp::v4();
  socket_base::reuse_address flag;
  *reinterpret_cast<unsigned char*>(flag.data(protocol)) = 2;
  flag.resize(protocol, 1);
  EXPECT_EQ(*flag.data(protocol), 1) << "some kernels give a byte";
  EXPECT_THROW(flag.resize(protocol, 2), std::length_error);
  EXPECT_THROW(socket_base::send_buffer_size().resize(protocol, 1), std::length_error);
  EXPECT_THROW(socket_base::linger().resize(protocol, 4), std::length_error);
}

TEST(IoControl, CountsWhatCanBeRead) {
  net::io_context context;
  tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
  tcp::socket one(context);
  one.connect(acceptor.local_endpoint());
  tcp::socket other = acceptor.accept();
  socket_base::bytes_readable command(7);
  EXPECT_EQ(command.get(), 7U);
  other.io_control(command);
  EXPECT_EQ(command.get(), 0U);
  one.write_some(net::buffer("four", 4));
  other.wait(socket_base::wait_read);
  other.io_control(command);
  EXPECT_EQ(command.get(), 4U);
  command.set(0);
  EXPECT_EQ(command.get(), 0U);
}

TEST(SocketBase, ConstantsAreTheKernels) {
  EXPECT_EQ(socket_base::shutdown_both, SHUT_RDWR);
  EXPECT_EQ(socket_base::message_peek, MSG_PEEK);
  EXPECT_EQ(socket_base::message_end_of_record, MSG_EOR);
  EXPECT_EQ(socket_base::max_listen_connections, SOMAXCONN);
}

}  // namespace
