// SPDX-License-Identifier: BSL-1.0
//
// Options that the two families have under different names, and the name of this machine.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

#include "net/error.h"
#include "net/ip/host_name.h"
#include "net/ip/multicast.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"
#include "net/ip/unicast.h"
#include "net/ip/v6_only.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace {

using namespace net::ip;

// A socket of the kernel's, without the library's sockets above it.
class Socket {
 public:
  explicit Socket(const udp& protocol)
      : protocol_(protocol),
        number_(static_cast<int>(
            netpoll::sys::socket(protocol.family(), protocol.type(), protocol.protocol()).value)) {}

  template <typename Option>
  int set(const Option& option) {
    return netpoll::sys::set_option(number_.get(), option.level(protocol_), option.name(protocol_),
                                    option.data(protocol_),
                                    static_cast<::socklen_t>(option.size(protocol_)))
        .error;
  }
  template <typename Option>
  Option get() {
    Option option;
    auto size = static_cast<::socklen_t>(option.size(protocol_));
    EXPECT_TRUE(netpoll::sys::get_option(number_.get(), option.level(protocol_),
                                         option.name(protocol_), option.data(protocol_), &size)
                    .ok());
    option.resize(protocol_, size);
    return option;
  }

 private:
  udp protocol_;
  netpoll::unique_fd number_;
};

class FamilyOption : public ::testing::TestWithParam<int> {
 protected:
  static udp protocol() { return GetParam() == 4 ? udp::v4() : udp::v6(); }
  Socket socket_{protocol()};
};
INSTANTIATE_TEST_SUITE_P(Families, FamilyOption, ::testing::Values(4, 6));

TEST_P(FamilyOption, HopsAreWhatWasSet) {
  EXPECT_GT(socket_.get<unicast::hops>().value(), 0);
  ASSERT_EQ(socket_.set(unicast::hops(7)), 0);
  EXPECT_EQ(socket_.get<unicast::hops>().value(), 7);
  unicast::hops more;
  EXPECT_EQ(more.value(), 0);
  more = 9;
  ASSERT_EQ(socket_.set(more), 0);
  EXPECT_EQ(socket_.get<unicast::hops>().value(), 9);
  EXPECT_EQ(socket_.get<multicast::hops>().value(), 1) << "of the other kind";
  ASSERT_EQ(socket_.set(multicast::hops(255)), 0);
  EXPECT_EQ(socket_.get<multicast::hops>().value(), 255);
  multicast::hops none;
  none = 0;
  ASSERT_EQ(socket_.set(none), 0);
  EXPECT_EQ(socket_.get<multicast::hops>().value(), 0);
}

TEST_P(FamilyOption, LoopbackIsOnUntilSetOff) {
  EXPECT_TRUE(socket_.get<multicast::enable_loopback>().value());
  multicast::enable_loopback off(true);
  off = false;
  EXPECT_TRUE(!off);
  ASSERT_EQ(socket_.set(off), 0);
  EXPECT_FALSE(socket_.get<multicast::enable_loopback>());
}

TEST_P(FamilyOption, GroupsAreJoinedAndLeft) {
  const char* const text = GetParam() == 4 ? "239.255.0.1" : "ff02::1234%lo";
  const address group = make_address(text);
  const multicast::join_group anywhere(group);
  // Without a route there is no interface to choose.
  const int joined = socket_.set(anywhere);
  if (joined == ENODEV || joined == EADDRNOTAVAIL) {
    GTEST_SKIP() << "this machine has no network for groups";
  }
  ASSERT_EQ(joined, 0);
  EXPECT_EQ(socket_.set(anywhere), EADDRINUSE) << "it is a member already";
  EXPECT_EQ(socket_.set(multicast::leave_group(group)), 0);
  EXPECT_EQ(socket_.set(multicast::leave_group(group)), EADDRNOTAVAIL);
}

TEST(MulticastHops, AreAByte) {
  EXPECT_THROW(multicast::hops(256), std::out_of_range);
  EXPECT_THROW(multicast::hops(-1), std::out_of_range);
  multicast::hops some(3);
  EXPECT_THROW(some = 256, std::out_of_range);
  EXPECT_EQ(some.value(), 3);
  EXPECT_THROW(some.resize(udp::v4(), 1), std::length_error);
}

TEST(MulticastRequest, IsWhatTheKernelTakes) {
  const multicast::join_group v4(make_address_v4("239.0.0.1"), make_address_v4("10.0.0.1"));
  ::ip_mreq small;
  ASSERT_EQ(v4.size(udp::v4()), sizeof(small));
  std::memcpy(&small, v4.data(udp::v4()), sizeof(small));
  EXPECT_EQ(ntohl(small.imr_multiaddr.s_addr), 0xef000001U);
  EXPECT_EQ(ntohl(small.imr_interface.s_addr), 0x0a000001U);
  EXPECT_EQ(v4.level(udp::v4()), IPPROTO_IP);
  EXPECT_EQ(v4.name(udp::v4()), IP_ADD_MEMBERSHIP);

  ::ipv6_mreq large;
  for (const multicast::join_group& v6 : {multicast::join_group(make_address("ff02::1%5")),
                                          multicast::join_group(make_address_v6("ff02::1%5")),
                                          multicast::join_group(make_address_v6("ff02::1%6"), 5)}) {
    ASSERT_EQ(v6.size(udp::v6()), sizeof(large));
    std::memcpy(&large, v6.data(udp::v6()), sizeof(large));
    EXPECT_EQ(large.ipv6mr_interface, 5U);
    EXPECT_EQ(large.ipv6mr_multiaddr.s6_addr[15], 1);
    EXPECT_EQ(v6.level(udp::v6()), IPPROTO_IPV6);
    EXPECT_EQ(v6.name(udp::v6()), IPV6_JOIN_GROUP);
  }
  EXPECT_EQ(multicast::leave_group().name(udp::v6()), IPV6_LEAVE_GROUP);
}

TEST(MulticastInterface, IsAnAddressOrANumber) {
  Socket v4(udp::v4());
  EXPECT_EQ(v4.set(multicast::outbound_interface(address_v4::loopback())), 0);
  Socket v6(udp::v6());
  EXPECT_EQ(v6.set(multicast::outbound_interface(1)), 0);
  EXPECT_EQ(v6.set(multicast::outbound_interface()), 0) << "whichever the kernel chooses";
}

TEST(V6Only, IsWhatWasSet) {
  Socket socket(udp::v6());
  ASSERT_EQ(socket.set(v6_only(true)), 0);
  EXPECT_TRUE(socket.get<v6_only>());
  ASSERT_EQ(socket.set(v6_only(false)), 0);
  EXPECT_FALSE(socket.get<v6_only>());
}

TEST(HostName, IsThatOfThisMachine) {
  char expected[256];
  ASSERT_EQ(::gethostname(expected, sizeof(expected)), 0);
  EXPECT_EQ(host_name(), expected);
  net::error_code ec = net::error::eof;
  EXPECT_EQ(host_name(ec), expected);
  EXPECT_FALSE(ec);
}

}  // namespace
