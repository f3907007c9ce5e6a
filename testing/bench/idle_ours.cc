// SPDX-License-Identifier: BSL-1.0
//
// The server of idle_connections.py: echoes, one fiber to a connection, each read with a deadline.
// peers/idle.go is the same in Go.
//
//   program LISTENERS STEP
//
// listens on so many ports of 127.0.0.1, and prints `port N` for each; prints `accepted N` whenever
// the number of connections has grown by STEP. Ends when its standard input does.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>

#include "net/net.h"

namespace {

void serve(net::conn peer) {
  char data[4096];
  std::error_code ec;
  do {
    peer.set_read_deadline(std::chrono::steady_clock::now() + std::chrono::hours(1));
    const std::size_t bytes = peer.read(net::buffer(data), ec);
    if (!ec) {
      peer.write(net::buffer(data, bytes), ec);
    }
  } while (!ec);
}

}  // namespace

int main(int argc, char** argv) {
  const int listeners = argc == 3 ? std::atoi(argv[1]) : 0;
  const int step = argc == 3 ? std::atoi(argv[2]) : 0;
  if (listeners <= 0 || step <= 0) {
    std::fprintf(stderr, "usage: %s LISTENERS STEP\n", argv[0]);
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::thread([] {
    char unused = 0;
    while (::read(STDIN_FILENO, &unused, 1) > 0) {
    }
    std::_Exit(0);
  }).detach();

  int accepted = 0;
  net::run([&] {
    for (int i = 0; i < listeners; ++i) {
      net::listener listener = net::listen("tcp4", "127.0.0.1:0");
      std::printf("port %d\n", static_cast<int>(listener.local_endpoint().port()));
      net::go([&accepted, step, listener = std::move(listener)]() mutable {
        for (;;) {
          net::go([peer = listener.accept()]() mutable { serve(std::move(peer)); });
          if (++accepted % step == 0) {
            std::printf("accepted %d\n", accepted);
          }
        }
      });
    }
  });
}
