// SPDX-License-Identifier: BSL-1.0
//
// Sockets of this machine, and those of any protocol: endpoints, pairs, acceptors, raw sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/basic_raw_socket.hpp>
#include <asio/basic_seq_packet_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/basic_endpoint.hpp>
#include <asio/generic/datagram_protocol.hpp>
#include <asio/generic/raw_protocol.hpp>
#include <asio/generic/seq_packet_protocol.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/icmp.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/basic_endpoint.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/datagram_protocol.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>

namespace {

using asio::local::datagram_protocol;
using asio::local::stream_protocol;

// In the abstract namespace: nothing is left in the file system.
stream_protocol::endpoint abstract_name(const std::string& what) {
  return stream_protocol::endpoint(std::string(1, '\0') + what + std::to_string(::getpid()));
}

// --- Endpoints ------------------------------------------------------------------------------------

TEST(LocalEndpoint, HoldsAPath) {
  stream_protocol::endpoint endpoint("/tmp/a");
  EXPECT_EQ(endpoint.path(), "/tmp/a");
  EXPECT_EQ(endpoint.protocol().family(), AF_UNIX);
  endpoint.path(std::string("/tmp/b"));
  EXPECT_EQ(endpoint.path(), "/tmp/b");
  std::ostringstream out;
  out << endpoint;
  EXPECT_EQ(out.str(), "/tmp/b");
  EXPECT_TRUE(stream_protocol::endpoint().path().empty());
}

TEST(LocalEndpoint, HoldsAnAbstractName) {
  const std::string name("\0xyz", 4);
  const stream_protocol::endpoint endpoint(name);
  EXPECT_EQ(endpoint.path(), name);
}

TEST(LocalEndpoint, RefusesWhatIsTooLong) {
  EXPECT_THROW(stream_protocol::endpoint(std::string(200, 'x')), asio::system_error);
  stream_protocol::endpoint endpoint;
  try {
    endpoint.path(std::string(200, 'x'));
    FAIL();
  } catch (const asio::system_error& failed) {
    EXPECT_EQ(failed.code(), asio::error::name_too_long);
  }
}

TEST(LocalEndpoint, ComparesPaths) {
  const stream_protocol::endpoint a("/a");
  const stream_protocol::endpoint b("/b");
  EXPECT_TRUE(a == stream_protocol::endpoint("/a"));
  EXPECT_TRUE(a != b);
  EXPECT_TRUE(a < b);
  EXPECT_TRUE(b >= a);
}

TEST(LocalEndpoint, CanBeResizedAsTheKernelDoes) {
  const stream_protocol::endpoint a("/a/b");
  stream_protocol::endpoint copy;
  std::memcpy(copy.data(), a.data(), a.size());
  copy.resize(a.size());
  EXPECT_TRUE(copy == a);
  EXPECT_THROW(copy.resize(copy.capacity() + 1), asio::system_error);
}

TEST(GenericEndpoint, HoldsAnyOther) {
  const asio::ip::tcp::endpoint tcp(asio::ip::address_v4::loopback(), 80);
  const asio::generic::stream_protocol::endpoint any(tcp);
  EXPECT_EQ(any.size(), tcp.size());
  EXPECT_EQ(any.protocol().family(), AF_INET);
  EXPECT_TRUE(any == asio::generic::stream_protocol::endpoint(tcp));
  EXPECT_TRUE(any != asio::generic::stream_protocol::endpoint(stream_protocol::endpoint("/a")));
  const asio::generic::stream_protocol::endpoint raw(tcp.data(), tcp.size());
  EXPECT_TRUE(raw == any);
  EXPECT_GE(any.capacity(), sizeof(::sockaddr_in6));
}

TEST(GenericProtocol, IsWhatItWasMadeOf) {
  const asio::generic::stream_protocol tcp(asio::ip::tcp::v4());
  EXPECT_EQ(tcp.family(), AF_INET);
  EXPECT_EQ(tcp.type(), SOCK_STREAM);
  EXPECT_EQ(tcp.protocol(), IPPROTO_TCP);
  EXPECT_TRUE(tcp == asio::generic::stream_protocol(AF_INET, IPPROTO_TCP));
  EXPECT_THROW(asio::generic::stream_protocol{asio::ip::udp::v4()}, std::bad_cast);
  EXPECT_EQ(asio::generic::datagram_protocol(asio::ip::udp::v6()).type(), SOCK_DGRAM);
  EXPECT_EQ(asio::generic::seq_packet_protocol(AF_UNIX, 0).type(), SOCK_SEQPACKET);
  EXPECT_EQ(asio::generic::raw_protocol(asio::ip::icmp::v4()).type(), SOCK_RAW);
}

TEST(IcmpProtocol, IsRaw) {
  EXPECT_EQ(asio::ip::icmp::v4().type(), SOCK_RAW);
  EXPECT_EQ(asio::ip::icmp::v4().protocol(), IPPROTO_ICMP);
  EXPECT_EQ(asio::ip::icmp::v6().protocol(), IPPROTO_ICMPV6);
  EXPECT_EQ(asio::ip::icmp::v6().family(), AF_INET6);
  EXPECT_TRUE(asio::ip::icmp::v4() != asio::ip::icmp::v6());
}

// --- Sockets --------------------------------------------------------------------------------------

TEST(LocalStream, PairIsConnected) {
  asio::io_context context;
  stream_protocol::socket one(context);
  stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  asio::write(one, asio::buffer("hi", 2));
  char bytes[2];
  asio::read(two, asio::buffer(bytes));
  EXPECT_EQ(std::string(bytes, 2), "hi");
  asio::error_code ec;
  asio::local::connect_pair(one, two, ec);
  EXPECT_EQ(ec, asio::error::already_open);
}

TEST(LocalStream, AcceptorListensByName) {
  asio::io_context context;
  const auto name = abstract_name("listen");
  stream_protocol::acceptor acceptor(context, name);
  EXPECT_TRUE(acceptor.local_endpoint() == name);
  stream_protocol::socket client(context);
  client.connect(name);
  stream_protocol::socket server = acceptor.accept();
  EXPECT_TRUE(client.remote_endpoint() == name);
  EXPECT_TRUE(client.local_endpoint().path().empty());
  EXPECT_TRUE(server.remote_endpoint().path().empty());
  acceptor.close();
  stream_protocol::socket late(context);
  asio::error_code ec;
  late.connect(name, ec);
  EXPECT_EQ(ec, asio::error::connection_refused);
}

TEST(LocalStream, OfNobodyIsNotFound) {
  asio::io_context context;
  stream_protocol::socket socket(context);
  asio::error_code code;
  socket.async_connect(stream_protocol::endpoint("/nowhere/at/all"),
                       [&](const asio::error_code& ec) { code = ec; });
  context.run();
  EXPECT_EQ(code, asio::error_code(ENOENT, asio::error::get_system_category()));
}

TEST(LocalDatagram, GoesToANamedOne) {
  asio::io_context context;
  const datagram_protocol::endpoint name(abstract_name("datagram").path());
  datagram_protocol::socket one(context, name);
  datagram_protocol::socket two(context, datagram_protocol());
  EXPECT_EQ(two.send_to(asio::buffer("hi", 2), name), 2u);
  char bytes[8];
  datagram_protocol::endpoint from("/x");
  EXPECT_EQ(one.receive_from(asio::buffer(bytes), from), 2u);
  EXPECT_TRUE(from.path().empty());
}

TEST(GenericStream, TakesOverASocketOfTcp) {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  asio::generic::stream_protocol::socket client(context);
  client.connect(asio::generic::stream_protocol::endpoint(acceptor.local_endpoint()));
  asio::ip::tcp::socket accepted = acceptor.accept();
  EXPECT_TRUE(client.remote_endpoint() ==
              asio::generic::stream_protocol::endpoint(acceptor.local_endpoint()));
  asio::generic::stream_protocol::socket server(std::move(accepted));
  EXPECT_FALSE(accepted.is_open());
  asio::write(client, asio::buffer("x", 1));
  char byte = 0;
  EXPECT_EQ(server.read_some(asio::buffer(&byte, 1)), 1u);
  asio::generic::stream_protocol::socket other(context);
  other = asio::ip::tcp::socket(context, asio::ip::tcp::v4());
  EXPECT_TRUE(other.is_open());
}

TEST(GenericSeqPacket, PairIsConnected) {
  asio::io_context context;
  int numbers[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, numbers), 0);
  const asio::generic::seq_packet_protocol protocol(AF_UNIX, 0);
  asio::generic::seq_packet_protocol::socket one(context, protocol, numbers[0]);
  asio::generic::seq_packet_protocol::socket two(context, protocol, numbers[1]);
  EXPECT_EQ(one.send(asio::buffer("ab", 2), 0), 2u);
  EXPECT_EQ(one.send(asio::buffer("cde", 3), 0), 3u);
  char bytes[8];
  asio::socket_base::message_flags flags = 0;
  EXPECT_EQ(two.receive(asio::buffer(bytes), flags), 2u);
  std::size_t got = 0;
  asio::socket_base::message_flags out = 0;
  two.async_receive(asio::buffer(bytes), out, [&](const asio::error_code& ec, std::size_t n) {
    EXPECT_FALSE(ec);
    got = n;
  });
  context.run();
  EXPECT_EQ(got, 3u);
  one.close();
  asio::error_code ec = asio::error::fault;
  EXPECT_EQ(two.receive(asio::buffer(bytes), 0, flags, ec), 0u);
  EXPECT_FALSE(ec) << "no message, but no stream that ends";
}

