// SPDX-License-Identifier: BSL-1.0
//
// Sockets that carry messages: bounds, what is cut, who sent, and what ends an operation. Of UDP, and of
// the unix domain's datagrams and records.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/generic/datagram_protocol.hpp>
#include <asio/generic/seq_packet_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/datagram_protocol.hpp>
#include <asio/use_future.hpp>
#include <cerrno>
#include <cstddef>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace {

using asio::ip::udp;

struct Udp : testing::Test {
  asio::io_context context;
  udp::socket one{context, udp::endpoint(asio::ip::address_v4::loopback(), 0)};
  udp::socket other{context, udp::endpoint(asio::ip::address_v4::loopback(), 0)};
  const udp::endpoint at_one = one.local_endpoint();
  const udp::endpoint at_other = other.local_endpoint();
  std::array<char, 16> data{};
  udp::endpoint sender;

  std::string got(std::size_t bytes) const { return std::string(data.data(), bytes); }
};

TEST_F(Udp, KeepsBoundsAndTellsWhoSent) {
  const std::array<asio::const_buffer, 2> two{asio::buffer("ab", 2), asio::buffer("cd", 2)};
  EXPECT_EQ(one.send_to(two, at_other), 4u);
  EXPECT_EQ(one.send_to(asio::buffer("", 0), at_other), 0u);
  EXPECT_EQ(one.send_to(asio::buffer("e", 1), at_other), 1u);
  EXPECT_EQ(got(other.receive_from(asio::buffer(data), sender)), "abcd");
  EXPECT_EQ(sender, at_one);
  asio::error_code ec = asio::error::eof;
  EXPECT_EQ(other.receive_from(asio::buffer(data), sender, 0, ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(got(other.receive(asio::buffer(data))), "e");
}

TEST_F(Udp, LosesTheRestOfALongMessageInEveryStyle) {
  const udp::socket::message_flags peek = udp::socket::message_peek;
  one.send_to(asio::buffer("abcdef", 6), at_other);
  asio::error_code ec = asio::error::eof;
  EXPECT_EQ(other.receive_from(asio::buffer(data, 2), sender, peek, ec), 2u);
  EXPECT_FALSE(ec);
  std::size_t received = 0;
  other.async_receive(asio::buffer(data, 3), [&](asio::error_code failed, std::size_t bytes) {
    ec = failed;
    received = bytes;
  });
  context.run();
  EXPECT_FALSE(ec);
  EXPECT_EQ(got(received), "abc");
  EXPECT_EQ(other.available(), 0u);
}

TEST_F(Udp, ReceivingIntoNothingTakesTheMessage) {
  one.send_to(asio::buffer("gone", 4), at_other);
  one.send_to(asio::buffer("here", 4), at_other);
  asio::error_code ec;
  EXPECT_EQ(other.receive_from(asio::buffer(data, 0), sender, 0, ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(got(other.receive(asio::buffer(data))), "here");
}

TEST_F(Udp, ConnectedNeedsNoAddress) {
  asio::error_code ec;
  one.send(asio::buffer("x", 1), 0, ec);
  EXPECT_EQ(ec.value(), EDESTADDRREQ);
  EXPECT_EQ(one.remote_endpoint(ec), udp::endpoint());
  EXPECT_EQ(ec, asio::error::not_connected);
  bool connected = false;
  one.async_connect(at_other, [&](asio::error_code failed) { connected = !failed; });
  context.run();
  EXPECT_TRUE(connected);
  EXPECT_EQ(one.remote_endpoint(), at_other);
  EXPECT_EQ(one.send(asio::buffer("x", 1)), 1u);
  EXPECT_EQ(other.receive_from(asio::buffer(data), sender), 1u);
  EXPECT_EQ(sender, at_one);
}

TEST_F(Udp, PeerThatIsGoneRefuses) {
  one.connect(at_other);
  other.close();
  one.send(asio::buffer("x", 1));
  asio::error_code ec;
  one.receive(asio::buffer(data), 0, ec);
  EXPECT_EQ(ec, asio::error::connection_refused);
}

TEST_F(Udp, NonBlockingSaysWouldBlock) {
  one.non_blocking(true);
  asio::error_code ec;
  EXPECT_EQ(one.receive_from(asio::buffer(data), sender, 0, ec), 0u);
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_THROW(one.receive(asio::buffer(data)), asio::system_error);
}

TEST_F(Udp, ClosedIsABadDescriptor) {
  udp::socket closed(context);
  asio::error_code ec;
  closed.send_to(asio::buffer("x", 1), at_one, 0, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
  std::vector<asio::error_code> codes;
  const auto keep = [&](asio::error_code failed, std::size_t bytes) {
    EXPECT_EQ(bytes, 0u);
    codes.push_back(failed);
  };
  closed.async_receive_from(asio::buffer(data), sender, keep);
  closed.async_send_to(asio::buffer("x", 1), at_one, keep);
  EXPECT_TRUE(codes.empty());
  context.run();
  EXPECT_EQ(codes, std::vector<asio::error_code>(2, make_error_code(asio::error::bad_descriptor)));
}

TEST_F(Udp, CancelAndSlotEndWhatWaits) {
  std::vector<asio::error_code> codes;
  const auto keep = [&](asio::error_code failed, std::size_t) { codes.push_back(failed); };
  asio::cancellation_signal signal;
  one.async_receive_from(asio::buffer(data), sender,
                         asio::bind_cancellation_slot(signal.slot(), keep));
  signal.emit(asio::cancellation_type::total);
  other.async_receive(asio::buffer(data), keep);
  other.cancel();
  context.run();
  EXPECT_EQ(codes,
            std::vector<asio::error_code>(2, make_error_code(asio::error::operation_aborted)));
}

TEST_F(Udp, FuturesHoldTheSizes) {
  std::future<std::size_t> received =
      other.async_receive_from(asio::buffer(data), sender, asio::use_future);
  std::future<std::size_t> sent =
      one.async_send_to(asio::buffer("abc", 3), at_other, asio::use_future);
  context.run();
  EXPECT_EQ(sent.get(), 3u);
  EXPECT_EQ(received.get(), 3u);
  EXPECT_EQ(sender, at_one);
}

TEST_F(Udp, BecomesAGenericSocket) {
  asio::generic::datagram_protocol::socket wide(std::move(other));
  EXPECT_FALSE(other.is_open());
  asio::generic::datagram_protocol::endpoint from;
  one.send_to(asio::buffer("abc", 3), at_other);
  EXPECT_EQ(wide.receive_from(asio::buffer(data), from), 3u);
  EXPECT_EQ(from, asio::generic::datagram_protocol::endpoint(at_one));
}

TEST(LocalDatagram, PairKeepsBounds) {
  asio::io_context context;
  asio::local::datagram_protocol::socket one(context);
  asio::local::datagram_protocol::socket other(context);
  asio::local::connect_pair(one, other);
  one.send(asio::buffer("ab", 2));
  one.send(asio::buffer("c", 1));
  char data[4];
  asio::local::datagram_protocol::endpoint sender("somebody");
  EXPECT_EQ(other.receive_from(asio::buffer(data), sender), 2u);
  EXPECT_EQ(sender.path(), "");
  EXPECT_EQ(other.receive(asio::buffer(data)), 1u);
}

// Records, by the generic protocol: that of the unix domain is newer.
TEST(SeqPacket, KeepsBoundsAndTellsWhatWasCut) {
  using protocol = asio::generic::seq_packet_protocol;
  asio::io_context context;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  protocol::socket one(context, protocol(AF_UNIX, 0), ends[0]);
  protocol::socket other(context, protocol(AF_UNIX, 0), ends[1]);
  one.send(asio::buffer("abcdef", 6), 0);
  one.send(asio::buffer("gh", 2), 0);
  one.shutdown(protocol::socket::shutdown_send);
  char data[4];
  protocol::socket::message_flags flags = 0;
  EXPECT_EQ(other.receive(asio::buffer(data), flags), 4u);
  EXPECT_NE(flags & MSG_TRUNC, 0);
  std::size_t received = 9;
  other.async_receive(asio::buffer(data), 0, flags,
                      [&](asio::error_code, std::size_t bytes) { received = bytes; });
  context.run();
  EXPECT_EQ(received, 2u);
  EXPECT_EQ(flags & MSG_TRUNC, 0);
  asio::error_code ec = asio::error::fault;
  EXPECT_EQ(other.receive(asio::buffer(data), 0, flags, ec), 0u);
  EXPECT_FALSE(ec) << "which is how the end looks";
}

}  // namespace
