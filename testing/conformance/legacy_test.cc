// SPDX-License-Identifier: BSL-1.0
//
// What Asio had until 1.33, as old programs use it: io_service and its work, queries and iterators of
// resolvers, addresses from strings, expiries from now.

#include <gtest/gtest.h>

#include <array>
#include <asio.hpp>
#include <asio/io_service.hpp>
#include <asio/io_service_strand.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using asio::ip::tcp;
using asio::ip::udp;

// --- io_service -----------------------------------------------------------------------------------

TEST(IoService, IsAnIoContext) {
  asio::io_service service;
  asio::io_context& context = service;
  asio::io_service one(1);
  EXPECT_EQ(&context, &service);
}

TEST(IoService, RunsUntilThereIsNoWork) {
  asio::io_service service;
  auto work = std::make_unique<asio::io_service::work>(service);
  const auto copy = std::make_unique<asio::io_service::work>(*work);
  EXPECT_EQ(&work->get_io_context(), &service);
  EXPECT_EQ(service.poll(), 0U);
  EXPECT_FALSE(service.stopped());
  work.reset();
  service.poll();
  EXPECT_FALSE(service.stopped());
}

TEST(IoService, ResetIsRestart) {
  asio::io_service service;
  service.run();
  EXPECT_TRUE(service.stopped());
  service.reset();
  EXPECT_FALSE(service.stopped());
}

TEST(IoService, RunFunctionsClearTheErrorCode) {
  asio::io_service service;
  const auto is_cleared = [&](std::size_t (asio::io_service::*run)(asio::error_code&)) {
    asio::error_code ec = asio::error::fault;
    service.reset();
    service.post([] {});
    return (service.*run)(ec) == 1 && !ec;
  };
  EXPECT_TRUE(is_cleared(&asio::io_service::run));
  EXPECT_TRUE(is_cleared(&asio::io_service::run_one));
  EXPECT_TRUE(is_cleared(&asio::io_service::poll));
  EXPECT_TRUE(is_cleared(&asio::io_service::poll_one));
}