// A raw socket of this machine needs no rights, and carries messages.
TEST(RawSocket, CarriesMessages) {
  asio::io_context context;
  int numbers[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_RAW, 0, numbers), 0);
  const asio::generic::raw_protocol protocol(AF_UNIX, 0);
  asio::generic::raw_protocol::socket one(context, protocol, numbers[0]);
  asio::generic::raw_protocol::socket two(context, protocol, numbers[1]);
  EXPECT_EQ(one.send(asio::buffer("abc", 3)), 3u);
  char bytes[8];
  EXPECT_EQ(two.receive(asio::buffer(bytes)), 3u);
  std::size_t sent = 0;
  std::size_t got = 0;
  asio::generic::raw_protocol::endpoint from;
  two.async_receive_from(asio::buffer(bytes), from, [&](const asio::error_code& ec, std::size_t n) {
    EXPECT_FALSE(ec);
    got = n;
  });
  one.async_send(asio::buffer("de", 2), [&](const asio::error_code&, std::size_t n) { sent = n; });
  context.run();
  EXPECT_EQ(sent, 2u);
  EXPECT_EQ(got, 2u);
  asio::ip::icmp::socket closed(context);
  asio::error_code ec;
  closed.receive(asio::buffer(bytes), 0, ec);
  EXPECT_EQ(ec, asio::error::bad_descriptor);
}

}  // namespace
