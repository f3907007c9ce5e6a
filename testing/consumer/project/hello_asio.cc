// SPDX-License-Identifier: BSL-1.0
//
// A program written for standalone Asio, that only its build tells from others: prints "hello" when the
// five bytes have gone from one socket to the other.
#include <asio.hpp>
#include <cstddef>
#include <cstdio>

using asio::ip::tcp;

// What programs do to namespaces that are not theirs.
namespace asio {
class io_context;
}

int main() {
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket client(context);
  tcp::socket server(context);
  char received[5];
  std::size_t got = 0;
  acceptor.async_accept(server, [&](asio::error_code ec) {
    if (ec) return;
    asio::async_write(server, asio::buffer("hello", 5), [](asio::error_code, std::size_t) {});
  });
  client.async_connect(acceptor.local_endpoint(), [&](asio::error_code ec) {
    if (ec) return;
    asio::async_read(client, asio::buffer(received),
                     [&](asio::error_code, std::size_t n) { got = n; });
  });
  context.run();
  std::printf("%.*s\n", static_cast<int>(got), received);
  return got == sizeof(received) ? 0 : 1;
}
