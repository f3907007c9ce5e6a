// SPDX-License-Identifier: BSL-1.0
#include "net/ip/endpoint.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <sstream>
#include <type_traits>
#include <unordered_set>

#include "net/error.h"
#include "net/ip/icmp.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"

namespace {

using namespace net::ip;

TEST(Endpoint, IsAnAddressAndAPort) {
  const tcp::endpoint v4(make_address("127.0.0.1"), 80);
  EXPECT_EQ(v4.to_string(), "127.0.0.1:80");
  EXPECT_EQ(v4.port(), 80);
  EXPECT_EQ(v4.protocol(), tcp::v4());
  tcp::endpoint v6(make_address("::1"), 8080);
  EXPECT_EQ(v6.to_string(), "[::1]:8080");
  EXPECT_EQ(v6.protocol(), tcp::v6());
  v6.port(1);
  EXPECT_EQ(v6, tcp::endpoint(make_address("::1"), 1));
  EXPECT_NE(v4, v6);
  EXPECT_EQ(tcp::endpoint(tcp::v6(), 5).address(), make_address("::"));
  v6.address(make_address("1.2.3.4"));
  EXPECT_EQ(v6.to_string(), "1.2.3.4:1") << "the port stays";
  EXPECT_EQ(tcp::endpoint().to_string(), "0.0.0.0:0");
}

TEST(Endpoint, IsAsLargeAsAnAddress) {
  static_assert(sizeof(tcp::endpoint) == sizeof(::sockaddr_in6));
  static_assert(std::is_trivially_copyable_v<tcp::endpoint>);
  static_assert(std::is_same_v<udp::endpoint::data_type, ::sockaddr>);
  EXPECT_EQ(udp::endpoint::capacity(), sizeof(::sockaddr_in6));
  EXPECT_EQ(udp::endpoint(udp::v4(), 0).size(), sizeof(::sockaddr_in));
  EXPECT_EQ(udp::endpoint(udp::v6(), 0).size(), sizeof(::sockaddr_in6));
}

TEST(Endpoint, IsFilledByTheKernel) {
  ::sockaddr_in6 from{};
  from.sin6_family = AF_INET6;
  from.sin6_port = htons(443);
  from.sin6_scope_id = 3;
  from.sin6_addr.s6_addr[0] = 0xfe;
  from.sin6_addr.s6_addr[1] = 0x80;
  udp::endpoint filled;
  ASSERT_LE(sizeof(from), filled.capacity());
  std::memcpy(filled.data(), &from, sizeof(from));
  filled.resize(sizeof(from));
  EXPECT_EQ(filled.size(), sizeof(from));
  EXPECT_EQ(filled.port(), 443);
  EXPECT_EQ(filled.address().to_v6().scope_id(), 3U);
  EXPECT_EQ(filled.protocol(), udp::v6());
  try {
    filled.resize(sizeof(::sockaddr_storage) + 1);
    ADD_FAILURE() << "an address larger than all";
  } catch (const net::system_error& error) {
    EXPECT_EQ(error.code(), net::error::invalid_argument);
  }
}

TEST(Endpoint, IsOrderedByAddressThenPort) {
  const tcp::endpoint low(address_v4(1), 9);
  EXPECT_LT(low, tcp::endpoint(address_v4(2), 1));
  EXPECT_LT(low, tcp::endpoint(address_v4(1), 10));
  EXPECT_LT(low, tcp::endpoint(address_v6::any(), 0));
  EXPECT_LE(low, low);
  EXPECT_GT(tcp::endpoint(address_v4(1), 10), low);
}

TEST(Endpoint, IsWrittenAndIsAKey) {
  std::ostringstream narrow;
  narrow << tcp::endpoint(address_v6::loopback(), 80);
  EXPECT_EQ(narrow.str(), "[::1]:80");
  std::wostringstream wide;
  wide << tcp::endpoint(address_v4::loopback(), 80);
  EXPECT_EQ(wide.str(), L"127.0.0.1:80");
  const std::unordered_set<tcp::endpoint> known = {{address_v4::loopback(), 80}};
  EXPECT_EQ(known.count({address_v4::loopback(), 80}), 1U);
  EXPECT_EQ(known.count({address_v4::loopback(), 81}), 0U);
}

TEST(Protocol, IsWhatSocketsAreMadeOf) {
  EXPECT_EQ(tcp::v4().family(), AF_INET);
  EXPECT_EQ(tcp::v6().type(), SOCK_STREAM);
  EXPECT_EQ(tcp::v6().protocol(), IPPROTO_TCP);
  EXPECT_EQ(udp::v6().family(), AF_INET6);
  EXPECT_EQ(udp::v4().type(), SOCK_DGRAM);
  EXPECT_EQ(udp::v4().protocol(), IPPROTO_UDP);
  EXPECT_EQ(icmp::v4().type(), SOCK_RAW);
  EXPECT_EQ(icmp::v4().protocol(), IPPROTO_ICMP);
  EXPECT_EQ(icmp::v6().protocol(), IPPROTO_ICMPV6);
  EXPECT_EQ(icmp::v6().family(), AF_INET6);
  EXPECT_NE(icmp::v4(), icmp::v6());
  EXPECT_NE(udp::v4(), udp::v6());
  EXPECT_EQ(icmp::endpoint(icmp::v6(), 0).protocol(), icmp::v6());
}

}  // namespace
