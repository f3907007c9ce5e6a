// SPDX-License-Identifier: BSL-1.0
#include "net/ip/address.h"

#include <net/if.h>

#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_set>

#include "gtest/gtest.h"
#include "net/error.h"

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
       {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", ":",
        ":::", "1::2::3", "::g", "::1%", "::1%no-such-interface", "[::1]", "localhost",
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
  EXPECT_THROW(make_address("::1").to_v4(), bad_address_cast);
  EXPECT_EQ(make_address_v4("1.2.3.4").to_uint(), 0x01020304U);
}

TEST(AddressV6, KnowsHowFarItReaches) {
  EXPECT_TRUE(make_address_v6("fe80::1").is_link_local());
  EXPECT_TRUE(make_address_v6("fec0::1").is_site_local());
  EXPECT_FALSE(make_address_v6("fe80::1").is_site_local());
  EXPECT_TRUE(make_address_v6("ff01::1").is_multicast_node_local());
  EXPECT_TRUE(make_address_v6("ff02::1").is_multicast_link_local());
  EXPECT_TRUE(make_address_v6("ff05::1").is_multicast_site_local());
  EXPECT_TRUE(make_address_v6("ff08::1").is_multicast_org_local());
  EXPECT_TRUE(make_address_v6("ff0e::1").is_multicast_global());
  EXPECT_FALSE(make_address_v6("fe02::1").is_multicast_link_local());
}

TEST(AddressV6, IsWrittenWithItsScope) {
  EXPECT_EQ(make_address_v6("::1%7").to_string(), "::1%7");
  EXPECT_EQ(make_address_v6("::1%7").scope_id(), 7U);
  EXPECT_EQ(make_address_v6("::1%0"), address_v6::loopback());
  // Every network namespace has the interface lo.
  const scope_id_type lo = ::if_nametoindex("lo");
  ASSERT_NE(lo, 0U);
  EXPECT_EQ(make_address_v6("fe80::1%lo").scope_id(), lo);
  EXPECT_EQ(make_address_v6("fe80::1%lo").to_string(), "fe80::1%lo");
  EXPECT_EQ(make_address_v6("ff02::1%lo").to_string(), "ff02::1%lo");
  address_v6 named = address_v6::loopback();
  named.scope_id(lo);
  EXPECT_EQ(named.to_string(), "::1%" + std::to_string(lo)) << "a loopback needs no interface";
  EXPECT_NE(named, address_v6::loopback());
  EXPECT_LT(address_v6::loopback(), named);
}

TEST(AddressV6, IsMappedAndBack) {
  constexpr address_v6 mapped = make_address_v6(v4_mapped, address_v4(0x01020304));
  static_assert(mapped.is_v4_mapped());
  EXPECT_EQ(mapped.to_string(), "::ffff:1.2.3.4");
  EXPECT_EQ(make_address_v4(v4_mapped, mapped), address_v4(0x01020304));
  EXPECT_THROW(make_address_v4(v4_mapped, address_v6::loopback()), bad_address_cast);
}

TEST(Address, IsTakenAsTheKindItIs) {
  constexpr address v4 = address_v4::broadcast();
  address either = address_v6::loopback();
  EXPECT_TRUE(either.is_v6());
  EXPECT_EQ(either.to_v6(), address_v6::loopback());
  EXPECT_LT(v4, either) << "IPv4 comes first";
  EXPECT_EQ(either, address_v6::loopback());
  either = address_v4::broadcast();
  EXPECT_EQ(either, v4);
  try {
    (void)either.to_v6();
    ADD_FAILURE() << "IPv4 was taken for IPv6";
  } catch (const std::bad_cast& error) {
    EXPECT_STREQ(error.what(), "bad address cast");
  }
}

TEST(Address, IsReadFromTextOfEveryType) {
  error_code ec = error::eof;
  const std::string v4_text = "1.2.3.4";
  const address_v4 v4(0x01020304);
  EXPECT_EQ(make_address_v4("1.2.3.4"), v4);
  EXPECT_EQ(make_address_v4(v4_text), v4);
  EXPECT_EQ(make_address_v4(std::string_view(v4_text)), v4);
  EXPECT_EQ(make_address_v4("1.2.3.4", ec), v4);
  EXPECT_FALSE(ec) << "an old error is cleared";
  EXPECT_EQ(make_address_v4(v4_text, ec), v4);
  EXPECT_EQ(make_address_v4(v4.to_bytes()), v4);
  EXPECT_EQ(make_address_v4(v4.to_uint()), v4);
  const std::string v6_text = "::1";
  EXPECT_EQ(make_address_v6("::1"), address_v6::loopback());
  EXPECT_EQ(make_address_v6(v6_text), address_v6::loopback());
  EXPECT_EQ(make_address_v6("::1", ec), address_v6::loopback());
  EXPECT_EQ(make_address_v6(v6_text, ec), address_v6::loopback());
  EXPECT_EQ(make_address_v6(address_v6::loopback().to_bytes(), 3).scope_id(), 3U);
  EXPECT_EQ(make_address(v6_text), address_v6::loopback());
  EXPECT_EQ(make_address("1.2.3.4", ec), v4);
  EXPECT_EQ(make_address(v6_text, ec), address_v6::loopback());
  EXPECT_FALSE(ec);
}

TEST(Address, IsWrittenToStreamsOfAllCharacters) {
  std::ostringstream narrow;
  narrow << address_v4::loopback() << ' ' << address_v6::loopback() << ' '
         << make_address("::ffff:1.2.3.4");
  EXPECT_EQ(narrow.str(), "127.0.0.1 ::1 ::ffff:1.2.3.4");
  std::wostringstream wide;
  wide << address(address_v4::loopback());
  EXPECT_EQ(wide.str(), L"127.0.0.1");
}

TEST(Address, IsAKey) {
  const std::unordered_set<address> known = {address_v4::loopback(), address_v6::loopback()};
  EXPECT_EQ(known.count(make_address("127.0.0.1")), 1U);
  EXPECT_EQ(known.count(make_address("127.0.0.2")), 0U);
  EXPECT_EQ(std::hash<address_v4>()(address_v4::any()), std::hash<address_v4>()(address_v4()));
  EXPECT_NE(std::hash<address_v6>()(address_v6::any()),
            std::hash<address_v6>()(address_v6::loopback()));
}

}  // namespace
}  // namespace net::ip
