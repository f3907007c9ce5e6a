// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <type_traits>
#include <typeinfo>

#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/generic/datagram_protocol.h"
#include "net/generic/raw_protocol.h"
#include "net/generic/seq_packet_protocol.h"
#include "net/generic/stream_protocol.h"
#include "net/io_context.h"
#include "net/ip/icmp.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"
#include "net/local/seq_packet_protocol.h"
#include "net/local/stream_protocol.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"

namespace {

using net::generic::datagram_protocol;
using net::generic::raw_protocol;
using net::generic::seq_packet_protocol;
using net::generic::stream_protocol;
using net::ip::tcp;
using net::ip::udp;
using endpoint = stream_protocol::endpoint;

TEST(GenericProtocol, IsMadeFromOneOfItsType) {
  const stream_protocol numbers(AF_INET, IPPROTO_TCP);
  EXPECT_EQ(numbers, stream_protocol(tcp::v4()));
  EXPECT_NE(numbers, stream_protocol(tcp::v6()));
  EXPECT_EQ(numbers.type(), SOCK_STREAM);
  EXPECT_EQ(datagram_protocol(udp::v6()), datagram_protocol(AF_INET6, IPPROTO_UDP));
  EXPECT_EQ(raw_protocol(net::ip::icmp::v6()), raw_protocol(AF_INET6, IPPROTO_ICMPV6));
  EXPECT_EQ(seq_packet_protocol(net::local::seq_packet_protocol()),
            seq_packet_protocol(AF_UNIX, 0));
  EXPECT_EQ(datagram_protocol(udp::v4()).type(), SOCK_DGRAM);
  EXPECT_EQ(raw_protocol(AF_INET, 1).type(), SOCK_RAW);
  EXPECT_EQ(seq_packet_protocol(AF_UNIX, 0).type(), SOCK_SEQPACKET);
}

TEST(GenericProtocol, RefusesOneOfAnotherType) {
  EXPECT_THROW((void)stream_protocol(udp::v4()), std::bad_cast);
  EXPECT_THROW((void)datagram_protocol(tcp::v4()), std::bad_cast);
  EXPECT_THROW((void)raw_protocol(tcp::v4()), std::bad_cast);
  EXPECT_THROW((void)seq_packet_protocol(net::local::stream_protocol()), std::bad_cast);
  static_assert(!std::is_convertible_v<int, stream_protocol>, "what is no protocol at all");
}

TEST(GenericEndpoint, IsMadeFromAnyOther) {
  const tcp::endpoint source(net::ip::address_v6::loopback(), 80);
  const endpoint copy = source;
  EXPECT_EQ(copy.size(), source.size());
  EXPECT_EQ(std::memcmp(copy.data(), source.data(), source.size()), 0);
  EXPECT_EQ(copy.protocol(), stream_protocol(tcp::v6()));
  EXPECT_EQ(endpoint(source.data(), source.size()), copy)
      << "the protocol's number is not compared";
  EXPECT_EQ(endpoint(source.data(), source.size(), 17).protocol().protocol(), 17);
  const net::local::stream_protocol::endpoint path("/run/it");
  EXPECT_EQ(endpoint(path).protocol(), stream_protocol(AF_UNIX, 0));
  static_assert(!std::is_convertible_v<int, endpoint>, "what is no endpoint at all");
}

TEST(GenericEndpoint, IsFilledByTheKernel) {
  const udp::endpoint source(net::ip::address_v4::loopback(), 53);
  datagram_protocol::endpoint filled;
  EXPECT_EQ(filled.size(), 0U);
  EXPECT_EQ(filled.protocol().family(), AF_UNSPEC);
  filled.resize(filled.capacity());
  std::memcpy(filled.data(), source.data(), source.size());
  filled.resize(source.size());
  EXPECT_EQ(filled, datagram_protocol::endpoint(source));
  EXPECT_EQ(filled.protocol(), datagram_protocol(AF_INET, 0)) << "which the kernel does not tell";
  EXPECT_EQ(filled.capacity(), sizeof(::sockaddr_storage));
  EXPECT_THROW(filled.resize(filled.capacity() + 1), net::system_error);
  char large[sizeof(::sockaddr_storage) + 1] = {};
  EXPECT_THROW(endpoint(large, sizeof(large)), net::system_error);
}

TEST(GenericEndpoint, IsOrderedByProtocolThenBytesThenSize) {
  const char low[] = {1, 0, 1};
  const char high[] = {1, 0, 2};
  EXPECT_LT(endpoint(low, 3), endpoint(high, 3));
  EXPECT_LT(endpoint(low, 2), endpoint(low, 3));
  EXPECT_LT(endpoint(high, 3, 1), endpoint(low, 3, 2));
  EXPECT_GE(endpoint(low, 3), endpoint(low, 3));
  EXPECT_NE(endpoint(low, 2), endpoint(low, 3));
}

TEST(GenericStream, ReachesAnAcceptorOfTcp) {
  net::io_context context;
  tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
  net::basic_stream_socket<stream_protocol> socket(context);
  socket.connect(acceptor.local_endpoint());
  tcp::socket accepted = acceptor.accept();
  EXPECT_EQ(endpoint(accepted.remote_endpoint()), socket.local_endpoint());
  EXPECT_EQ(socket.remote_endpoint(), endpoint(acceptor.local_endpoint()));
  EXPECT_EQ(socket.write_some(net::buffer("it", 2)), 2U);
  char got[2];
  EXPECT_EQ(accepted.read_some(net::buffer(got)), 2U);
}

}  // namespace
