// SPDX-License-Identifier: BSL-1.0
//
// An echo server in handlers, as somebody would write it who includes the whole library: what
// static.py compiles. peers/compile_asio.cc does the same.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#include "net/net.h"

namespace {

using net::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(
        net::buffer(data_),
        [self = shared_from_this()](std::error_code ec, std::size_t length) {
          if (!ec) self->write(length);
        });
  }

 private:
  void write(std::size_t length) {
    net::async_write(socket_, net::buffer(data_.data(), length),
                     [self = shared_from_this()](std::error_code ec, std::size_t) {
                       if (!ec) self->read();
                     });
  }

  tcp::socket socket_;
  std::array<char, 4096> data_;
};

class server {
 public:
  server(net::io_context& context, unsigned short port)
      : acceptor_(context, tcp::endpoint(tcp::v4(), port)) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code ec, tcp::socket socket) {
      if (!ec) {
        socket.set_option(tcp::no_delay(true));
        std::make_shared<session>(std::move(socket))->read();
      }
      accept();
    });
  }

  tcp::acceptor acceptor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " PORT\n";
    return 2;
  }
  net::io_context context(1);
  server echo(context, static_cast<unsigned short>(std::atoi(argv[1])));
  context.run();
}
