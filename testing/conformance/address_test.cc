// SPDX-License-Identifier: BSL-1.0
//
// Addresses, endpoints, networks and ranges: what is parsed, what is printed, and how they compare.
#include <gtest/gtest.h>

#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/address_v4_range.hpp>
#include <asio/ip/address_v6_range.hpp>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_set>

namespace {

using namespace asio::ip;

TEST(Address, V4IsParsedAndPrinted) {
  EXPECT_EQ(make_address_v4("127.0.0.1"), address_v4::loopback());
  EXPECT_EQ(make_address_v4("1.2.3.4").to_uint(), 0x01020304u);
  EXPECT_EQ(address_v4(0x01020304u).to_string(), "1.2.3.4");
  EXPECT_EQ(make_address_v4(address_v4::bytes_type{{10, 0, 0, 1}}).to_string(), "10.0.0.1");
  EXPECT_EQ(address_v4().to_string(), "0.0.0.0");
  EXPECT_EQ(address_v4::broadcast().to_string(), "255.255.255.255");
}

TEST(Address, WhatIsNoAddressIsAnError) {
  asio::error_code ec;
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.x", " 1.2.3.4"}) {
    make_address_v4(text, ec);
    EXPECT_EQ(ec, asio::error::invalid_argument) << text;
  }
  EXPECT_THROW(make_address("nonsense"), asio::system_error);
  make_address_v6(":::", ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  EXPECT_EQ(make_address_v4("1.2.3.4", ec).to_uint(), 0x01020304u);
  EXPECT_FALSE(ec);
}

TEST(Address, V6IsParsedAndPrinted) {
  EXPECT_EQ(make_address_v6("::1"), address_v6::loopback());
  EXPECT_EQ(address_v6().to_string(), "::");
  EXPECT_EQ(make_address_v6("2001:db8::1").to_string(), "2001:db8::1");
  EXPECT_EQ(make_address_v6("2001:0db8:0:0:0:0:0:0001").to_string(), "2001:db8::1");
  EXPECT_EQ(make_address_v6("::ffff:1.2.3.4").to_string(), "::ffff:1.2.3.4");
}

TEST(Address, ScopesAreNumbersOrInterfaces) {
  const address_v6 scoped = make_address_v6("fe80::1%1");
  EXPECT_EQ(scoped.scope_id(), 1u);
  EXPECT_EQ(make_address_v6("fe80::1%lo").scope_id(), 1u);
  EXPECT_EQ(scoped.to_string(), "fe80::1%lo");
  EXPECT_NE(scoped, make_address_v6("fe80::1"));
}

TEST(Address, KindsOfV4) {
  EXPECT_TRUE(make_address_v4("127.4.5.6").is_loopback());
  EXPECT_TRUE(make_address_v4("239.0.0.1").is_multicast());
  EXPECT_TRUE(address_v4::any().is_unspecified());
  EXPECT_FALSE(make_address_v4("10.0.0.1").is_loopback());
}

TEST(Address, KindsOfV6) {
  EXPECT_TRUE(make_address_v6("fe80::1").is_link_local());
  EXPECT_TRUE(make_address_v6("fec0::1").is_site_local());
  EXPECT_TRUE(make_address_v6("ff02::1").is_multicast());
  EXPECT_TRUE(make_address_v6("ff02::1").is_multicast_link_local());
  EXPECT_TRUE(make_address_v6("ff0e::1").is_multicast_global());
  EXPECT_TRUE(make_address_v6("::ffff:1.2.3.4").is_v4_mapped());
}

TEST(Address, V4AndV6ConvertWhereTheyCan) {
  const address_v6 mapped = make_address_v6(v4_mapped, make_address_v4("1.2.3.4"));
  EXPECT_EQ(mapped.to_string(), "::ffff:1.2.3.4");
  EXPECT_EQ(make_address_v4(v4_mapped, mapped).to_string(), "1.2.3.4");
  EXPECT_THROW(make_address_v4(v4_mapped, address_v6::loopback()), bad_address_cast);
  EXPECT_THROW(make_address("::1").to_v4(), bad_address_cast);
}

TEST(Address, EitherKind) {
  const address one = make_address("1.2.3.4");
  const address other = make_address("::1");
  EXPECT_TRUE(one.is_v4());
  EXPECT_TRUE(other.is_v6());
  EXPECT_TRUE(address().is_v4());
  EXPECT_LT(one, other);
  EXPECT_NE(one, other);
  std::ostringstream out;
  out << one << ' ' << other;
  EXPECT_EQ(out.str(), "1.2.3.4 ::1");
}

TEST(Address, CanBeKeys) {
  std::unordered_set<address> hashed{make_address("1.2.3.4"), make_address("::1"),
                                     make_address("1.2.3.4")};
  EXPECT_EQ(hashed.size(), 2u);
  std::set<address_v6> sorted{make_address_v6("::2"), make_address_v6("::1")};
  EXPECT_EQ(sorted.begin()->to_string(), "::1");
}

TEST(Endpoint, HasAddressPortAndProtocol) {
  const tcp::endpoint endpoint(make_address("1.2.3.4"), 80);
  EXPECT_EQ(endpoint.port(), 80);
  EXPECT_EQ(endpoint.protocol(), tcp::v4());
  EXPECT_EQ(tcp::endpoint(tcp::v6(), 80).address(), make_address("::"));
  std::ostringstream out;
  out << endpoint << ' ' << udp::endpoint(make_address("::1"), 53);
  EXPECT_EQ(out.str(), "1.2.3.4:80 [::1]:53");
  tcp::endpoint other;
  EXPECT_EQ(other.port(), 0);
  other.address(make_address("1.2.3.4"));
  other.port(80);
  EXPECT_EQ(other, endpoint);
  EXPECT_EQ(std::hash<tcp::endpoint>()(other), std::hash<tcp::endpoint>()(endpoint));
}

TEST(Endpoint, ComparesAddressThenPort) {
  EXPECT_LT(tcp::endpoint(make_address("1.1.1.1"), 9), tcp::endpoint(make_address("1.1.1.2"), 1));
  EXPECT_LT(tcp::endpoint(make_address("1.1.1.1"), 1), tcp::endpoint(make_address("1.1.1.1"), 2));
}

TEST(Network, HasHostsAndBounds) {
  const network_v4 network = make_network_v4("192.168.1.7/24");
  EXPECT_EQ(network.address().to_string(), "192.168.1.7");
  EXPECT_EQ(network.prefix_length(), 24);
  EXPECT_EQ(network.netmask().to_string(), "255.255.255.0");
  EXPECT_EQ(network.network().to_string(), "192.168.1.0");
  EXPECT_EQ(network.broadcast().to_string(), "192.168.1.255");
  EXPECT_EQ(network.canonical().to_string(), "192.168.1.0/24");
  EXPECT_EQ(std::distance(network.hosts().begin(), network.hosts().end()), 254);
  EXPECT_TRUE(make_network_v4("192.168.1.0/25").is_subnet_of(network));
  EXPECT_FALSE(network.is_subnet_of(network));
  EXPECT_TRUE(make_network_v4("1.2.3.4/32").is_host());
}

TEST(Network, WhatIsNoneIsAnError) {
  asio::error_code ec;
  for (const char* text : {"1.2.3.4", "1.2.3.4/33", "1.2.3.4/x", "1.2.3.4/", "/24"}) {
    make_network_v4(text, ec);
    EXPECT_TRUE(ec) << text;
  }
  EXPECT_THROW(network_v4(make_address_v4("1.2.3.4"), 33), std::out_of_range);
  EXPECT_THROW(make_network_v6("::1/129"), asio::system_error);
  EXPECT_EQ(make_network_v6("2001:db8::1/32").canonical().to_string(), "2001:db8::/32");
}

TEST(Range, GoesFromOneToBeforeAnother) {
  const address_v4_range range(make_address_v4("1.2.3.254"), make_address_v4("1.2.4.2"));
  std::string all;
  for (const address_v4& each : range) all += each.to_string() + " ";
  EXPECT_EQ(all, "1.2.3.254 1.2.3.255 1.2.4.0 1.2.4.1 ");
  EXPECT_EQ(range.size(), 4u);
  EXPECT_NE(range.find(make_address_v4("1.2.4.0")), range.end());
  EXPECT_EQ(range.find(make_address_v4("1.2.4.2")), range.end());
  EXPECT_TRUE(address_v6_range().empty());
}

}  // namespace
