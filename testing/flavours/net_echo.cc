// SPDX-License-Identifier: BSL-1.0
#include <string>

#include "net/net.h"
#include "netpoll/census.h"
#include "testing/flavours/echo.h"

namespace in_net {

struct echo_server::state {
  net::io_context context;
  net::ip::tcp::acceptor acceptor{context, {net::ip::address_v4::loopback(), 0}};
};

echo_server::echo_server() : state_(std::make_unique<state>()) {}

echo_server::~echo_server() = default;

std::uint16_t echo_server::port() const { return state_->acceptor.local_endpoint().port(); }

void echo_server::serve_one() {
  net::go(state_->context, [this] {
    net::ip::tcp::socket socket = state_->acceptor.accept();
    char bytes[64];
    net::error_code ec;
    while (const std::size_t n = socket.read_some(net::buffer(bytes), ec)) {
      net::write(socket, net::buffer(bytes, n));
    }
  });
  state_->context.run();
}

std::string echo(std::uint16_t port, std::string_view text) {
  net::io_context context;
  std::string received(text.size(), '\0');
  net::go(context, [&] {
    net::ip::tcp::socket socket(context);
    socket.connect({net::ip::address_v4::loopback(), port});
    net::write(socket, net::buffer(text));
    net::read(socket, net::buffer(received));
  });
  context.run();
  return received;
}

int bystanders() { return netpoll::bystander::count(); }

}  // namespace in_net
