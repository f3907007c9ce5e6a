// SPDX-License-Identifier: BSL-1.0
#include "net/socket/connect.h"

#include <gtest/gtest.h>

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/async/deferred.h"
#include "net/error.h"
#include "net/execution/strand.h"
#include "net/io_context.h"
#include "net/ip/tcp.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"

namespace {

using net::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;

// Somebody listens at `good`, nobody at `bad`.
class Connect : public testing::Test {
 protected:
  Connect() {
    acceptor_.listen();
    good = acceptor_.local_endpoint();
    closed_.bind(tcp::endpoint(net::ip::address_v4::loopback(), 0));
    bad = closed_.local_endpoint();
  }

  net::io_context context;

 private:
  tcp::acceptor acceptor_{context, tcp::endpoint(net::ip::address_v4::loopback(), 0)};
  tcp::socket closed_{context, tcp::v4()};

 protected:
  tcp::endpoint good;
  tcp::endpoint bad;
  tcp::socket socket{context};
};

// Leaves out an endpoint, and notes what it was told.
struct not_this {
  tcp::endpoint which;
  std::shared_ptr<std::vector<std::error_code>> told =
      std::make_shared<std::vector<std::error_code>>();

  bool operator()(const std::error_code& ec, const tcp::endpoint& next) const {
    told->push_back(ec);
    return next != which;
  }
};

// The old form: goes one further than asked.
struct skip_one {
  template <typename Iterator>
  Iterator operator()(const std::error_code&, Iterator next) {
    return ++next;
  }
};

static_assert(net::is_endpoint_sequence<endpoints>::value);
static_assert(!net::is_endpoint_sequence<tcp::endpoint>::value);
static_assert(!net::is_endpoint_sequence<endpoints::iterator>::value);
static_assert(net::is_connect_condition<not_this, endpoints::iterator>::value);
static_assert(net::is_connect_condition<skip_one, endpoints::iterator>::value);
static_assert(!net::is_connect_condition<std::error_code, endpoints::iterator>::value);
static_assert(!net::is_connect_condition<net::deferred_t, endpoints::iterator>::value);

TEST_F(Connect, TriesOneAfterAnother) {
  const endpoints both = {bad, good};
  EXPECT_EQ(net::connect(socket, both), good);
  EXPECT_EQ(socket.remote_endpoint(), good);
  EXPECT_EQ(net::connect(socket, both.begin(), both.end()), both.begin() + 1);
  std::error_code ec = net::error::eof;
  EXPECT_EQ(net::connect(socket, both, ec), good);
  EXPECT_FALSE(ec);
  EXPECT_EQ(net::connect(socket, both.begin(), both.end(), ec), both.begin() + 1);
  EXPECT_FALSE(ec);
}

TEST_F(Connect, ReportsTheLastFailure) {
  const endpoints one = {bad};
  std::error_code ec;
  EXPECT_EQ(net::connect(socket, one, ec), tcp::endpoint());
  EXPECT_EQ(ec, net::error::connection_refused);
  EXPECT_EQ(net::connect(socket, one.begin(), one.end(), ec), one.end());
  EXPECT_EQ(ec, net::error::connection_refused);
  EXPECT_THROW(net::connect(socket, one), std::system_error);
  EXPECT_THROW(net::connect(socket, one.begin(), one.end()), std::system_error);
}

TEST_F(Connect, FindsNothingInNothing) {
  const endpoints none;
  std::error_code ec;
  EXPECT_EQ(net::connect(socket, none, ec), tcp::endpoint());
  EXPECT_EQ(ec, net::error::not_found);
  const endpoints one = {good};
  EXPECT_EQ(net::connect(socket, one, not_this{good}, ec), tcp::endpoint());
  EXPECT_EQ(ec, net::error::not_found);
  EXPECT_FALSE(socket.is_open());
  EXPECT_THROW(net::connect(socket, one, not_this{good}), std::system_error);
}

TEST_F(Connect, AsksTheCondition) {
  const endpoints three = {bad, bad, good};
  not_this condition{good};
  std::error_code ec;
  net::connect(socket, three, condition, ec);
  EXPECT_EQ(ec, net::error::connection_refused);
  const std::error_code refused = net::error::connection_refused;
  EXPECT_EQ(*condition.told, (std::vector<std::error_code>{{}, refused, refused}));
  EXPECT_EQ(net::connect(socket, three, not_this{bad}), good);
  EXPECT_EQ(net::connect(socket, three.begin(), three.end(), not_this{bad}), three.end() - 1);
  EXPECT_EQ(net::connect(socket, three.begin() + 1, three.end(), skip_one(), ec), three.end() - 1);
  EXPECT_FALSE(ec);
}

TEST_F(Connect, TriesAsynchronously) {
  const endpoints three = {bad, bad, good};
  int calls = 0;
  const auto expect_good = [&](std::error_code ec, const tcp::endpoint& peer) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(peer, good);
    ++calls;
  };
  const auto expect_last = [&](std::error_code ec, endpoints::const_iterator at) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(at, three.end() - 1);
    ++calls;
  };
  // The sequence may end before the operation does.
  net::async_connect(socket, endpoints(three), expect_good);
  context.run();
  context.restart();
  net::async_connect(socket, three.begin(), three.end(), expect_last);
  context.run();
  context.restart();
  net::async_connect(socket, three, not_this{bad}, expect_good);
  context.run();
  context.restart();
  net::async_connect(socket, three.begin() + 1, three.end(), skip_one(), expect_last);
  context.run();
  EXPECT_EQ(calls, 4);
}

