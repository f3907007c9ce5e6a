// SPDX-License-Identifier: BSL-1.0
//
// Literals, spans of bytes, packets of this machine, flags of signals, names before their definition.
#include <asio/fwd.hpp>

// Before anything else of the library is included.
namespace {
asio::io_context* nowhere = nullptr;
asio::ip::tcp* no_protocol = nullptr;
}  // namespace

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <asio/basic_seq_packet_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/is_contiguous_iterator.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/seq_packet_protocol.hpp>
#include <asio/registered_buffer.hpp>
#include <asio/signal_set.hpp>
#include <asio/signal_set_base.hpp>
#include <cstddef>
#include <list>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace asio::buffer_literals;

TEST(Fwd, NamesAreThere) {
  EXPECT_EQ(nowhere, nullptr);
  EXPECT_EQ(no_protocol, nullptr);
}

TEST(BufferLiteral, IsTextOrBits) {
  const asio::const_buffer text = "hello"_buf;
  EXPECT_EQ(text.size(), 5u);
  EXPECT_EQ(std::string(static_cast<const char*>(text.data()), 5), "hello");
  const asio::const_buffer hex = 0x48656c6c_buf;
  EXPECT_EQ(std::string(static_cast<const char*>(hex.data()), hex.size()), "Hell");
  const asio::const_buffer bits = 0b0100000101000010_buf;
  EXPECT_EQ(std::string(static_cast<const char*>(bits.data()), bits.size()), "AB");
}

TEST(BufferSequence, MayBeASpanOfBytes) {
  std::byte bytes[4] = {};
  const std::span<std::byte> span(bytes);
  EXPECT_TRUE(asio::is_mutable_buffer_sequence<std::span<std::byte>>::value);
  EXPECT_TRUE(asio::is_const_buffer_sequence<std::span<const std::byte>>::value);
  EXPECT_EQ(asio::buffer_size(span), 4u);
  EXPECT_EQ(asio::buffer_copy(span, asio::buffer("abcdef", 6)), 4u);
  EXPECT_EQ(bytes[3], std::byte{'d'});
}

TEST(ContiguousIterator, IsRecognised) {
  EXPECT_TRUE(asio::is_contiguous_iterator<std::vector<int>::iterator>::value);
  EXPECT_TRUE(asio::is_contiguous_iterator<char*>::value);
  EXPECT_FALSE(asio::is_contiguous_iterator<std::list<int>::iterator>::value);
}

TEST(SeqPacket, PairKeepsBounds) {
  asio::io_context context;
  using protocol = asio::local::seq_packet_protocol;
  protocol::socket one(context);
  protocol::socket two(context);
  asio::local::connect_pair(one, two);
  one.send(asio::buffer("ab", 2), 0);
  one.send(asio::buffer("cde", 3), 0);
  char bytes[8];
  asio::socket_base::message_flags flags = 0;
  EXPECT_EQ(two.receive(asio::buffer(bytes), flags), 2u);
  EXPECT_EQ(two.receive(asio::buffer(bytes), flags), 3u);
  EXPECT_EQ(protocol::endpoint("/a").path(), "/a");
}

TEST(SignalSet, FlagsAreTheKernelsAndMustAgree) {
  asio::io_context context;
  asio::signal_set signals(context);
  signals.add(SIGUSR2, asio::signal_set_base::flags::restart);
  struct ::sigaction now = {};
  ASSERT_EQ(::sigaction(SIGUSR2, nullptr, &now), 0);
  EXPECT_TRUE((now.sa_flags & SA_RESTART) != 0);
  asio::signal_set other(context);
  asio::error_code ec;
  other.add(SIGUSR2, asio::signal_set_base::flags::no_child_stop, ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  other.add(SIGUSR2, asio::signal_set_base::flags::dont_care, ec);
  EXPECT_FALSE(ec);
}

}  // namespace
