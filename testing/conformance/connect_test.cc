// SPDX-License-Identifier: BSL-1.0
//
// Connecting to one of several endpoints: which are tried, what the condition is told, and what is
// reported when none takes the connection.
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/connect.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <vector>

namespace {

using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;

class Connect : public testing::Test {
 protected:
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket closed{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::endpoint good = acceptor.local_endpoint();
  tcp::endpoint bad = closed.local_endpoint();
  tcp::socket socket{context};
};

TEST_F(Connect, TakesTheFirstThatAnswers) {
  const endpoints three = {bad, good, bad};
  EXPECT_EQ(asio::connect(socket, three), good);
  EXPECT_EQ(socket.remote_endpoint(), good);
  EXPECT_EQ(asio::connect(socket, three.begin(), three.end()), three.begin() + 1);
  asio::error_code ec;
  EXPECT_EQ(asio::connect(socket, endpoints{bad}, ec), tcp::endpoint());
  EXPECT_EQ(ec, asio::error::connection_refused);
  EXPECT_TRUE(socket.is_open());
  EXPECT_EQ(asio::connect(socket, endpoints(), ec), tcp::endpoint());
  EXPECT_EQ(ec, asio::error::not_found);
  EXPECT_TRUE(socket.is_open()) << "what is not tried closes nothing";
}

TEST_F(Connect, ConditionHearsOfEachFailure) {
  std::vector<asio::error_code> heard;
  const auto all_but_last = [&](const asio::error_code& ec, const tcp::endpoint& next) {
    heard.push_back(ec);
    return next != good;
  };
  const asio::error_code refused = asio::error::connection_refused;
  asio::error_code ec;
  asio::connect(socket, endpoints{bad, bad, good}, all_but_last, ec);
  EXPECT_EQ(ec, refused);
  EXPECT_EQ(heard, (std::vector<asio::error_code>{{}, refused, refused}));
  heard.clear();
  asio::async_connect(socket, endpoints{bad, bad, good}, all_but_last,
                      [&](const asio::error_code& result, const tcp::endpoint&) { ec = result; });
  context.run();
  EXPECT_EQ(ec, refused);
  EXPECT_EQ(heard, (std::vector<asio::error_code>{{}, refused, refused}));
}

TEST_F(Connect, AsynchronousResultIsEndpointOrIterator) {
  const endpoints two = {bad, good};
  int calls = 0;
  asio::async_connect(socket, two, [&](const asio::error_code& ec, const tcp::endpoint& peer) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(peer, good);
    ++calls;
  });
  context.run();
  context.restart();
  asio::async_connect(socket, two.begin(), two.end(),
                      [&](const asio::error_code& ec, endpoints::const_iterator at) {
                        EXPECT_FALSE(ec);
                        EXPECT_EQ(at, two.begin() + 1);
                        ++calls;
                      });
  context.run();
  context.restart();
  asio::async_connect(socket, two.end(), two.end(),
                      [&](const asio::error_code& ec, endpoints::const_iterator at) {
                        EXPECT_EQ(ec, asio::error::not_found);
                        EXPECT_EQ(at, two.end());
                        ++calls;
                      });
  EXPECT_EQ(calls, 2);
  context.run();
  EXPECT_EQ(calls, 3);
}

TEST_F(Connect, EndsWhenClosedOrCancelled) {
  int calls = 0;
  const auto expect_aborted = [&](const asio::error_code& ec, const tcp::endpoint&) {
    EXPECT_EQ(ec, asio::error::operation_aborted);
    ++calls;
  };
  asio::async_connect(socket, endpoints{bad, good}, expect_aborted);
  socket.close();
  context.run();
  context.restart();
  asio::cancellation_signal signal;
  asio::async_connect(socket, endpoints{bad, bad, bad},
                      asio::bind_cancellation_slot(signal.slot(), expect_aborted));
  signal.emit(asio::cancellation_type::partial);
  context.run();
  EXPECT_EQ(calls, 2);
}

}  // namespace
