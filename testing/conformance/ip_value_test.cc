// SPDX-License-Identifier: BSL-1.0
//
// Ranges of addresses, what a resolver is asked and answers with, host names, and the options of ip.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v4_iterator.hpp>
#include <asio/ip/address_v4_range.hpp>
#include <asio/ip/address_v6.hpp>
#include <asio/ip/address_v6_iterator.hpp>
#include <asio/ip/address_v6_range.hpp>
#include <asio/ip/bad_address_cast.hpp>
#include <asio/ip/basic_endpoint.hpp>
#include <asio/ip/basic_resolver.hpp>
#include <asio/ip/basic_resolver_entry.hpp>
#include <asio/ip/basic_resolver_iterator.hpp>
#include <asio/ip/basic_resolver_query.hpp>
#include <asio/ip/basic_resolver_results.hpp>
#include <asio/ip/host_name.hpp>
#include <asio/ip/multicast.hpp>
#include <asio/ip/resolver_base.hpp>
#include <asio/ip/resolver_query_base.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/ip/unicast.hpp>
#include <asio/ip/v6_only.hpp>
#include <cstddef>
#include <iterator>
#include <sstream>
#include <string>
#include <typeinfo>
#include <vector>

namespace {

namespace ip = asio::ip;
using ip::tcp;
using ip::udp;

// --- Addresses in a row ---------------------------------------------------------------------------

TEST(AddressIterator, GoesToTheNextAddress) {
  ip::address_v4_iterator v4(ip::make_address_v4("10.0.0.255"));
  EXPECT_EQ((*v4++).to_string(), "10.0.0.255");
  EXPECT_EQ((*v4).to_string(), "10.0.1.0");
  EXPECT_EQ(v4->to_uint(), 0x0a000100u);
  --v4;
  EXPECT_TRUE(v4 == ip::address_v4_iterator(ip::make_address_v4("10.0.0.255")));
  ip::address_v6_iterator v6(ip::make_address_v6("::ffff:ffff"));
  EXPECT_EQ((*++v6).to_string(), ip::make_address_v6("::1:0:0").to_string());
  EXPECT_EQ((*--v6).to_string(), ip::make_address_v6("::ffff:ffff").to_string());
}

TEST(AddressRange, IsEmptyOrNot) {
  EXPECT_TRUE(ip::address_v4_range().empty());
  const ip::address_v4_range three(ip::make_address_v4("1.1.1.1"), ip::make_address_v4("1.1.1.4"));
  EXPECT_FALSE(three.empty());
  EXPECT_EQ(three.size(), 3u);
  EXPECT_EQ(std::distance(three.begin(), three.end()), 3);
  EXPECT_NE(three.find(ip::make_address_v4("1.1.1.2")), three.end());
  EXPECT_EQ(three.find(ip::make_address_v4("1.1.1.4")), three.end());
  const ip::address_v6_range two(ip::make_address_v6("::1"), ip::make_address_v6("::3"));
  EXPECT_EQ(std::distance(two.begin(), two.end()), 2);
  EXPECT_NE(two.find(ip::make_address_v6("::2")), two.end());
}

TEST(AddressCast, OfTheOtherKindFails) {
  EXPECT_THROW(ip::address(ip::address_v6::loopback()).to_v4(), ip::bad_address_cast);
  EXPECT_THROW(ip::address(ip::address_v4::loopback()).to_v6(), std::bad_cast);
  EXPECT_STRNE(ip::bad_address_cast().what(), "");
}

TEST(AddressV4, IsMadeOfBytesAndNumbers) {
  constexpr std::size_t count = 4;
  const ip::address_v4::bytes_type bytes = {{1, 2, 3, 4}};
  EXPECT_EQ(bytes.size(), count);
  EXPECT_EQ(ip::address_v4(bytes).to_uint(), 0x01020304u);
  EXPECT_EQ(ip::make_address_v4(0x01020304u).to_bytes(), bytes);
  EXPECT_EQ(ip::address_v4::broadcast().to_uint(), 0xffffffffu);
  EXPECT_TRUE(ip::address_v4::any().is_unspecified());
  asio::error_code ec;
  ip::make_address_v4("1.2.3", ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  EXPECT_THROW(ip::make_address_v6("1.2.3.4"), asio::system_error);
}

TEST(AddressV6, HasAScope) {
  ip::address_v6 address = ip::make_address_v6("fe80::1%5");
  EXPECT_EQ(address.scope_id(), 5u);
  address.scope_id(7);
  EXPECT_EQ(address.scope_id(), 7u);
  EXPECT_TRUE(address != ip::make_address_v6("fe80::1"));
  EXPECT_TRUE(ip::make_address_v6(ip::v4_mapped, ip::address_v4::loopback()).is_v4_mapped());
  EXPECT_TRUE(ip::make_address_v4(ip::v4_mapped, ip::make_address_v6("::ffff:127.0.0.1")) ==
              ip::address_v4::loopback());
  EXPECT_THROW(ip::make_address_v4(ip::v4_mapped, ip::address_v6::loopback()),
               ip::bad_address_cast);
}

TEST(IpEndpoint, PrintsItsAddressAndPort) {
  std::ostringstream out;
  out << tcp::endpoint(ip::address_v4::loopback(), 80) << ' '
      << udp::endpoint(ip::address_v6::loopback(), 53);
  EXPECT_EQ(out.str(), "127.0.0.1:80 [::1]:53");
  tcp::endpoint endpoint(tcp::v6(), 9);
  EXPECT_TRUE(endpoint.address().is_v6());
  EXPECT_EQ(endpoint.capacity(), sizeof(::sockaddr_in6));
  EXPECT_EQ(endpoint.size(), sizeof(::sockaddr_in6));
  endpoint.address(ip::address_v4::loopback());
  EXPECT_EQ(endpoint.size(), sizeof(::sockaddr_in));
  EXPECT_EQ(endpoint.port(), 9);
  EXPECT_THROW(endpoint.resize(1000), asio::system_error);
}

// --- Resolvers ------------------------------------------------------------------------------------

TEST(ResolverResults, AreARange) {
  const tcp::endpoint where(ip::address_v4::loopback(), 80);
  const auto one = tcp::resolver::results_type::create(where, "host", "service");
  ASSERT_EQ(one.size(), 1u);
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(one.begin()->endpoint(), where);
  EXPECT_EQ(one.begin()->host_name(), "host");
  EXPECT_EQ(one.begin()->service_name(), "service");
  EXPECT_EQ(std::distance(one.cbegin(), one.cend()), 1);
  tcp::endpoint converted = *one.begin();
  EXPECT_EQ(converted, where);
  EXPECT_TRUE(tcp::resolver::results_type().empty());
  EXPECT_TRUE(tcp::resolver::results_type() == tcp::resolver::results_type());
  EXPECT_EQ(tcp::resolver::results_type().max_size(), one.max_size());
  auto other = tcp::resolver::results_type();
  other = one;
  EXPECT_EQ(other.size(), 1u);
}

TEST(ResolverResults, OfSeveralKeepTheOrder) {
  const std::vector<tcp::endpoint> all = {{ip::address_v4::loopback(), 1},
                                          {ip::address_v6::loopback(), 2}};
  const auto some = tcp::resolver::results_type::create(all.begin(), all.end(), "h", "s");
  ASSERT_EQ(some.size(), 2u);
  auto it = some.begin();
  EXPECT_EQ(it++->endpoint(), all[0]);
  EXPECT_EQ(it->endpoint(), all[1]);
  EXPECT_TRUE(++it == some.end());
}

TEST(ResolverResults, OfALookUpHaveItsNames) {
  asio::io_context context;
  tcp::resolver resolver(context);
  const auto results = resolver.resolve(
      "127.0.0.1", "80", tcp::resolver::numeric_host | tcp::resolver::numeric_service);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results.begin()->host_name(), "127.0.0.1");
  EXPECT_EQ(results.begin()->service_name(), "80");
}

TEST(Resolver, TakesAProtocolAndFlags) {
  asio::io_context context;
  udp::resolver resolver(context);
  EXPECT_EQ(resolver.resolve(udp::v4(), "", "53", udp::resolver::passive).begin()->endpoint(),
            udp::endpoint(udp::v4(), 53));
  asio::error_code ec;
  const auto none = resolver.resolve(udp::v6(), "127.0.0.1", "53", ec);
  EXPECT_TRUE(ec);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(resolver.resolve(udp::v6(), "127.0.0.1", "53", udp::resolver::v4_mapped)
                .begin()
                ->endpoint()
                .address()
                .to_string(),
            "::ffff:127.0.0.1");
}

TEST(Resolver, CancelledBeforeItBeganIsAborted) {
  asio::io_context context;
  tcp::resolver resolver(context);
  int calls = 0;
  resolver.async_resolve("127.0.0.1", "80",
                         [&](const asio::error_code& ec, const tcp::resolver::results_type&) {
                           EXPECT_TRUE(!ec || ec == asio::error::operation_aborted);
                           ++calls;
                         });
  resolver.cancel();
  context.run();
  EXPECT_EQ(calls, 1);
}

TEST(HostName, IsTheKernels) {
  char name[256];
  ASSERT_EQ(::gethostname(name, sizeof name), 0);
  EXPECT_EQ(ip::host_name(), name);
  asio::error_code ec = asio::error::eof;
  EXPECT_EQ(ip::host_name(ec), name);
  EXPECT_FALSE(ec);
}

// --- Options --------------------------------------------------------------------------------------

template <typename Option, typename Socket>
auto read_back(Socket& socket) {
  Option option;
  socket.get_option(option);
  return option.value();
}

TEST(IpOption, OfUnicast) {
  asio::io_context context;
  udp::socket v4(context, udp::v4());
  v4.set_option(ip::unicast::hops(5));
  EXPECT_EQ(read_back<ip::unicast::hops>(v4), 5);
  udp::socket v6(context, udp::v6());
  v6.set_option(ip::unicast::hops(6));
  EXPECT_EQ(read_back<ip::unicast::hops>(v6), 6);
}

TEST(IpOption, OfMulticast) {
  asio::io_context context;
  udp::socket socket(context, udp::v4());
  socket.set_option(ip::multicast::hops(3));
  EXPECT_EQ(read_back<ip::multicast::hops>(socket), 3);
  socket.set_option(ip::multicast::enable_loopback(false));
  EXPECT_FALSE(read_back<ip::multicast::enable_loopback>(socket));
  socket.set_option(ip::multicast::enable_loopback(true));
  EXPECT_TRUE(read_back<ip::multicast::enable_loopback>(socket));
  socket.set_option(ip::multicast::outbound_interface(ip::address_v4::loopback()));
  EXPECT_THROW(ip::multicast::hops(-1), std::out_of_range);
  EXPECT_THROW(ip::multicast::hops(256), std::out_of_range);
}

TEST(IpOption, GroupsAreJoinedAndLeft) {
  asio::io_context context;
  udp::socket socket(context, udp::v4());
  const auto group = ip::make_address_v4("239.255.0.1");
  const auto here = ip::address_v4::loopback();
  socket.set_option(ip::multicast::join_group(group, here));
  socket.set_option(ip::multicast::leave_group(group, here));
  asio::error_code ec;
  socket.set_option(ip::multicast::leave_group(group, here), ec);
  EXPECT_EQ(ec, asio::error_code(EADDRNOTAVAIL, asio::error::get_system_category()));
  socket.set_option(ip::multicast::join_group(here), ec);
  EXPECT_EQ(ec, asio::error::invalid_argument) << "no group";
}

TEST(IpOption, OfV6Only) {
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::v6());
  acceptor.set_option(ip::v6_only(true));
  EXPECT_TRUE(read_back<ip::v6_only>(acceptor));
  acceptor.set_option(ip::v6_only(false));
  EXPECT_FALSE(read_back<ip::v6_only>(acceptor));
  tcp::socket v4(context, tcp::v4());
  asio::error_code ec;
  v4.set_option(ip::v6_only(true), ec);
  EXPECT_TRUE(ec);
}

}  // namespace
