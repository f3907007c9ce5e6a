// SPDX-License-Identifier: BSL-1.0
//
// Both flavours of the library in one program.
#include <gtest/gtest.h>

#include <thread>

#include "netpoll/census.h"
#include "testing/flavours/echo.h"

namespace {

template <typename Server>
class Flavours : public testing::Test {};

using servers = testing::Types<in_net::echo_server, in_asio::echo_server>;
TYPED_TEST_SUITE(Flavours, servers);

TYPED_TEST(Flavours, ServesAClientOfNet) {
  TypeParam server;
  std::thread worker([&] { server.serve_one(); });
  EXPECT_EQ(in_net::echo(server.port(), "hello"), "hello");
  worker.join();
}

TYPED_TEST(Flavours, ServesAClientOfAsio) {
  TypeParam server;
  std::thread worker([&] { server.serve_one(); });
  EXPECT_EQ(in_asio::echo(server.port(), "hello"), "hello");
  worker.join();
}

TEST(SharedNetpoll, BothSeeTheSameCensus) {
  const int before = in_net::bystanders();
  const netpoll::bystander here;
  EXPECT_EQ(in_net::bystanders(), before + 1);
  EXPECT_EQ(in_asio::bystanders(), before + 1);
}

}  // namespace
