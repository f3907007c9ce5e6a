// SPDX-License-Identifier: BSL-1.0
//
// Sockets as streams of the standard library.
#include <gtest/gtest.h>

#include <asio/basic_socket_iostream.hpp>
#include <asio/basic_socket_streambuf.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <istream>
#include <iterator>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

struct Iostream : testing::Test {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  tcp::endpoint here = acceptor.local_endpoint();
};

TEST_F(Iostream, ReadsAndWritesText) {
  tcp::iostream client(here);
  ASSERT_TRUE(client);
  tcp::iostream server(acceptor.accept());
  client << "number " << 42 << std::endl;
  std::string word;
  int number = 0;
  server >> word >> number;
  EXPECT_EQ(word, "number");
  EXPECT_EQ(number, 42);
  server << std::string(10000, 'x') << '\n' << std::flush;
  std::string line;
  std::getline(client, line);
  EXPECT_EQ(line.size(), 10000u);
}

TEST_F(Iostream, EndsWithTheStream) {
  tcp::iostream client(here);
  tcp::iostream server(acceptor.accept());
  client << "all";
  client.close();
  const std::string text{std::istreambuf_iterator<char>(server), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, "all");
  EXPECT_TRUE(server.rdbuf()->sgetc() == std::char_traits<char>::eof());
}

TEST_F(Iostream, ConnectsByNames) {
  tcp::iostream client("127.0.0.1", std::to_string(here.port()));
  ASSERT_TRUE(client);
  EXPECT_EQ(client.socket().remote_endpoint(), here);
  tcp::iostream other;
  other.connect(here);
  EXPECT_TRUE(other);
}

TEST_F(Iostream, SaysWhyItFailed) {
  acceptor.close();
  tcp::iostream client(here);
  EXPECT_FALSE(client);
  EXPECT_TRUE(client.fail());
  EXPECT_EQ(client.error(), asio::error::connection_refused);
}

TEST_F(Iostream, TimeThatIsOverEndsWhatWaits) {
  tcp::iostream client(here);
  client.expires_after(-1s);
  client.get();
  EXPECT_FALSE(client);
  EXPECT_EQ(client.error(), asio::error::timed_out);
  EXPECT_LT(client.expiry(), std::chrono::steady_clock::now());
}

TEST_F(Iostream, TimeIsUnlimitedUnlessSaid) {
  tcp::iostream client;
  EXPECT_TRUE(client.expiry() == tcp::iostream::time_point::max());
  const auto later = std::chrono::steady_clock::now() + 1h;
  client.expires_at(later);
  EXPECT_TRUE(client.expiry() == later);
}

TEST_F(Iostream, CanBeMoved) {
  tcp::iostream client(here);
  client << "one " << std::flush;
  tcp::iostream moved(std::move(client));
  moved << "two" << std::flush;
  moved.close();
  tcp::iostream server(acceptor.accept());
  std::string first;
  std::string second;
  server >> first >> second;
  EXPECT_EQ(first, "one");
  EXPECT_EQ(second, "two");
  tcp::iostream assigned;
  assigned = tcp::iostream(here);
  EXPECT_TRUE(assigned);
  EXPECT_TRUE(assigned.socket().is_open());
}

TEST_F(Iostream, BufferCanBeUsedAlone) {
  asio::basic_socket_streambuf<tcp> buffer;
  ASSERT_NE(buffer.connect(here), nullptr);
  EXPECT_FALSE(buffer.error());
  std::ostream(&buffer) << "x" << std::flush;
  char byte = 0;
  acceptor.accept().read_some(asio::buffer(&byte, 1));
  EXPECT_EQ(byte, 'x');
  ASSERT_NE(buffer.close(), nullptr);
  EXPECT_FALSE(buffer.socket().is_open());
}

TEST_F(Iostream, PutsBackAndLooksAhead) {
  tcp::iostream client(here);
  tcp::iostream server(acceptor.accept());
  client << "abc" << std::flush;
  EXPECT_EQ(server.get(), 'a');
  EXPECT_EQ(server.peek(), 'b');
  server.unget();
  EXPECT_EQ(server.get(), 'a');
  EXPECT_EQ(server.get(), 'b');
}

TEST(LocalIostream, IsOne) {
  asio::io_context context;
  asio::local::stream_protocol::socket one(context);
  asio::local::stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  asio::local::stream_protocol::iostream first(std::move(one));
  asio::local::stream_protocol::iostream second(std::move(two));
  first << 12 << ' ' << std::flush;
  int number = 0;
  second >> number;
  EXPECT_EQ(number, 12);
}

}  // namespace