TEST_F(Connect, FindsNothingAsynchronously) {
  int calls = 0;
  const auto expect_not_found = [&](std::error_code ec, auto) {
    EXPECT_EQ(ec, net::error::not_found);
    ++calls;
  };
  const endpoints none;
  net::async_connect(socket, none, expect_not_found);
  net::async_connect(socket, none.begin(), none.end(), expect_not_found);
  net::async_connect(socket, endpoints{good}, not_this{good}, expect_not_found);
  EXPECT_EQ(calls, 0);
  context.run();
  EXPECT_EQ(calls, 3);
}

TEST_F(Connect, ReportsTheLastFailureAsynchronously) {
  const endpoints two = {bad, good};
  std::error_code result;
  net::async_connect(socket, two, not_this{good},
                     [&](std::error_code ec, const tcp::endpoint&) { result = ec; });
  context.run();
  EXPECT_EQ(result, net::error::connection_refused);
}

TEST_F(Connect, EndsWhenTheSocketIsClosed) {
  std::error_code result;
  net::async_connect(socket, endpoints{bad, good},
                     [&](std::error_code ec, const tcp::endpoint& peer) {
                       result = ec;
                       EXPECT_EQ(peer, tcp::endpoint());
                     });
  socket.close();
  context.run();
  EXPECT_EQ(result, net::error::operation_aborted);
}

TEST_F(Connect, EndsWhenItIsCancelled) {
  for (const auto type : {net::cancellation_type::terminal, net::cancellation_type::partial}) {
    net::cancellation_signal signal;
    std::error_code result;
    net::async_connect(
        socket, endpoints{bad, bad, bad},
        net::bind_cancellation_slot(
            signal.slot(), [&](std::error_code ec, const tcp::endpoint&) { result = ec; }));
    signal.emit(type);
    context.restart();
    context.run();
    EXPECT_EQ(result, net::error::operation_aborted);
  }
}

TEST_F(Connect, CallsOnTheHandlersExecutor) {
  auto strand = net::make_strand(context);
  int calls = 0;
  auto expect_there = net::bind_executor(strand, [&](std::error_code, auto) {
    EXPECT_TRUE(strand.running_in_this_thread());
    ++calls;
  });
  net::async_connect(socket, endpoints{bad, good}, expect_there);
  context.run();
  context.restart();
  net::async_connect(socket, endpoints(), expect_there);
  context.run();
  EXPECT_EQ(calls, 2);
}

TEST_F(Connect, TakesTheDefaultToken) {
  const endpoints one = {good};
  auto operation = net::async_connect(socket, one);
  bool is_connected = false;
  std::move(operation)([&](std::error_code ec, const tcp::endpoint&) { is_connected = !ec; });
  context.run();
  EXPECT_TRUE(is_connected);
  net::async_connect(socket, one, not_this{bad})([](std::error_code, const tcp::endpoint&) {});
  net::async_connect(socket, one.begin(), one.end())([](std::error_code, auto) {});
}

}  // namespace
