// SPDX-License-Identifier: BSL-1.0
//
// Networks, and the ranges of addresses in them.
#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "net/error.h"
#include "net/ip/address_iterator.h"
#include "net/ip/address_range.h"
#include "net/ip/network_v4.h"
#include "net/ip/network_v6.h"

namespace {

using namespace net::ip;

TEST(AddressIterator, CarriesFromByteToByte) {
  address_v4_iterator v4 = make_address_v4("10.0.255.255");
  EXPECT_EQ(*v4++, make_address_v4("10.0.255.255"));
  EXPECT_EQ(*v4, make_address_v4("10.1.0.0"));
  EXPECT_EQ(*v4--, make_address_v4("10.1.0.0"));
  EXPECT_EQ(*--v4, make_address_v4("10.0.255.254"));
  EXPECT_TRUE(v4->to_uint() == 0x0a00fffe);

  address_v6_iterator v6 = make_address_v6("2001:db8::ffff:ffff%4");
  EXPECT_EQ(*v6++, make_address_v6("2001:db8::ffff:ffff%4"));
  EXPECT_EQ(*v6, make_address_v6("2001:db8:0:0:0:1::%4")) << "with its scope";
  EXPECT_EQ(*v6--, make_address_v6("2001:db8:0:0:0:1::%4"));
  EXPECT_EQ(*--v6, make_address_v6("2001:db8::ffff:fffe%4"));
}

TEST(AddressIterator, GoesRound) {
  EXPECT_EQ(*++address_v4_iterator(address_v4::broadcast()), address_v4::any());
  EXPECT_EQ(*--address_v4_iterator(address_v4::any()), address_v4::broadcast());
  const address_v6 last = make_address_v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(*++address_v6_iterator(last), address_v6::any());
  EXPECT_EQ(*--address_v6_iterator(address_v6::any()), last);
}

TEST(AddressRange, HasWhatIsBetween) {
  EXPECT_TRUE(address_v4_range().empty());
  EXPECT_TRUE(address_v6_range().empty());
  const address_v4_range some(make_address_v4("1.2.3.4"), make_address_v4("1.2.3.7"));
  EXPECT_EQ(some.size(), 3U);
  EXPECT_EQ(std::distance(some.begin(), some.end()), 3);
  EXPECT_EQ(*some.find(make_address_v4("1.2.3.6")), make_address_v4("1.2.3.6"));
  EXPECT_EQ(some.find(make_address_v4("1.2.3.7")), some.end());
  EXPECT_EQ(some.find(make_address_v4("1.2.3.3")), some.end());
}

TEST(AddressRange, MayEndWithTheHighestAddress) {
  const address_v4_range top(make_address_v4("255.255.255.254"), address_v4::any());
  EXPECT_FALSE(top.empty());
  EXPECT_EQ(top.size(), 2U);
  EXPECT_EQ(*top.find(address_v4::broadcast()), address_v4::broadcast());
  EXPECT_EQ(top.find(address_v4::any()), top.end());
}

TEST(NetworkV4, HasItsParts) {
  const network_v4 some = make_network_v4("192.168.77.100/22");
  EXPECT_EQ(some.address().to_string(), "192.168.77.100");
  EXPECT_EQ(some.prefix_length(), 22);
  EXPECT_EQ(some.netmask().to_string(), "255.255.252.0");
  EXPECT_EQ(some.network().to_string(), "192.168.76.0");
  EXPECT_EQ(some.broadcast().to_string(), "192.168.79.255");
  EXPECT_EQ(some.canonical(), make_network_v4("192.168.76.0/22"));
  EXPECT_NE(some, some.canonical());
  EXPECT_FALSE(some.is_host());
  net::error_code ec = net::error::eof;
  EXPECT_EQ(some.to_string(ec), "192.168.77.100/22");
  EXPECT_FALSE(ec);
  EXPECT_EQ(network_v4().netmask(), address_v4::any());
  EXPECT_EQ(network_v4().broadcast(), address_v4::broadcast());
  EXPECT_EQ(make_network_v4(address_v4::loopback(), 8).network().to_string(), "127.0.0.0");
}

TEST(NetworkV4, HasHostsBetweenItsEnds) {
  const address_v4_range some = make_network_v4("10.0.0.3/24").hosts();
  EXPECT_EQ(some.size(), 254U);
  EXPECT_EQ(some.begin()->to_string(), "10.0.0.1");
  EXPECT_EQ(some.end()->to_string(), "10.0.0.255");
  EXPECT_TRUE(make_network_v4("10.0.0.0/31").hosts().empty());
  EXPECT_EQ(make_network_v4("255.255.255.255/32").hosts().size(), 1U);
}

TEST(NetworkV4, IsPartOfALargerOne) {
  EXPECT_TRUE(make_network_v4("10.1.2.0/24").is_subnet_of(make_network_v4("10.9.9.9/8")));
  EXPECT_TRUE(make_network_v4("10.1.2.0/24").is_subnet_of(network_v4()));
  EXPECT_FALSE(make_network_v4("10.1.2.0/24").is_subnet_of(make_network_v4("10.1.2.0/24")));
  EXPECT_FALSE(make_network_v4("10.0.0.0/8").is_subnet_of(make_network_v4("10.1.0.0/16")));
  EXPECT_FALSE(make_network_v4("11.1.2.0/24").is_subnet_of(make_network_v4("10.0.0.0/8")));
}

TEST(NetworkV4, IsMadeFromAMask) {
  const address_v4 address = address_v4::loopback();
  for (unsigned short length = 0; length <= 32; ++length) {
    const address_v4 mask = network_v4(address, length).netmask();
    EXPECT_EQ(make_network_v4(address, mask).prefix_length(), length);
  }
  EXPECT_THROW(network_v4(address, 33), std::out_of_range);
  EXPECT_THROW(network_v4(address, make_address_v4("255.255.253.0")), std::out_of_range);
  EXPECT_THROW(network_v4(address, make_address_v4("255.0.255.0")), std::invalid_argument);
  EXPECT_THROW(network_v4(address, make_address_v4("255.252.0.1")), std::invalid_argument);
}

TEST(NetworkV6, HasItsParts) {
  const network_v6 some = make_network_v6("2001:db8:ffff::1/45");
  EXPECT_EQ(some.address().to_string(), "2001:db8:ffff::1");
  EXPECT_EQ(some.prefix_length(), 45);
  EXPECT_EQ(some.network().to_string(), "2001:db8:fff8::");
  EXPECT_EQ(some.canonical().to_string(), "2001:db8:fff8::/45");
  net::error_code ec = net::error::eof;
  EXPECT_EQ(some.to_string(ec), "2001:db8:ffff::1/45");
  EXPECT_FALSE(ec);
  EXPECT_TRUE(make_network_v6(address_v6::loopback(), 128).is_host());
  EXPECT_EQ(network_v6(address_v6::loopback(), 128).network(), address_v6::loopback());
  EXPECT_EQ(network_v6(address_v6::loopback(), 0).network(), address_v6::any());
  EXPECT_THROW(network_v6(address_v6::loopback(), 129), std::out_of_range);
}

TEST(NetworkV6, HasHostsFromEndToEnd) {
  const address_v6_range some = make_network_v6("2001:db8::77/126").hosts();
  EXPECT_EQ(some.begin()->to_string(), "2001:db8::74");
  EXPECT_EQ(some.end()->to_string(), "2001:db8::78");
  EXPECT_EQ(std::distance(some.begin(), some.end()), 4);
  EXPECT_EQ(some.find(make_address_v6("2001:db8::78")), some.end());
  const address_v6_range host = make_network_v6("::1/128").hosts();
  EXPECT_EQ(std::distance(host.begin(), host.end()), 1);
}

TEST(NetworkV6, IsPartOfALargerOne) {
  const network_v6 large = make_network_v6("2001:db8::/32");
  EXPECT_TRUE(make_network_v6("2001:db8:1::/48").is_subnet_of(large));
  EXPECT_FALSE(large.is_subnet_of(large));
  EXPECT_FALSE(make_network_v6("2001:db9:1::/48").is_subnet_of(large));
  EXPECT_FALSE(make_network_v6("fe80::1%1/64").is_subnet_of(make_network_v6("fe80::%2/10")))
      << "of another scope";
}

TEST(Network, RefusesWhatIsNoNetwork) {
  for (const std::string text :
       {"", "/", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/ 8", "1.2.3.4/8 ", "1.2.3.4/-1",
        "1.2.3.4/+8", "1.2.3.4/8/8", "1.2.3/8", "/8", "1.2.3.4/4294967304",
        "1.2.3.4/99999999999999999999999", "::1", "::1/", "::1/129", "::1/8x", "::g/8"}) {
    net::error_code v4;
    EXPECT_EQ(make_network_v4(text, v4), network_v4()) << '"' << text << '"';
    EXPECT_EQ(v4, net::error::invalid_argument) << '"' << text << '"';
    net::error_code v6;
    EXPECT_EQ(make_network_v6(text, v6), network_v6()) << '"' << text << '"';
    EXPECT_EQ(v6, net::error::invalid_argument) << '"' << text << '"';
    EXPECT_THROW(make_network_v4(text), net::system_error);
    EXPECT_THROW(make_network_v6(text), net::system_error);
  }
}

TEST(Network, IsReadFromTextOfEveryTypeAndWritten) {
  const std::string v4 = "10.0.0.1/08";
  net::error_code ec = net::error::eof;
  EXPECT_EQ(make_network_v4(v4), make_network_v4(std::string_view(v4)));
  EXPECT_EQ(make_network_v4(v4.c_str(), ec), make_network_v4(v4, ec));
  EXPECT_FALSE(ec);
  const std::string v6 = "::1/64";
  EXPECT_EQ(make_network_v6(v6), make_network_v6(v6.c_str()));
  EXPECT_EQ(make_network_v6(v6.c_str(), ec), make_network_v6(v6, ec));
  std::ostringstream out;
  out << make_network_v4(v4) << ' ' << make_network_v6(v6);
  EXPECT_EQ(out.str(), "10.0.0.1/8 ::1/64");
}

}  // namespace
