// SPDX-License-Identifier: BSL-1.0
//
// Closing while others are at it, on the public interface and in real threads: what was being
// waited for ends, numbers that are used anew are left alone, ports are free again.
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "net/net.h"

namespace {

using namespace std::chrono_literals;

// Threads read from connections that others close, while another opens and closes sockets whose
// bytes no reader may ever see: they get the very numbers that the connections had.
TEST(CloseRace, NoCallReachesANumberThatIsSomebodyElsesByNow) {
  constexpr int rounds = 300;
  std::atomic<bool> is_over{false};
  std::thread poisoner([&] {
    while (!is_over) {
      int ends[2];
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0) {
        const char poison[] = "poison";
        (void)!::send(ends[1], poison, sizeof(poison), MSG_NOSIGNAL);
        ::close(ends[0]);
        ::close(ends[1]);
      }
    }
  });
  net::run(
      [&] {
        net::listener l = net::listen("tcp", "127.0.0.1:0");
        const std::string address = l.local_endpoint().to_string();
        for (int i = 0; i < rounds; ++i) {
          net::conn client = net::dial("tcp", address, 60s);
          net::conn server = l.accept();
          net::fiber reader([&] {
            std::array<char, 16> data;
            for (;;) {
              net::error_code ec;
              const std::size_t bytes = client.read(net::buffer(data), ec);
              EXPECT_EQ(std::string(data.data(), bytes).find('p'), std::string::npos);
              if (ec) {
                EXPECT_TRUE(ec == net::error::closed) << ec.message();
                return;
              }
            }
          });
          net::error_code ec;
          server.write(net::buffer("x", 1), ec);
          if (i % 2 == 0) {
            net::this_fiber::yield();
          }
          client.close();
          reader.join();
        }
      },
      2);
  is_over = true;
  poisoner.join();
}

TEST(CloseRace, ThePortIsFreeWhenCloseReturnsAlsoWithManyAccepts) {
  net::run(
      [] {
        net::listener l = net::listen("tcp", "127.0.0.1:0");
        const std::string address = l.local_endpoint().to_string();
        for (int round = 0; round < 20; ++round) {
          std::vector<net::fiber> acceptors;
          for (int i = 0; i < 10; ++i) {
            acceptors.emplace_back([&] {
              net::error_code ec;
              l.accept(ec);
              EXPECT_TRUE(ec == net::error::closed);
            });
          }
          net::this_fiber::yield();
          l.close();
          // Nothing of the old socket is left, so this needs no luck.
          net::listener again = net::listen("tcp", address);
          for (net::fiber& each : acceptors) {
            each.join();
          }
          l = std::move(again);
        }
      },
      2);
}

TEST(CloseRace, EachConnectionIsAcceptedByOneOfMany) {
  static constexpr int connections = 200;
  net::run(
      [] {
        net::listener l = net::listen("tcp", "127.0.0.1:0");
        const std::string address = l.local_endpoint().to_string();
        std::atomic<int> accepted{0};
        std::vector<net::fiber> acceptors;
        for (int i = 0; i < 8; ++i) {
          acceptors.emplace_back([&] {
            for (;;) {
              net::error_code ec;
              net::conn c = l.accept(ec);
              if (ec) {
                EXPECT_TRUE(ec == net::error::closed);
                return;
              }
              c.write(net::buffer("!", 1));
              ++accepted;
            }
          });
        }
        for (int i = 0; i < connections; ++i) {
          net::conn c = net::dial("tcp", address, 60s);
          char data[2];
          EXPECT_EQ(c.read(net::buffer(data)), 1U) << "one acceptor, one greeting";
        }
        l.close();
        for (net::fiber& each : acceptors) {
          each.join();
        }
        EXPECT_EQ(accepted, connections);
      },
      2);
}

}  // namespace
