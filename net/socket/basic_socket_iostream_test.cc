// SPDX-License-Identifier: BSL-1.0
#include "net/socket/basic_socket_iostream.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iterator>
#include <string>
#include <utility>

#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/ip/basic_resolver.h"
#include "net/ip/tcp.h"
#include "net/local/connect_pair.h"
#include "net/local/stream_protocol.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_socket_streambuf.h"
#include "net/socket/basic_stream_socket.h"

namespace {

using net::ip::tcp;
using namespace std::chrono_literals;

class SocketIostream : public testing::Test {
 protected:
  net::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(net::ip::address_v4::loopback(), 0)};
  tcp::endpoint here = acceptor.local_endpoint();
  std::string port = std::to_string(here.port());

  static std::string rest_of(std::istream& stream) {
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

TEST_F(SocketIostream, ConnectsByName) {
  tcp::iostream client("127.0.0.1", port);
  ASSERT_TRUE(client) << client.error().message();
  tcp::iostream server(acceptor.accept());
  client << "GET " << 42 << std::endl;
  std::string word;
  int number = 0;
  server >> word >> number;
  EXPECT_EQ(word, "GET");
  EXPECT_EQ(number, 42);
  server << "answer";
  server.close();
  EXPECT_TRUE(server);
  EXPECT_EQ(rest_of(client), "answer");
  EXPECT_EQ(client.error(), net::error::eof);
}

TEST_F(SocketIostream, ConnectsToAnEndpoint) {
  tcp::iostream client(here);
  ASSERT_TRUE(client);
  EXPECT_EQ(client.socket().remote_endpoint(), here);
  client.close();
  client.connect(here);
  EXPECT_TRUE(client.socket().is_open());
  EXPECT_TRUE(client);
}

TEST_F(SocketIostream, SaysThatItCannotConnect) {
  acceptor.close();
  tcp::iostream client(here);
  EXPECT_TRUE(client.fail());
  EXPECT_EQ(client.error(), net::error::connection_refused);
  client.clear();
  client.connect("not a number", "80", tcp::resolver::numeric_host);
  EXPECT_TRUE(client.fail());
}

TEST_F(SocketIostream, BuffersUntilItIsFlushed) {
  tcp::iostream client(here);
  auto peer = acceptor.accept();
  client << std::nounitbuf << "all of it";
  EXPECT_EQ(peer.available(), 0U);
  const std::string much(5000, 'x');
  client << much << std::flush;
  client.close();
  tcp::iostream server(std::move(peer));
  EXPECT_EQ(rest_of(server), "all of it" + much);
}

TEST_F(SocketIostream, SendsAtOnceWithoutABuffer) {
  tcp::iostream client(here);
  EXPECT_NE(client.rdbuf()->pubsetbuf(nullptr, 0), nullptr);
  client << std::nounitbuf << "text";
  tcp::iostream server(acceptor.accept());
  char text[4];
  server.read(text, 4);
  EXPECT_EQ(std::string(text, 4), "text");
}

TEST_F(SocketIostream, SendsWhatIsBufferedAtItsEnd) {
  {
    tcp::iostream client(here);
    client << std::nounitbuf << "last words";
  }
  tcp::iostream server(acceptor.accept());
  EXPECT_EQ(rest_of(server), "last words");
}

TEST_F(SocketIostream, PutsBack) {
  tcp::iostream client(here);
  tcp::iostream server(acceptor.accept());
  client << "ab";
  EXPECT_EQ(server.get(), 'a');
  server.unget();
  EXPECT_EQ(server.get(), 'a');
  EXPECT_EQ(server.get(), 'b');
}

TEST_F(SocketIostream, Expires) {
  tcp::iostream client(here);
  tcp::iostream server(acceptor.accept());
  client.expires_after(1ms);
  EXPECT_EQ(client.get(), std::char_traits<char>::eof());
  EXPECT_EQ(client.error(), net::error::timed_out);
  client.clear();
  client << "too late";
  EXPECT_TRUE(client.fail());
  client.connect(here);
  EXPECT_EQ(client.error(), net::error::timed_out);
  // And on.
  client.expires_at((tcp::iostream::time_point::max)());
  EXPECT_EQ(client.expiry(), (tcp::iostream::time_point::max)());
  client.clear();
  client.connect(here);
  EXPECT_TRUE(client);
  tcp::iostream(acceptor.accept()).close();
}

TEST_F(SocketIostream, MovesWithWhatIsBuffered) {
  tcp::iostream client(here);
  tcp::iostream server(acceptor.accept());
  client << "one two" << std::flush;
  std::string word;
  server >> word;
  tcp::iostream moved(std::move(server));
  moved >> std::ws;
  EXPECT_EQ(moved.get(), 't');
  client << std::nounitbuf << "unsent";
  tcp::iostream other;
  other = std::move(client);
  EXPECT_FALSE(client.socket().is_open());  // NOLINT(bugprone-use-after-move): it says so
  other.close();
  EXPECT_EQ(rest_of(moved), "wounsent");
  client.connect(here);
  EXPECT_TRUE(client.socket().is_open());
}

TEST_F(SocketIostream, ParksFibers) {
  std::string heard;
  net::go(context, [&] {
    tcp::iostream server(acceptor.accept());
    std::getline(server, heard);
  });
  net::go(context, [&] {
    tcp::iostream client("127.0.0.1", port);
    client << "hello" << std::endl;
  });
  context.run();
  EXPECT_EQ(heard, "hello");
}

TEST(SocketStreambuf, IsForAllStreams) {
  using local = net::local::stream_protocol;
  net::io_context context;
  local::socket one(context);
  local::socket other(context);
  net::local::connect_pair(one, other);
  net::basic_socket_streambuf<local, std::chrono::system_clock> out(std::move(one));
  out.expires_after(1h);
  EXPECT_EQ(out.sputn("text", 4), 4);
  EXPECT_EQ(out.pubsync(), 0);
  net::basic_socket_streambuf<local> in(std::move(other));
  EXPECT_EQ(in.sgetc(), 't');
  EXPECT_EQ(in.sbumpc(), 't');
  EXPECT_EQ(in.in_avail(), 3);
  EXPECT_EQ(out.close(), &out);
  EXPECT_FALSE(out.error());
}

}  // namespace
