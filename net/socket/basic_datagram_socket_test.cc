// SPDX-License-Identifier: BSL-1.0
#include "net/socket/basic_datagram_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/async/deferred.h"
#include "net/async/use_future.h"
#include "net/buffer/buffer.h"
#include "net/buffer/null_buffers.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/generic/datagram_protocol.h"
#include "net/io_context.h"
#include "net/ip/address_v4.h"
#include "net/ip/address_v6.h"
#include "net/ip/tcp.h"
#include "net/ip/udp.h"
#include "net/local/connect_pair.h"
#include "net/local/datagram_protocol.h"
#include "net/socket/basic_stream_socket.h"

namespace {

using net::ip::udp;

const udp::endpoint anywhere(net::ip::address_v4::loopback(), 0);

// Two that know each other's address and are not connected.
struct DatagramSocket : testing::Test {
  net::io_context context;
  udp::socket one{context, anywhere};
  udp::socket other{context, anywhere};
  const udp::endpoint at_one = one.local_endpoint();
  const udp::endpoint at_other = other.local_endpoint();
  std::array<char, 16> data{};

  std::string_view got(std::size_t bytes) const { return {data.data(), bytes}; }
};

TEST_F(DatagramSocket, TellsWhoSent) {
  EXPECT_EQ(one.send_to(net::buffer("hello", 5), at_other), 5u);
  udp::endpoint sender;
  EXPECT_EQ(got(other.receive_from(net::buffer(data), sender)), "hello");
  EXPECT_EQ(sender, at_one);
}

TEST_F(DatagramSocket, IsBoundToAnEndpointInBraces) {
  const udp::socket on_context(context, {udp::v4(), 0});
  const udp::socket on_executor(context.get_executor(), {udp::v4(), 0});
  EXPECT_NE(on_context.local_endpoint().port(), 0);
  EXPECT_NE(on_executor.local_endpoint().port(), 0);
  const net::ip::tcp::socket stream(context, {net::ip::tcp::v4(), 0});
  EXPECT_NE(stream.local_endpoint().port(), 0);
}

TEST(DatagramSocketV6, TellsWhoSentToAnEndpointOfTheOtherFamily) {
  net::io_context context;
  udp::socket socket(context);
  std::error_code ec;
  socket.open(udp::v6(), ec);
  if (!ec) {
    socket.bind(udp::endpoint(net::ip::address_v6::loopback(), 0), ec);
  }
  if (ec) {
    GTEST_SKIP() << "no IPv6 here: " << ec.message();
  }
  socket.send_to(net::buffer("self", 4), socket.local_endpoint());
  char data[4];
  udp::endpoint sender(udp::v4(), 1);
  EXPECT_EQ(socket.receive_from(net::buffer(data), sender), 4u);
  EXPECT_EQ(sender, socket.local_endpoint());
}

TEST_F(DatagramSocket, AllBuffersAreOneMessage) {
  // More than are held in place.
  std::vector<std::string> pieces;
  std::vector<net::const_buffer> buffers;
  for (int i = 0; i < 100; ++i) {
    pieces.push_back(i % 7 == 0 ? "" : "x");
  }
  std::string whole;
  for (const std::string& piece : pieces) {
    buffers.push_back(net::buffer(piece));
    whole += piece;
  }
  EXPECT_EQ(one.send_to(buffers, at_other), whole.size());
  one.send_to(net::buffer("next", 4), at_other);

  std::vector<char> bytes(whole.size() + 1);
  std::vector<net::mutable_buffer> targets;
  for (char& each : bytes) {
    targets.push_back(net::buffer(&each, 1));
  }
  udp::endpoint sender;
  EXPECT_EQ(other.receive_from(targets, sender), whole.size());
  EXPECT_EQ(std::string_view(bytes.data(), whole.size()), whole);
  EXPECT_EQ(got(other.receive_from(net::buffer(data), sender)), "next");
}

TEST_F(DatagramSocket, MessageOfTooManyBuffersIsNotSentInPart) {
  const std::vector<net::const_buffer> buffers(2000, net::const_buffer("x", 1));
  std::error_code ec;
  EXPECT_EQ(one.send_to(buffers, at_other, 0, ec), 0u);
  EXPECT_EQ(ec, net::error::message_size);
  one.connect(at_other);
  EXPECT_EQ(one.send(buffers, 0, ec), 0u);
  EXPECT_EQ(ec, net::error::message_size);
  EXPECT_EQ(other.available(), 0u);
}

TEST_F(DatagramSocket, LosesTheRestOfALongMessage) {
  one.send_to(net::buffer("abcdef", 6), at_other);
  one.send_to(net::buffer("gh", 2), at_other);
  udp::endpoint sender;
  std::error_code ec;
  EXPECT_EQ(got(other.receive_from(net::buffer(data, 3), sender, 0, ec)), "abc");
  EXPECT_FALSE(ec);
  EXPECT_EQ(got(other.receive(net::buffer(data, 3))), "gh");
}

TEST_F(DatagramSocket, EmptyMessageIsNoEnd) {
  one.send_to(net::buffer("", 0), at_other);
  one.connect(at_other);
  one.send(std::array<net::const_buffer, 2>{});
  one.send(net::buffer("x", 1));
  udp::endpoint sender;
  std::error_code ec = net::error::fault;
  EXPECT_EQ(other.receive_from(net::buffer(data), sender, 0, ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(sender, at_one);
  // Nor does it need room; what there is goes with it.
  EXPECT_EQ(other.receive(net::buffer(data)), 0u);
  EXPECT_EQ(other.receive(net::buffer(data, 0)), 0u);
  other.non_blocking(true);
  EXPECT_EQ(other.receive(net::buffer(data), 0, ec), 0u);
  EXPECT_EQ(ec, net::error::would_block);
}

TEST_F(DatagramSocket, PeekLeavesTheMessage) {
  one.send_to(net::buffer("look", 4), at_other);
  udp::endpoint sender;
  EXPECT_EQ(got(other.receive_from(net::buffer(data), sender, udp::socket::message_peek)), "look");
  EXPECT_EQ(got(other.receive(net::buffer(data), udp::socket::message_peek)), "look");
  EXPECT_EQ(got(other.receive(net::buffer(data))), "look");
}

TEST_F(DatagramSocket, ConnectedTalksToItsPeerOnly) {
  one.connect(at_other);
  EXPECT_EQ(one.remote_endpoint(), at_other);
  udp::socket stranger(context, anywhere);
  stranger.send_to(net::buffer("psst", 4), at_one);
  EXPECT_EQ(one.send(net::buffer("ping", 4)), 4u);
  udp::endpoint sender;
  EXPECT_EQ(other.receive_from(net::buffer(data), sender), 4u);
  other.send_to(net::buffer("pong", 4), sender);
  EXPECT_EQ(got(one.receive(net::buffer(data))), "pong");
}

TEST_F(DatagramSocket, UnconnectedHasNobodyToSendTo) {
  std::error_code ec;
  EXPECT_EQ(one.send(net::buffer("x", 1), 0, ec), 0u);
  EXPECT_EQ(ec, std::errc::destination_address_required);
  EXPECT_THROW(one.send(net::buffer("x", 1)), net::system_error);
  udp::socket closed(context);
  udp::endpoint sender;
  closed.receive_from(net::buffer(data), sender, 0, ec);
  EXPECT_EQ(ec, net::error::bad_descriptor);
  bool is_called = false;
  closed.async_send_to(net::buffer("x", 1), at_other, [&](std::error_code failed, std::size_t) {
    is_called = true;
    EXPECT_EQ(failed, net::error::bad_descriptor);
  });
  EXPECT_FALSE(is_called);
  context.run();
  EXPECT_TRUE(is_called);
}

TEST_F(DatagramSocket, HandlersEcho) {
  udp::endpoint client;
  udp::endpoint server;
  std::array<char, 8> back{};
  std::string answer;
  other.async_receive_from(net::buffer(data), client, [&](std::error_code ec, std::size_t bytes) {
    EXPECT_FALSE(ec);
    other.async_send_to(net::buffer(data, bytes), client,
                        [](std::error_code failed, std::size_t sent) {
                          EXPECT_FALSE(failed);
                          EXPECT_EQ(sent, 4u);
                        });
  });
  // The destination is copied.
  one.async_send_to(net::buffer("echo", 4), udp::endpoint(at_other),
                    [&](std::error_code, std::size_t) {
                      one.async_receive_from(net::buffer(back), server, 0,
                                             [&](std::error_code ec, std::size_t bytes) {
                                               EXPECT_FALSE(ec);
                                               answer.assign(back.data(), bytes);
                                             });
                    });
  context.run();
  EXPECT_EQ(answer, "echo");
  EXPECT_EQ(client, at_one);
  EXPECT_EQ(server, at_other);
}

TEST_F(DatagramSocket, EveryAsynchronousFormTransfers) {
  one.connect(at_other);
  other.connect(at_one);
  udp::endpoint sender;
  int done = 0;
  const auto four = [&](std::error_code ec, std::size_t bytes) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(bytes, 4u);
    ++done;
  };
  one.async_send(net::buffer("1234", 4), four);
  one.async_send(net::buffer("1234", 4), 0, four);
  one.async_send_to(net::buffer("1234", 4), at_other, four);
  one.async_send_to(net::buffer("1234", 4), at_other, 0, four);
  other.async_receive(net::buffer(data), four);
  other.async_receive(net::buffer(data), 0, four);
  other.async_receive_from(net::buffer(data), sender, four);
  other.async_receive_from(net::buffer(data), sender, 0, four);
  context.run();
  EXPECT_EQ(done, 8);
}

TEST_F(DatagramSocket, FibersEcho) {
  std::string answer;
  net::go(context, [&] {
    udp::endpoint sender;
    const std::size_t bytes = other.receive_from(net::buffer(data), sender);
    other.send_to(net::buffer(data, bytes), sender);
  });
  net::go(context, [&] {
    one.connect(at_other);
    one.send(net::buffer("parked", 6));
    char back[8];
    answer.assign(back, one.receive(net::buffer(back)));
  });
  context.run();
  EXPECT_EQ(answer, "parked");
}

TEST_F(DatagramSocket, DeadlineEndsAReceive) {
  udp::endpoint sender;
  std::error_code ec;
  net::go(context, [&] {
    other.set_read_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    other.receive_from(net::buffer(data), sender, 0, ec);
  });
  context.run();
  EXPECT_EQ(ec, net::error::deadline_exceeded);

  std::error_code code;
  context.restart();
  one.async_receive_from(net::buffer(data), sender,
                         [&](std::error_code ended, std::size_t) { code = ended; });
  one.set_deadline(std::chrono::steady_clock::time_point::min());
  context.run();
  EXPECT_EQ(code, net::error::deadline_exceeded);
}

TEST_F(DatagramSocket, SlotAndCancelEndAReceive) {
  net::cancellation_signal signal;
  udp::endpoint sender = at_one;
  std::vector<std::error_code> codes;
  const auto keep = [&](std::error_code ec, std::size_t) { codes.push_back(ec); };
  other.async_receive_from(net::buffer(data), sender,
                           net::bind_cancellation_slot(signal.slot(), keep));
  signal.emit(net::cancellation_type::total);
  context.run();
  ASSERT_EQ(codes.size(), 1u);
  EXPECT_EQ(codes[0], net::error::operation_aborted);
  EXPECT_EQ(sender, at_one) << "nobody sent";

  context.restart();
  other.async_receive(net::buffer(data), keep);
  other.cancel();
  context.run();
  context.restart();
  other.async_receive(net::buffer(data), keep);
  other.close();
  context.run();
  ASSERT_EQ(codes.size(), 3u);
  EXPECT_EQ(codes[1], net::error::operation_aborted);
  EXPECT_EQ(codes[2], net::error::operation_aborted);
}

TEST_F(DatagramSocket, TakesEveryKindOfToken) {
  udp::endpoint sender;
  auto later = one.async_send_to(net::buffer("soon", 4), at_other, net::deferred);
  std::future<std::size_t> bytes =
      other.async_receive_from(net::buffer(data), sender, net::use_future);
  std::move(later)([](std::error_code ec, std::size_t) { EXPECT_FALSE(ec); });
  context.run();
  EXPECT_EQ(bytes.get(), 4u);
  EXPECT_EQ(sender, at_one);
}

TEST_F(DatagramSocket, MovesToOtherExecutorsAndProtocols) {
  using loop_socket = udp::socket::rebind_executor<net::io_context::executor_type>::other;
  static_assert(std::is_same_v<loop_socket::executor_type, net::io_context::executor_type>);
  static_assert(!std::is_constructible_v<loop_socket, udp::socket>, "which is no conversion");
  static_assert(!std::is_constructible_v<udp::socket, net::ip::tcp::socket>);
  loop_socket first(context, anywhere);
  const udp::endpoint at_first = first.local_endpoint();
  udp::socket second(std::move(first));
  EXPECT_FALSE(first.is_open());
  EXPECT_EQ(second.local_endpoint(), at_first);
  net::generic::datagram_protocol::socket third(context);
  third = std::move(second);
  EXPECT_FALSE(second.is_open());

  one.send_to(net::buffer("found", 5), at_first);
  net::generic::datagram_protocol::endpoint sender;
  EXPECT_EQ(got(third.receive_from(net::buffer(data), sender)), "found");
  EXPECT_EQ(sender, net::generic::datagram_protocol::endpoint(at_one));
  third.send_to(net::buffer("back", 4), sender);
  EXPECT_EQ(got(one.receive(net::buffer(data))), "back");

  udp::socket fourth(std::move(one));
  EXPECT_EQ(fourth.local_endpoint(), at_one);
  udp::socket fifth(context.get_executor());
  fifth = std::move(fourth);
  EXPECT_EQ(fifth.local_endpoint(), at_one);
  udp::socket sixth(context, udp::v4(), fifth.release());
  EXPECT_EQ(sixth.local_endpoint(), at_one);
  EXPECT_FALSE(udp::socket(context, udp::v4()).local_endpoint().port());
}

// --- Waiting in the old way -----------------------------------------------------------------------

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

TEST_F(DatagramSocket, NullBuffersWaitAndTransferNothing) {
  std::size_t waited = 0;
  udp::endpoint sender;
  const auto count = [&](std::error_code ec, std::size_t bytes) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(bytes, 0u);
    ++waited;
  };
  other.async_receive(net::null_buffers(), count);
  other.async_receive_from(net::null_buffers(), sender, count);
  context.poll();
  EXPECT_EQ(waited, 0u);
  one.async_send_to(net::null_buffers(), at_other, count);
  one.async_send(net::null_buffers(), count);
  context.poll();
  EXPECT_EQ(waited, 2u);
  EXPECT_EQ(other.available(), 0u) << "nothing was sent";
  one.send_to(net::buffer("there", 5), at_other);
  context.run();
  EXPECT_EQ(waited, 4u);
  EXPECT_EQ(other.receive(net::null_buffers()), 0u);
  EXPECT_EQ(got(other.receive_from(net::buffer(data), sender)), "there");

  other.non_blocking(true);
  std::error_code ec;
  other.receive(net::null_buffers(), 0, ec);
  EXPECT_EQ(ec, net::error::would_block);
}

#pragma GCC diagnostic pop

// --- The unix domain ------------------------------------------------------------------------------

using net::local::datagram_protocol;

TEST(LocalDatagram, PairKeepsBounds) {
  net::io_context context;
  datagram_protocol::socket one(context);
  net::basic_datagram_socket<datagram_protocol, net::io_context::executor_type> other(context);
  net::local::connect_pair(one, other);
  one.send(net::buffer("ab", 2));
  one.send(net::buffer("", 0));
  one.send(net::buffer("cde", 3));
  char data[8];
  datagram_protocol::endpoint sender("someone");
  EXPECT_EQ(other.receive_from(net::buffer(data), sender), 2u);
  EXPECT_EQ(sender.path(), "") << "it has no name";
  EXPECT_EQ(other.receive(net::buffer(data)), 0u);
  EXPECT_EQ(other.receive(net::buffer(data)), 3u);

  std::error_code ec;
  datagram_protocol::socket third(context);
  net::local::connect_pair(third, one, ec);
  EXPECT_EQ(ec, net::error::already_open);
}

TEST(LocalDatagram, TellsTheNameOfWhoSent) {
  net::io_context context;
  const std::string begin = std::string(1, '\0') + "netpoll-test-" + std::to_string(::getpid());
  const datagram_protocol::endpoint here(begin + "-a");
  const datagram_protocol::endpoint there(begin + "-longer-b");
  datagram_protocol::socket one(context, here);
  datagram_protocol::socket other(context, there);
  char data[8];
  datagram_protocol::endpoint sender(std::string(107, 'x'));
  std::size_t received = 0;
  other.async_receive_from(net::buffer(data), sender,
                           [&](std::error_code, std::size_t bytes) { received = bytes; });
  one.async_send_to(net::buffer("x", 1), there,
                    [](std::error_code ec, std::size_t) { EXPECT_FALSE(ec); });
  context.run();
  EXPECT_EQ(received, 1u);
  EXPECT_EQ(sender, here);
}

// A full peer makes the sender wait; nothing is lost and nothing runs together.
TEST(LocalDatagram, SenderWaitsForRoom) {
  net::io_context context;
  datagram_protocol::socket one(context);
  datagram_protocol::socket other(context);
  net::local::connect_pair(one, other);
  constexpr std::size_t messages = 2000;
  std::size_t received = 0;
  net::go(context, [&] {
    const std::string message(1000, 'm');
    for (std::size_t i = 0; i < messages; ++i) {
      ASSERT_EQ(one.send(net::buffer(message)), message.size());
    }
  });
  net::go(context, [&] {
    std::array<char, 2000> data;
    for (; received < messages; ++received) {
      ASSERT_EQ(other.receive(net::buffer(data)), 1000u);
    }
  });
  context.run();
  EXPECT_EQ(received, messages);
}

}  // namespace