TEST(IoService, DispatchCallsAtOnceInRunAndPostNever) {
  asio::io_service service;
  std::vector<int> order;
  service.dispatch([&] { order.push_back(1); });
  EXPECT_TRUE(order.empty());
  service.post([&] {
    service.post([&] { order.push_back(4); });
    service.dispatch([&] { order.push_back(2); });
    order.push_back(3);
  });
  service.run();
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

TEST(IoService, PostTakesTokens) {
  asio::io_service service;
  std::future<void> done = service.post(asio::use_future);
  service.run();
  done.get();
}

TEST(IoService, WrapDispatchesACallWithItsArguments) {
  asio::io_service service;
  std::vector<int> calls;
  auto wrapped = service.wrap([&](int a, int b) { calls.push_back(a * 10 + b); });
  wrapped(1, 2);
  EXPECT_TRUE(calls.empty());
  service.post([&] {
    wrapped(3, 4);
    calls.push_back(0);
  });
  service.run();
  EXPECT_EQ(calls, (std::vector{12, 34, 0}));
}

// --- Strand ---------------------------------------------------------------------------------------

TEST(Strand, RunsInOrderAndDispatchesAtOnceInside) {
  asio::io_service service;
  asio::io_service::strand strand(service);
  std::vector<int> order;
  strand.post([&] {
    order.push_back(1);
    strand.post([&] { order.push_back(4); });
    strand.dispatch([&] { order.push_back(2); });
    order.push_back(3);
  });
  service.run();
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
}

TEST(Strand, WrapsHandlersOfOperations) {
  asio::io_service service;
  asio::io_service::strand strand(service);
  asio::steady_timer timer(service, std::chrono::milliseconds(1));
  bool is_inside = false;
  timer.async_wait(
      strand.wrap([&](const asio::error_code&) { is_inside = strand.running_in_this_thread(); }));
  service.run();
  EXPECT_TRUE(is_inside);
}

TEST(Strand, WrappedHandlersOfTwoThreadsDoNotOverlap) {
  asio::io_service service;
  asio::io_service::strand strand(service);
  int inside = 0;
  int most = 0;
  int calls = 0;
  const std::function<void()> step = [&] {
    most = std::max(most, ++inside);
    if (++calls < 1000) {
      service.post(strand.wrap(step));
    }
    --inside;
  };
  for (int i = 0; i != 4; ++i) {
    service.post(strand.wrap(step));
  }
  std::thread other([&] { service.run(); });
  service.run();
  other.join();
  EXPECT_EQ(most, 1);
  EXPECT_GE(calls, 1000);
}

// --- Resolvers ------------------------------------------------------------------------------------

TEST(Query, IsResolvedToAnIterator) {
  asio::io_service service;
  tcp::resolver resolver(service);
  const tcp::resolver::query query("127.0.0.1", "80", tcp::resolver::query::numeric_service);
  tcp::resolver::iterator at = resolver.resolve(query);
  const tcp::resolver::iterator end;
  ASSERT_NE(at, end);
  const tcp::endpoint endpoint = *at;
  EXPECT_EQ(endpoint.port(), 80);
  EXPECT_EQ(at->endpoint(), endpoint);
  EXPECT_EQ(++at, end);
}

TEST(Query, ResultsAreAnIteratorAtTheFirst) {
  asio::io_service service;
  udp::resolver resolver(service);
  const udp::resolver::query query(udp::v4(), "127.0.0.1", "53");
  const udp::endpoint endpoint = *resolver.resolve(query);
  EXPECT_EQ(endpoint, udp::endpoint(asio::ip::address_v4::loopback(), 53));
  EXPECT_EQ(resolver.resolve(query)->service_name(), "53");
}

TEST(Query, ReportsErrors) {
  asio::io_service service;
  tcp::resolver resolver(service);
  const tcp::resolver::query query("none", "80", tcp::resolver::query::numeric_host);
  asio::error_code ec;
  const tcp::resolver::iterator at = resolver.resolve(query, ec);
  EXPECT_EQ(ec, asio::error::host_not_found);
  EXPECT_EQ(at, tcp::resolver::iterator());
  EXPECT_THROW(resolver.resolve(query), asio::system_error);
}

TEST(Query, IsResolvedWithAHandlerThatTakesAnIterator) {
  asio::io_service service;
  tcp::resolver resolver(service);
  tcp::endpoint found;
  resolver.async_resolve(tcp::resolver::query("127.0.0.1", "80"),
                         [&](const asio::error_code& ec, tcp::resolver::iterator at) {
                           if (!ec) {
                             found = *at;
                           }
                         });
  service.run();
  EXPECT_EQ(found.port(), 80);
}

// --- Connecting -----------------------------------------------------------------------------------

class Connecting : public testing::Test {
 protected:
  using iterator = std::vector<tcp::endpoint>::iterator;

  // One iterator is enough where what Iterator() makes is the end.
  tcp::resolver::iterator at() {
    return tcp::resolver(service).resolve(
        tcp::resolver::query("127.0.0.1", std::to_string(acceptor.local_endpoint().port())));
  }

  asio::io_service service;
  tcp::acceptor acceptor{service, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket socket{service};
  const tcp::resolver::iterator end{};
  asio::error_code ec = asio::error::fault;
};

TEST_F(Connecting, ReturnsWhereItIsConnected) {
  const tcp::resolver::iterator connected = asio::connect(socket, at());
  ASSERT_NE(connected, end);
  EXPECT_EQ(socket.remote_endpoint(), connected->endpoint());
  EXPECT_NE(asio::connect(socket, at(), ec), end);
  EXPECT_FALSE(ec);
}

TEST_F(Connecting, IsAtTheEndWhenThereIsNothing) {
  EXPECT_EQ(asio::connect(socket, end, ec), end);
  EXPECT_EQ(ec, asio::error::not_found);
  EXPECT_THROW(asio::connect(socket, tcp::resolver::iterator()), asio::system_error);
}

TEST_F(Connecting, AsksItsCondition) {
  int asked = 0;
  const auto refuse = [&](const asio::error_code&, const tcp::endpoint&) {
    ++asked;
    return false;
  };
  EXPECT_EQ(asio::connect(socket, at(), refuse, ec), end);
  EXPECT_EQ(ec, asio::error::not_found);
  EXPECT_EQ(asked, 1);
  const auto next = [&](const asio::error_code&, tcp::resolver::iterator next) {
    ++asked;
    return next;
  };
  EXPECT_NE(asio::connect(socket, at(), next), end);
  EXPECT_EQ(asked, 2);
}

TEST_F(Connecting, HasAHandlerThatTakesAnIterator) {
  tcp::resolver::iterator connected;
  const auto note = [&](const asio::error_code& failed, tcp::resolver::iterator where) {
    ec = failed;
    connected = where;
  };
  asio::async_connect(socket, at(), note);
  service.run();
  EXPECT_FALSE(ec);
  EXPECT_NE(connected, end);
  const auto refuse = [](const asio::error_code&, const tcp::endpoint&) { return false; };
  asio::async_connect(socket, at(), refuse, note);
  service.reset();
  service.run();
  EXPECT_EQ(ec, asio::error::not_found);
  EXPECT_EQ(connected, end);
}

TEST_F(Connecting, ListensWithMaxConnections) {
  acceptor.listen(asio::socket_base::max_connections);
  EXPECT_EQ(+asio::socket_base::max_connections, SOMAXCONN);
}

// --- Addresses ------------------------------------------------------------------------------------

TEST(Address, IsMadeFromAString) {
  using asio::ip::address;
  using asio::ip::address_v4;
  using asio::ip::address_v6;
  EXPECT_EQ(address::from_string("::1"), address(address_v6::loopback()));
  EXPECT_EQ(address_v4::from_string(std::string("127.0.0.1")), address_v4::loopback());
  EXPECT_EQ(address_v6::from_string("::1"), address_v6::loopback());
  asio::error_code ec;
  EXPECT_EQ(address::from_string("nonsense", ec), address());
  EXPECT_EQ(ec, asio::error::invalid_argument);
  EXPECT_EQ(address_v4::from_string("1.2.3.4", ec).to_ulong(), 0x01020304UL);
  EXPECT_FALSE(ec);
  EXPECT_EQ(address_v6::from_string("1.2.3.4", ec), address_v6());
  EXPECT_EQ(ec, asio::error::invalid_argument);
  EXPECT_THROW(address::from_string(""), asio::system_error);
  EXPECT_THROW(address_v4::from_string("::1"), asio::system_error);
  EXPECT_THROW(address_v6::from_string("x"), asio::system_error);
}

TEST(Address, ToStringClearsTheErrorCode) {
  asio::error_code ec = asio::error::fault;
  EXPECT_EQ(asio::ip::address(asio::ip::address_v4::loopback()).to_string(ec), "127.0.0.1");
  EXPECT_FALSE(ec);
  ec = asio::error::fault;
  EXPECT_EQ(asio::ip::address_v6::loopback().to_string(ec), "::1");
  EXPECT_FALSE(ec);
}

TEST(Address, HasClasses) {
  using asio::ip::address_v4;
  const auto masks = [](const char* text) {
    const address_v4 address = address_v4::from_string(text);
    return std::to_string(address.is_class_a()) + std::to_string(address.is_class_b()) +
           std::to_string(address.is_class_c()) + ' ' + address_v4::netmask(address).to_string() +
           ' ' + address_v4::broadcast(address, address_v4::netmask(address)).to_string();
  };
  EXPECT_EQ(masks("10.1.2.3"), "100 255.0.0.0 10.255.255.255");
  EXPECT_EQ(masks("172.16.2.3"), "010 255.255.0.0 172.16.255.255");
  EXPECT_EQ(masks("192.168.2.3"), "001 255.255.255.0 192.168.2.255");
  EXPECT_EQ(masks("224.1.2.3"), "000 255.255.255.255 224.1.2.3");
}

TEST(Address, IsOfVersion4WithinVersion6) {
  using asio::ip::address_v4;
  using asio::ip::address_v6;
  const address_v4 plain = address_v4::from_string("1.2.3.4");
  EXPECT_EQ(address_v6::v4_mapped(plain).to_string(), "::ffff:1.2.3.4");
  EXPECT_EQ(address_v6::v4_mapped(plain).to_v4(), plain);
  EXPECT_FALSE(address_v6::v4_mapped(plain).is_v4_compatible());
  EXPECT_TRUE(address_v6::v4_compatible(plain).is_v4_compatible());
  EXPECT_EQ(address_v6::v4_compatible(plain).to_v4(), plain);
  EXPECT_FALSE(address_v6::loopback().is_v4_compatible());
  EXPECT_THROW(address_v6::loopback().to_v4(), std::bad_cast);
}

// --- Timers ---------------------------------------------------------------------------------------

TEST(Timer, ExpiresFromNow) {
  asio::io_service service;
  asio::steady_timer timer(service);
  EXPECT_EQ(timer.expires_from_now(std::chrono::hours(1)), 0U);
  EXPECT_EQ(timer.expires_at(), timer.expiry());
  EXPECT_GT(timer.expires_from_now(), std::chrono::minutes(59));
  int aborted = 0;
  const auto note = [&](const asio::error_code& ec) {
    aborted += ec == asio::error::operation_aborted;
  };
  asio::error_code ec = asio::error::fault;
  timer.async_wait(note);
  timer.async_wait(note);
  EXPECT_EQ(timer.expires_from_now(std::chrono::hours(1), ec), 2U);
  EXPECT_FALSE(ec);
  timer.async_wait(note);
  ec = asio::error::fault;
  EXPECT_EQ(timer.expires_at(std::chrono::steady_clock::now(), ec), 1U);
  EXPECT_FALSE(ec);
  service.run();
  EXPECT_EQ(aborted, 3);
}

TEST(Timer, CancelClearsTheErrorCode) {
  asio::io_service service;
  asio::system_timer timer(service, std::chrono::hours(1));
  for (int i = 0; i != 3; ++i) {
    timer.async_wait([](const asio::error_code&) {});
  }
  asio::error_code ec = asio::error::fault;
  EXPECT_EQ(timer.cancel_one(ec), 1U);
  EXPECT_FALSE(ec);
  ec = asio::error::fault;
  EXPECT_EQ(timer.cancel(ec), 2U);
  EXPECT_FALSE(ec);
  EXPECT_EQ(service.run(), 3U);
}

// --- Buffers --------------------------------------------------------------------------------------

TEST(Buffer, IsCastToAPointer) {
  std::array<char, 4> data{'a', 'b', 'c', 'd'};
  const asio::mutable_buffer writable = asio::buffer(data);
  const asio::const_buffer readable = writable;
  EXPECT_EQ(asio::buffer_cast<char*>(writable), data.data());
  EXPECT_EQ(asio::buffer_cast<const char*>(readable + 1), data.data() + 1);
}

TEST(Buffer, IsASequenceOfOne) {
  std::array<char, 4> data{'a', 'b', 'c', 'd'};
  std::array<char, 4> copy{};
  const asio::mutable_buffers_1 target = asio::buffer(copy);
  const asio::const_buffers_1 source = asio::const_buffers_1(asio::const_buffer(data.data(), 4));
  EXPECT_EQ(target.end() - target.begin(), 1);
  EXPECT_EQ(asio::buffer_size(source), 4U);
  EXPECT_EQ(asio::buffer_copy(target, source), 4U);
  EXPECT_EQ(copy, data);
}

TEST(Buffer, StreambufsDataIsASequence) {
  asio::streambuf input;
  std::ostream(&input) << "text";
  const asio::streambuf::const_buffers_type data = input.data();
  EXPECT_EQ(std::string(asio::buffers_begin(data), asio::buffers_end(data)), "text");
}

// --- And others -----------------------------------------------------------------------------------

TEST(UseFuture, TakesAnAllocatorInBrackets) {
  asio::io_service service;
  std::future<void> done = asio::post(service, asio::use_future[std::allocator<char>()]);
  service.run();
  done.get();
}

TEST(IoStream, ExpiresFromNow) {
  tcp::iostream stream;
  stream.expires_from_now(std::chrono::hours(1));
  EXPECT_GT(stream.expires_from_now(), std::chrono::minutes(59));
  EXPECT_EQ(stream.expires_at(), stream.expiry());
}

}  // namespace
