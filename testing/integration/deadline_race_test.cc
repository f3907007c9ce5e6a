// SPDX-License-Identifier: BSL-1.0
//
// Deadlines under way: bytes that arrive while reads time out, dials that succeed as their time is
// up, timers beside handlers that never let go.
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "net/net.h"
#include "testing/support/faults.h"

namespace {

using namespace std::chrono_literals;

TEST(DeadlineRace, ReadsThatTimeOutAgainAndAgainLoseNoByte) {
  constexpr std::size_t size = 8 << 20;
  const auto byte_at = [](std::size_t i) { return static_cast<char>(i * 31 ^ i >> 7); };
  net::run(
      [&] {
        net::listener l = net::listen("tcp", "127.0.0.1:0");
        net::conn client = net::dial("tcp", l.local_endpoint().to_string(), 60s);
        net::conn server = l.accept();
        net::fiber writer([&] {
          std::string chunk;
          for (std::size_t at = 0; at < size;) {
            chunk.clear();
            for (std::size_t i = 0; i < 3000 && at + i < size; ++i) {
              chunk += byte_at(at + i);
            }
            client.write(net::buffer(chunk));
            at += chunk.size();
            if (at % 7 == 0) {
              net::this_fiber::sleep_for(10us);
            }
          }
          client.close_write();
        });
        server.set_read_timeout(20us);
        std::array<char, 4096> data;
        std::size_t at = 0;
        for (;;) {
          net::error_code ec;
          const std::size_t bytes = server.read(net::buffer(data), ec);
          for (std::size_t i = 0; i < bytes; ++i) {
            ASSERT_EQ(data[i], byte_at(at + i)) << "at " << at + i;
          }
          at += bytes;
          if (ec == net::error::eof) {
            break;
          }
          ASSERT_TRUE(!ec || ec == net::error::deadline_exceeded) << ec.message();
        }
        EXPECT_EQ(at, size);
        writer.join();
      },
      2);
}

TEST(DeadlineRace, ADialEndsEitherWayCleanly) {
  net::run(
      [] {
        net::listener l = net::listen("tcp", "127.0.0.1:0");
        const std::string address = l.local_endpoint().to_string();
        net::fiber server([&] {
          for (;;) {
            net::error_code ec;
            net::conn c = l.accept(ec);
            if (ec) {
              return;
            }
            net::go([c = std::move(c)]() mutable {
              std::array<char, 1> data;
              net::error_code ec;
              while (c.read(net::buffer(data), ec) == 1) {
                c.write(net::buffer(data), ec);
              }
            });
          }
        });
        int connected = 0;
        for (int i = 0; i < 300; ++i) {
          net::error_code ec;
          net::conn c = net::dial("tcp", address, std::chrono::microseconds(i), ec);
          if (ec) {
            EXPECT_TRUE(ec == net::error::deadline_exceeded) << ec.message();
            EXPECT_FALSE(c.is_open());
            continue;
          }
          ++connected;
          // No deadline of the dial's is left on it: the answer takes longer than that.
          c.write(net::buffer("x", 1));
          std::array<char, 1> data;
          EXPECT_EQ(c.read(net::buffer(data)), 1U);
        }
        net::conn last = net::dial("tcp", address, 60s);
        EXPECT_TRUE(last.is_open()) << "after " << connected;
        l.close();
        server.join();
      },
      2);
}

TEST(DeadlineRace, ADialThatIsOverBeforeItBeganOpensNothing) {
  nettest::faults faults;
  net::error_code ec;
  for (const auto timeout : {0s, -1s, -1000000s}) {
    net::dial("tcp", "127.0.0.1:9", timeout, ec);
    EXPECT_TRUE(ec == net::error::deadline_exceeded);
  }
  EXPECT_EQ(faults.count(netpoll::sys::call::connect), 0);
}

// A handler that posts itself for ever: the queue is never empty, so the loop never waits.
template <typename Until>
void keep_busy(net::io_context& context, Until is_over, std::uint64_t& turns) {
  struct busy {
    net::io_context& context;
    Until is_over;
    std::uint64_t& turns;
    void operator()() const {
      ++turns;
      if (!is_over()) {
        net::post(context, busy(*this));
      }
    }
  };
  net::post(context, busy{context, is_over, turns});
}

TEST(DeadlineRace, ATimerIsNotStarvedByHandlersThatPostThemselves) {
  net::io_context context;
  bool has_fired = false;
  net::steady_timer timer(context, 1ms);
  timer.async_wait([&](net::error_code) { has_fired = true; });
  std::uint64_t turns = 0;
  keep_busy(context, [&] { return has_fired; }, turns);
  context.run();  // would never end
  EXPECT_TRUE(has_fired);
}

TEST(DeadlineRace, ASocketIsNotStarvedByHandlersThatPostThemselves) {
  net::io_context context;
  net::listener l = net::listen(context, "tcp", "127.0.0.1:0");
  bool is_accepted = false;
  l.async_accept([&](net::error_code, net::conn) { is_accepted = true; });
  std::thread client([&] { net::dial("tcp", l.local_endpoint().to_string(), 60s); });
  std::uint64_t turns = 0;
  keep_busy(context, [&] { return is_accepted; }, turns);
  context.run();
  EXPECT_TRUE(is_accepted);
  client.join();
}

TEST(DeadlineRace, OneLookupThatIsGivenUpDoesNotDisturbAnother) {
  net::listener l = net::listen("tcp", "127.0.0.1:0");
  const std::string port = std::to_string(l.local_endpoint().port());
  net::run(
      [&] {
        std::vector<net::fiber> dialers;
        std::atomic<int> connected{0};
        for (int i = 0; i < 10; ++i) {
          dialers.emplace_back([&, i] {
            net::error_code ec;
            const net::conn c = net::dial("tcp4", "localhost:" + port,
                                          i % 2 == 0 ? std::chrono::nanoseconds(1) : 60s, ec);
            if (i % 2 == 0) {
              EXPECT_TRUE(ec == net::error::deadline_exceeded) << ec.message();
            } else {
              EXPECT_FALSE(ec) << ec.message();
              connected += ec ? 0 : 1;
            }
          });
        }
        for (net::fiber& each : dialers) {
          each.join();
        }
        EXPECT_EQ(connected, 5);
      },
      2);
}

}  // namespace
