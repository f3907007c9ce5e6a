// SPDX-License-Identifier: BSL-1.0
//
// A server and its client in one program, as the first thing a new user writes: prints "hello" when
// the five bytes have gone from one fiber to the other.
#include "net/net.h"

#include <chrono>
#include <cstddef>
#include <cstdio>

int main() {
  char received[5];
  std::size_t got = 0;
  net::run([&] {
    auto listener = net::listen("tcp", "127.0.0.1:0");
    net::go([&] {
      auto c = listener.accept();
      c.write(net::buffer("hello", 5));
    });
    auto c =
        net::dial("tcp", listener.local_endpoint().to_string(), std::chrono::seconds(10));
    while (got < sizeof(received)) {
      const std::size_t n = c.read(net::buffer(received + got, sizeof(received) - got));
      if (n == 0) break;
      got += n;
    }
  });
  std::printf("%.*s\n", static_cast<int>(got), received);
  return got == sizeof(received) ? 0 : 1;
}
