// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/local/connect_pair.h"
#include "net/local/stream_protocol.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/basic_stream_socket.h"
#include "net/stream/read.h"
#include "net/stream/write.h"

namespace {

using net::local::stream_protocol;
using endpoint = stream_protocol::endpoint;

// A directory of its own, removed with the one file in it.
class directory {
 public:
  // Not where tests have their files otherwise: a path may have 107 bytes.
  directory() : name_("/tmp/netpoll.XXXXXX") {
    EXPECT_NE(::mkdtemp(name_.data()), nullptr);
  }
  ~directory() {
    ::unlink(file().c_str());
    ::rmdir(name_.c_str());
  }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;

  std::string file() const { return name_ + "/s"; }

 private:
  std::string name_;
};

TEST(LocalEndpoint, KnowsItsPath) {
  EXPECT_EQ(endpoint().path(), "");
  EXPECT_EQ(endpoint("/run/it").path(), "/run/it");
  using namespace std::string_view_literals;
  EXPECT_EQ(endpoint("\0hidden\0name"sv).path(), "\0hidden\0name"sv);
  EXPECT_EQ(endpoint("a"), endpoint(std::string("a")));
  EXPECT_LT(endpoint("a"), endpoint("b"));
}

TEST(LocalEndpoint, IsAsLongAsTheKernelAllows) {
  EXPECT_EQ(endpoint(std::string(107, 'x')).path(), std::string(107, 'x'));
  EXPECT_EQ(endpoint(std::string(108, '\0')).path(), std::string(108, '\0'));
  for (const std::string& longer : {std::string(108, 'x'), std::string(109, '\0')}) {
    try {
      (void)endpoint(longer);
      FAIL() << "a path of " << longer.size() << " bytes was taken";
    } catch (const net::system_error& error) {
      EXPECT_EQ(error.code(), net::error::name_too_long);
    }
  }
}

TEST(LocalStream, PairIsConnected) {
  net::io_context context;
  stream_protocol::socket one(context);
  stream_protocol::socket other(context);
  net::local::connect_pair(one, other);
  EXPECT_EQ(net::write(one, net::buffer("there", 5)), 5u);
  char got[5];
  EXPECT_EQ(net::read(other, net::buffer(got)), 5u);
  EXPECT_EQ(std::string_view(got, 5), "there");
  EXPECT_EQ(one.local_endpoint().path(), "");
  EXPECT_EQ(one.remote_endpoint().path(), "");

  std::error_code ec;
  stream_protocol::socket third(context);
  net::local::connect_pair(third, one, ec);
  EXPECT_EQ(ec, net::error::already_open);
  EXPECT_FALSE(third.is_open());
}

void meet(const endpoint& where) {
  net::io_context context;
  stream_protocol::acceptor acceptor(context, where);
  std::string got;
  endpoint peer("not it");
  net::go(context, [&] {
    stream_protocol::socket socket(context);
    acceptor.accept(socket, peer);
    EXPECT_EQ(socket.local_endpoint(), where);
    char data[16];
    std::error_code ec;
    while (!ec) {
      got.append(data, socket.read_some(net::buffer(data), ec));
    }
    EXPECT_EQ(ec, net::error::eof);
  });
  net::go(context, [&] {
    stream_protocol::socket socket(context);
    socket.connect(where);
    EXPECT_EQ(socket.remote_endpoint(), where);
    net::write(socket, net::buffer("through a file", 14));
  });
  context.run();
  EXPECT_EQ(got, "through a file");
  EXPECT_EQ(peer.path(), "") << "who connects has no name";
}

TEST(LocalStream, AcceptsAtAPath) {
  const directory place;
  meet(endpoint(place.file()));
}

TEST(LocalStream, AcceptsAtAnAbstractName) {
  meet(endpoint(std::string(1, '\0') + "netpoll-test-" + std::to_string(::getpid())));
}

TEST(LocalStream, WhereNobodyListensConnectFails) {
  const directory place;
  net::io_context context;
  stream_protocol::socket socket(context);
  std::error_code ec;
  socket.connect(endpoint(place.file()), ec);
  EXPECT_EQ(ec, std::errc::no_such_file_or_directory);
}

TEST(LocalStream, HandlersGoThereAndBack) {
  net::io_context context;
  stream_protocol::socket one(context);
  stream_protocol::socket other(context);
  net::local::connect_pair(one, other);
  char there[4] = {};
  char back[4] = {};
  int done = 0;
  net::async_read(other, net::buffer(there), [&](std::error_code ec, std::size_t bytes) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(bytes, 4u);
    net::async_write(other, net::buffer(there), [&](std::error_code failed, std::size_t) {
      EXPECT_FALSE(failed);
      ++done;
    });
  });
  net::async_write(one, net::buffer("ping", 4), [&](std::error_code ec, std::size_t) {
    EXPECT_FALSE(ec);
    net::async_read(one, net::buffer(back), [&](std::error_code failed, std::size_t) {
      EXPECT_FALSE(failed);
      ++done;
    });
  });
  context.run();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(std::string_view(back, 4), "ping");
}

}  // namespace
