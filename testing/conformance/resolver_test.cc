// SPDX-License-Identifier: BSL-1.0
//
// Resolvers: what numbers, this machine and nonsense resolve to. Nothing here asks the network.
#include <gtest/gtest.h>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <utility>

namespace {

using asio::ip::tcp;
using asio::ip::udp;
using results = tcp::resolver::results_type;

const tcp::endpoint loopback(asio::ip::address_v4::loopback(), 80);

TEST(Resolver, NumbersAreEndpoints) {
  asio::io_context context;
  tcp::resolver resolver(context);
  const results found = resolver.resolve("127.0.0.1", "80");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->endpoint(), loopback);
  EXPECT_EQ(found.begin()->host_name(), "127.0.0.1");
  EXPECT_EQ(found.begin()->service_name(), "80");
  udp::resolver datagrams(context);
  EXPECT_EQ(datagrams.resolve("::1", "7").begin()->endpoint(),
            udp::endpoint(asio::ip::address_v6::loopback(), 7));
}

TEST(Resolver, EmptyHostIsThisMachine) {
  asio::io_context context;
  tcp::resolver resolver(context);
  EXPECT_EQ(resolver.resolve(tcp::v4(), "", "80").begin()->endpoint(), loopback);
  EXPECT_EQ(resolver.resolve(tcp::v4(), "", "80", tcp::resolver::passive).begin()->endpoint(),
            tcp::endpoint(tcp::v4(), 80));
}

TEST(Resolver, ErrorsHaveTheirCategories) {
  asio::io_context context;
  tcp::resolver resolver(context);
  asio::error_code ec;
  EXPECT_TRUE(resolver.resolve("localhost", "80", tcp::resolver::numeric_host, ec).empty());
  EXPECT_EQ(ec, asio::error::host_not_found);
  EXPECT_EQ(ec.category(), asio::error::get_netdb_category());
  resolver.resolve("", "", ec);
  EXPECT_EQ(ec, asio::error::host_not_found);
  EXPECT_THROW(resolver.resolve("localhost", "80", tcp::resolver::numeric_host),
               asio::system_error);
}

TEST(Resolver, EndpointsHaveNames) {
  asio::io_context context;
  tcp::resolver resolver(context);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 1);
  const results found = resolver.resolve(endpoint);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->endpoint(), endpoint);
  EXPECT_FALSE(found.begin()->host_name().empty());
  EXPECT_FALSE(found.begin()->service_name().empty());
}

TEST(Resolver, HandlersAreCalledByTheContext) {
  asio::io_context context;
  tcp::resolver first(context);
  int calls = 0;
  first.async_resolve("127.0.0.1", "80", [&](const asio::error_code& ec, const results& found) {
    EXPECT_FALSE(ec);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.begin()->endpoint(), loopback);
    ++calls;
  });
  first.async_resolve(tcp::v4(), "localhost", "80", tcp::resolver::numeric_host,
                      [&](const asio::error_code& ec, const results& found) {
                        EXPECT_EQ(ec, asio::error::host_not_found);
                        EXPECT_TRUE(found.empty());
                        ++calls;
                      });
  tcp::resolver second(std::move(first));
  second.async_resolve(loopback, [&](const asio::error_code& ec, const results& found) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(found.size(), 1U);
    ++calls;
  });
  EXPECT_EQ(calls, 0);
  context.run();
  EXPECT_EQ(calls, 3);
  second.cancel();
}

}  // namespace
