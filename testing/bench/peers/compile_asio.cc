// SPDX-License-Identifier: BSL-1.0
//
// What compile_ours.cc does, with Asio: standalone, or Boost's where BOOST_ASIO_ECHO is defined.
//
// What it is given: standalone, none of Boost's headers, and the error codes of the standard
// library; else it is what its own examples do.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>

#if defined(BOOST_ASIO_ECHO)
#include <boost/asio.hpp>
namespace asio = boost::asio;
using boost::system::error_code;
#else
#include <asio.hpp>
using std::error_code;
#endif

namespace {

using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(data_),
                            [self = shared_from_this()](error_code ec, std::size_t length) {
                              if (!ec) self->write(length);
                            });
  }

 private:
  void write(std::size_t length) {
    asio::async_write(socket_, asio::buffer(data_.data(), length),
                      [self = shared_from_this()](error_code ec, std::size_t) {
                        if (!ec) self->read();
                      });
  }

  tcp::socket socket_;
  std::array<char, 4096> data_;
};

class server {
 public:
  server(asio::io_context& context, unsigned short port)
      : acceptor_(context, tcp::endpoint(tcp::v4(), port)) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
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
  asio::io_context context(1);
  server echo(context, static_cast<unsigned short>(std::atoi(argv[1])));
  context.run();
}
