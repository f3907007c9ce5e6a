// SPDX-License-Identifier: BSL-1.0
#include "net/socket/basic_raw_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/generic/raw_protocol.h"
#include "net/io_context.h"
#include "net/ip/address_v4.h"
#include "net/ip/icmp.h"
#include "net/ip/udp.h"
#include "net/socket/basic_datagram_socket.h"

namespace {

using net::generic::raw_protocol;
using net::ip::icmp;

static_assert(!std::is_constructible_v<icmp::socket, net::ip::udp::socket>);
static_assert(!std::is_constructible_v<raw_protocol::socket, net::ip::udp::socket>,
              "a datagram socket is no raw one, whatever their protocols");

// In the unix domain raw sockets are datagram sockets, and open to everybody.
TEST(RawSocket, TransfersInEveryStyle) {
  net::io_context context;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_RAW, 0, ends), 0);
  raw_protocol::socket one(context, raw_protocol(AF_UNIX, 0), ends[0]);
  raw_protocol::socket other(context.get_executor());
  other.assign(raw_protocol(AF_UNIX, 0), ends[1]);
  std::array<char, 8> data{};
  std::error_code ec;
  one.send(net::buffer("abc", 3));
  one.send(net::buffer("defg", 4), 0);
  one.send(net::buffer("hi", 2), 0, ec);
  EXPECT_FALSE(ec);
  raw_protocol::endpoint sender;
  EXPECT_EQ(other.receive(net::buffer(data)), 3u);
  EXPECT_EQ(other.receive_from(net::buffer(data), sender), 4u);
  EXPECT_EQ(std::string_view(data.data(), other.receive(net::buffer(data))), "hi");

  std::size_t received = 0;
  other.async_receive_from(net::buffer(data), sender,
                           [&](std::error_code, std::size_t bytes) { received += bytes; });
  other.async_receive(net::buffer(data),
                      [&](std::error_code, std::size_t bytes) { received += bytes; });
  one.async_send(net::buffer("xy", 2),
                 [](std::error_code failed, std::size_t) { EXPECT_FALSE(failed); });
  one.async_send(net::buffer("z", 1), 0,
                 [](std::error_code failed, std::size_t) { EXPECT_FALSE(failed); });
  context.run();
  EXPECT_EQ(received, 3u);

  raw_protocol::socket::rebind_executor<net::io_context::executor_type>::other direct(context);
  raw_protocol::socket moved(std::move(direct));
  moved = std::move(other);
  one.send(net::buffer("m", 1));
  EXPECT_EQ(moved.receive(net::buffer(data)), 1u);
}

// The kernel answers who asks for an echo on the loopback; the packet comes with its header.
TEST(RawSocket, GetsAnEchoFromTheKernel) {
  net::io_context context;
  icmp::socket socket(context);
  std::error_code ec;
  socket.open(icmp::v4(), ec);
  if (ec == std::errc::operation_not_permitted || ec == std::errc::permission_denied) {
    GTEST_SKIP() << "raw sockets are for the privileged";
  }
  ASSERT_FALSE(ec) << ec.message();
  const icmp::endpoint host(net::ip::address_v4::loopback(), 0);
  ::icmphdr request{};
  request.type = ICMP_ECHO;
  request.un.echo.id = htons(0x6e70);
  // Of one's complement sums, with all other fields zero.
  request.checksum = static_cast<std::uint16_t>(
      ~static_cast<std::uint16_t>(htons(ICMP_ECHO << 8) + request.un.echo.id));
  socket.async_send_to(net::buffer(&request, sizeof(request)), host,
                       [](std::error_code failed, std::size_t bytes) {
                         EXPECT_FALSE(failed);
                         EXPECT_EQ(bytes, sizeof(request));
                       });
  socket.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  std::array<char, 256> data{};
  icmp::endpoint sender;
  ::icmphdr reply{};
  constexpr std::size_t header_bytes = 20;
  // What was sent arrives here, too.
  while (reply.type != ICMP_ECHOREPLY || reply.un.echo.id != request.un.echo.id) {
    std::size_t bytes = 0;
    socket.async_receive_from(net::buffer(data), sender,
                              [&](std::error_code failed, std::size_t received) {
                                ec = failed;
                                bytes = received;
                              });
    context.run();
    context.restart();
    if (ec == net::error::deadline_exceeded) {
      GTEST_SKIP() << "the kernel was told not to answer";
    }
    ASSERT_FALSE(ec);
    ASSERT_GE(bytes, header_bytes + sizeof(reply));
    std::memcpy(&reply, data.data() + header_bytes, sizeof(reply));
  }
  EXPECT_EQ(sender, host);
}

}  // namespace
