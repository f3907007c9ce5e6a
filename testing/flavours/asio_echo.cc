// SPDX-License-Identifier: BSL-1.0
#include <asio.hpp>
#include <string>

#include "netpoll/census.h"
#include "testing/flavours/echo.h"

namespace in_asio {

struct echo_server::state {
  asio::io_context context;
  asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket socket{context};
  char bytes[64];

  void read() {
    socket.async_read_some(asio::buffer(bytes), [this](asio::error_code ec, std::size_t n) {
      if (!ec) write(n);
    });
  }

  void write(std::size_t n) {
    asio::async_write(socket, asio::buffer(bytes, n), [this](asio::error_code ec, std::size_t) {
      if (!ec) read();
    });
  }
};

echo_server::echo_server() : state_(std::make_unique<state>()) {}

echo_server::~echo_server() = default;

std::uint16_t echo_server::port() const { return state_->acceptor.local_endpoint().port(); }

void echo_server::serve_one() {
  state_->acceptor.async_accept(state_->socket, [this](asio::error_code ec) {
    if (!ec) state_->read();
  });
  state_->context.run();
}

std::string echo(std::uint16_t port, std::string_view text) {
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  std::string received(text.size(), '\0');
  socket.async_connect({asio::ip::address_v4::loopback(), port}, [&](asio::error_code ec) {
    if (ec) return;
    asio::async_write(socket, asio::buffer(text), [&](asio::error_code failed, std::size_t) {
      if (failed) return;
      asio::async_read(socket, asio::buffer(received), [](asio::error_code, std::size_t) {});
    });
  });
  context.run();
  return received;
}

int bystanders() { return netpoll::bystander::count(); }

}  // namespace in_asio
