// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "net/ip/tcp.h"

namespace net::ip {
namespace {

TEST(Address, ReadsWhatItWrites) {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::7",
                           "::ffff:1.2.3.4", "fe80::1%1"}) {
    const address parsed = make_address(text);
    EXPECT_EQ(make_address(parsed.to_string()), parsed) << text;
  }
  EXPECT_EQ(make_address("127.0.0.1").to_string(), "127.0.0.1");
  EXPECT_EQ(make_address("2001:0db8:0:0::7").to_string(), "2001:db8::7");
}

TEST(Address, RefusesWhatIsNoAddress) {
  for (const std::string text :
       {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", ":", ":::",
        "1::2::3", "::g", "::1%", "::1%no-such-interface", "[::1]", "localhost",
        "11111111111111111111111111111111111111111111111111111111111111"}) {
    error_code ec;
    make_address(text, ec);
    EXPECT_EQ(ec, error::invalid_argument) << '"' << text << '"';
    EXPECT_THROW(make_address(text), system_error) << '"' << text << '"';
  }
  error_code ec;
  make_address(std::string_view(), ec);
  EXPECT_EQ(ec, error::invalid_argument) << "no text at all";
  make_address(std::string("1.2.3.4\0", 8), ec);
  EXPECT_EQ(ec, error::invalid_argument) << "a terminator inside the text";
}

TEST(Address, KnowsItsKinds) {
  EXPECT_TRUE(make_address("127.1.2.3").is_loopback());
  EXPECT_TRUE(make_address("::1").is_loopback());
  EXPECT_TRUE(make_address("224.0.0.1").is_multicast());
  EXPECT_TRUE(make_address("ff02::1").is_multicast());
  EXPECT_TRUE(make_address("::").is_unspecified());
  EXPECT_TRUE(make_address_v6("::ffff:1.2.3.4").is_v4_mapped());
  EXPECT_FALSE(make_address_v6("::1").is_v4_mapped());
  EXPECT_THROW(make_address("::1").to_v4(), system_error);
  EXPECT_EQ(make_address_v4("1.2.3.4").to_uint(), 0x01020304U);
}

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
}

}  // namespace
}  // namespace net::ip
