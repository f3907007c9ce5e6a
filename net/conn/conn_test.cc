// SPDX-License-Identifier: BSL-1.0
#include "net/conn/conn.h"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "net/conn/dial.h"
#include "net/conn/listener.h"
#include "net/conn/run.h"
#include "net/fiber/fiber.h"
#include "netpoll/poll_descriptor_pool.h"
#include "testing/support/faults.h"

namespace net {
namespace {

using namespace std::chrono_literals;

std::chrono::steady_clock::time_point from_now(std::chrono::nanoseconds when) {
  return netpoll::to_steady_time(netpoll::add_saturated(netpoll::clock::now(), when.count()));
}

struct connected_pair {
  conn client;
  conn server;
};

// Both ends of a connection over loopback, on the context that runs.
connected_pair make_pair() {
  listener l = listen("tcp", "127.0.0.1:0");
  conn client = dial("tcp", l.local_endpoint().to_string(), 30s);
  return {std::move(client), l.accept()};
}

std::string what_of(auto&& function) {
  try {
    function();
  } catch (const op_error& error) {
    return error.what();
  }
  return "no error";
}

std::string between(const conn& c) {
  return c.local_endpoint().to_string() + "->" + c.remote_endpoint().to_string();
}

TEST(Conn, MovesBytesBothWaysAndEnds) {
  run([] {
    auto [client, server] = make_pair();
    EXPECT_EQ(client.write(buffer("hello", 5)), 5U);
    char data[16];
    EXPECT_EQ(server.read(buffer(data)), 5U);
    EXPECT_EQ(std::string(data, 5), "hello");
    server.write(std::array{buffer("wor", 3), buffer("ld", 2)});
    EXPECT_EQ(client.read(buffer(data)), 5U);
    client.close_write();
    EXPECT_EQ(server.read(buffer(data)), 0U);
    error_code ec;
    EXPECT_EQ(server.read(buffer(data), ec), 0U);
    EXPECT_EQ(ec, error::eof);
    server.write(buffer("still", 5));
    EXPECT_EQ(client.read(buffer(data)), 5U) << "one direction was closed, not the other";
  });
}

TEST(Conn, WritesAllOfALargeBuffer) {
  run([] {
    auto [client, server] = make_pair();
    std::vector<char> sent(8 << 20);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      sent[i] = static_cast<char>(i * 31 + i / 4096);
    }
    fiber writer([&, &client = client] {
      EXPECT_EQ(client.write(buffer(sent)), sent.size());
      client.close();
    });
    std::vector<char> received;
    char data[10000];
    while (const std::size_t n = server.read(buffer(data))) {
      received.insert(received.end(), data, data + n);
    }
    writer.join();
    EXPECT_EQ(received, sent);
  });
}

TEST(Conn, ErrorsReadLikeGos) {
  run([] {
    auto [client, server] = make_pair();
    char data[4];
    client.set_read_deadline(from_now(-1s));
    EXPECT_EQ(what_of([&, &c = client] { c.read(buffer(data)); }),
              "read tcp " + between(client) + ": i/o timeout");
    client.close();
    EXPECT_EQ(what_of([&, &c = client] { c.read(buffer(data)); }),
              "read tcp " + between(client) + ": use of closed network connection");
    EXPECT_EQ(what_of([&c = client] { c.close(); }),
              "close tcp " + between(client) + ": use of closed network connection");
    EXPECT_EQ(what_of([&c = client] { c.set_deadline(no_deadline); }),
              "set tcp " + between(client) + ": use of closed network connection");
  });
}

TEST(Conn, ResetByThePeerIsAnErrorAndRaisesNoSignal) {
  run([] {
    auto [client, server] = make_pair();
    const ::linger hard{1, 0};
    ::setsockopt(client.native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    client.close();
    char data[4];
    error_code ec;
    server.read(buffer(data), ec);
    EXPECT_EQ(ec, error::connection_reset);
    server.write(buffer("x", 1), ec);
    EXPECT_EQ(ec, error::broken_pipe);
  });
}

TEST(Conn, CloseFromAnotherFiberEndsABlockedRead) {
  run([] {
    auto [client, server] = make_pair();
    fiber reader([&c = client] {
      char data[4];
      error_code ec;
      c.read(buffer(data), ec);
      EXPECT_EQ(ec, error::closed);
    });
    this_fiber::yield();
    client.close();
    reader.join();
  });
}

TEST(Conn, CloseEndsABlockedWrite) {
  run([] {
    auto [client, server] = make_pair();
    std::vector<char> much(64 << 20);
    fiber writer([&, &c = client] {
      error_code ec;
      EXPECT_LT(c.write(buffer(much), ec), much.size());
      EXPECT_EQ(ec, error::closed);
    });
    this_fiber::yield();
    client.close();
    writer.join();
  });
}

TEST(Conn, AWriteCutOffReportsWhatThePeerGets) {
  run([] {
    auto [client, server] = make_pair();
    std::vector<char> much(64 << 20);
    client.set_write_timeout(20ms);
    error_code ec;
    const std::size_t written = client.write(buffer(much), ec);
    EXPECT_EQ(ec, error::deadline_exceeded);
    EXPECT_GT(written, 0U);
    client.close();
    std::size_t received = 0;
    std::vector<char> data(1 << 16);
    while (const std::size_t n = server.read(buffer(data))) {
      received += n;
    }
    EXPECT_EQ(received, written);
  });
}

TEST(Conn, DeadlineInThePastBeatsDataAndKeepsIt) {
  run([] {
    auto [client, server] = make_pair();
    client.write(buffer("kept", 4));
    server.set_read_deadline(from_now(0s));
    char data[4];
    error_code ec;
    EXPECT_EQ(server.read(buffer(data), ec), 0U);
    EXPECT_EQ(ec, error::deadline_exceeded);
    server.set_read_deadline(no_deadline);
    EXPECT_EQ(server.read(buffer(data)), 4U);
  });
}

TEST(Conn, DeadlineSetByAnotherFiberWakesABlockedRead) {
  run([] {
    auto [client, server] = make_pair();
    server.set_read_deadline(from_now(1h));
    fiber reader([&s = server] {
      char data[4];
      error_code ec;
      s.read(buffer(data), ec);
      EXPECT_EQ(ec, std::errc::timed_out);
    });
    this_fiber::yield();
    server.set_read_deadline(from_now(-1s));
    reader.join();
  });
}

TEST(Conn, DeadlinesRacingReadsEndEveryRead) {
  run(
      [] {
        auto [client, server] = make_pair();
        std::atomic<bool> is_over{false};
        fiber mover([&, &s = server] {
          for (int i = 0; i < 500; ++i) {
            s.set_read_deadline(from_now(i % 2 == 0 ? -1s : 1h));
            this_fiber::yield();
          }
          is_over = true;
          s.set_read_deadline(from_now(-1s));
        });
        char data[4];
        while (!is_over) {
          error_code ec;
          server.read(buffer(data), ec);
          EXPECT_EQ(ec, error::deadline_exceeded);
        }
        mover.join();
      },
      2);
}

TEST(Conn, ConcurrentWritesDoNotMix) {
  run(
      [] {
        auto [client, server] = make_pair();
        constexpr std::size_t size = 300'000;
        std::vector<fiber> writers;
        for (const char name : {'a', 'b', 'c'}) {
          writers.emplace_back([&c = client, name] { c.write(buffer(std::string(size, name))); });
        }
        std::string received;
        std::vector<char> data(1 << 16);
        while (received.size() < 3 * size) {
          received.append(data.data(), server.read(buffer(data)));
        }
        for (fiber& each : writers) {
          each.join();
        }
        for (std::size_t i = 0; i < 3; ++i) {
          EXPECT_EQ(received.substr(i * size, size), std::string(size, received[i * size]));
        }
      },
      2);
}

TEST(Conn, TakesHandlersOnTheSameObject) {
  io_context context;
  listener l = listen(context, "tcp", "127.0.0.1:0");
  std::optional<conn> client;
  std::optional<conn> server;
  char data[5];
  std::string received;
  l.async_accept([&](error_code ec, conn accepted) {
    EXPECT_FALSE(ec);
    server.emplace(std::move(accepted));
    server->async_write(buffer("hello", 5), [](error_code error, std::size_t n) {
      EXPECT_FALSE(error);
      EXPECT_EQ(n, 5U);
    });
  });
  async_dial(context, "tcp", l.local_endpoint().to_string(), 30s, [&](error_code ec, conn made) {
    EXPECT_FALSE(ec);
    client.emplace(std::move(made));
    client->async_read(buffer(data), [&](error_code error, std::size_t n) {
      EXPECT_FALSE(error);
      received.assign(data, n);
      client->set_read_deadline(from_now(-1s));
      client->async_read(buffer(data), [&](error_code late, std::size_t) {
        EXPECT_EQ(late, error::deadline_exceeded);
      });
    });
  });
  context.run();
  EXPECT_EQ(received, "hello");
}

TEST(Conn, BlocksAPlainThreadThatRunsNothing) {
  listener l = listen("tcp", "127.0.0.1:0");
  std::thread echo([&] {
    conn c = l.accept();
    char data[5];
    c.write(buffer(data, c.read(buffer(data))));
  });
  conn c = dial("tcp", l.local_endpoint().to_string(), 30s);
  c.write(buffer("hello", 5));
  char data[5];
  EXPECT_EQ(c.read(buffer(data)), 5U);
  echo.join();
  EXPECT_EQ(c.read(buffer(data)), 0U);
}

TEST(Conn, OneThatWasNeverConnectedIsClosed) {
  conn none;
  char data[1];
  error_code ec;
  none.read(buffer(data), ec);
  EXPECT_EQ(ec, error::closed);
  EXPECT_EQ(what_of([&] { none.read(buffer(data)); }), "read tcp: use of closed network connection");
}

TEST(Conn, SurvivesAnInterruptionOfEveryCall) {
  // Every other call is interrupted.
  class interrupter final : public netpoll::sys::fault_injector {
   public:
    std::optional<netpoll::sys::result> before(netpoll::sys::call which, int,
                                               std::size_t&) noexcept override {
      // An interrupted close has closed, and an interrupted connect goes on, which one that was
      // never made cannot.
      const bool goes_on =
          which == netpoll::sys::call::close || which == netpoll::sys::call::connect;
      if (goes_on || ++calls_ % 2 == 0) {
        return std::nullopt;
      }
      return netpoll::sys::result{-1, EINTR};
    }

   private:
    std::atomic<int> calls_{0};
  };
  interrupter everywhere;
  netpoll::sys::set_fault_injector(&everywhere);
  run([] {
    auto [client, server] = make_pair();
    char data[5];
    for (int i = 0; i < 100; ++i) {
      client.write(buffer("hello", 5));
      EXPECT_EQ(server.read(buffer(data)), 5U);
    }
  });
  netpoll::sys::set_fault_injector(nullptr);
}

TEST(Listen, SaysThatThePortIsInUse) {
  listener l = listen("tcp", "127.0.0.1:0");
  const std::string address = l.local_endpoint().to_string();
  EXPECT_EQ(what_of([&] { listen("tcp", address); }),
            "listen tcp " + address + ": bind: address already in use");
  l.close();
  EXPECT_TRUE(listen("tcp", address).is_open()) << "free as soon as close() has returned";
}

TEST(Listen, DoesWithIpv4WhereThereIsNoIpv6) {
  nettest::faults faults;
  faults.fail(netpoll::sys::call::socket, EAFNOSUPPORT);
  listener without = listen("tcp", ":0");
  EXPECT_TRUE(without.local_endpoint().address().is_v4());
  faults.fail(netpoll::sys::call::bind, EADDRNOTAVAIL);
  listener disabled = listen("tcp", ":0");
  EXPECT_TRUE(disabled.local_endpoint().address().is_v4());
  EXPECT_TRUE(listen("tcp", ":0").local_endpoint().address().is_v6());
}

TEST(Listen, CloseEndsABlockedAccept) {
  run([] {
    listener l = listen("tcp", "127.0.0.1:0");
    fiber acceptor([&] {
      EXPECT_EQ(what_of([&] { l.accept(); }), "accept tcp " + l.local_endpoint().to_string() +
                                                  ": use of closed network connection");
    });
    this_fiber::yield();
    l.close();
    acceptor.join();
  });
}

TEST(Listen, AcceptTimesOut) {
  run([] {
    listener l = listen("tcp", "127.0.0.1:0");
    l.set_timeout(1ms);
    EXPECT_EQ(what_of([&] { l.accept(); }),
              "accept tcp " + l.local_endpoint().to_string() + ": i/o timeout");
  });
}

TEST(Listen, RecoversWhenDescriptorsAreBack) {
  run([] {
    listener l = listen("tcp", "127.0.0.1:0");
    conn client = dial("tcp", l.local_endpoint().to_string(), 30s);
    nettest::faults faults;
    faults.fail(netpoll::sys::call::accept, EMFILE, 2);
    EXPECT_TRUE(l.accept().is_open());
    EXPECT_LE(faults.count(netpoll::sys::call::accept), 4) << "it backed off";
  });
}

TEST(Dial, NamesWhatIsWrongWithTheText) {
  const auto why = [](std::string_view address) {
    return what_of([&] { dial("tcp", address, 30s); });
  };
  EXPECT_EQ(why(""), "dial tcp: missing address");
  EXPECT_EQ(why("127.0.0.1"), "dial tcp: address 127.0.0.1: missing port in address");
  EXPECT_EQ(why("::1:80"), "dial tcp: address ::1:80: too many colons in address");
  EXPECT_EQ(why("[::1:80"), "dial tcp: address [::1:80: missing ']' in address");
  EXPECT_EQ(why("[[::1]:80"), "dial tcp: address [[::1]:80: unexpected '[' in address");
  EXPECT_EQ(why("a]:80"), "dial tcp: address a]:80: unexpected ']' in address");
  EXPECT_EQ(why("[::1]:80]"), "dial tcp: address [::1]:80]: unexpected ']' in address");
  EXPECT_EQ(why("127.0.0.1:99999"), "dial tcp: address 127.0.0.1:99999: invalid port");
  for (const std::string port : {"+80", "-1", " 80", "\t70000", "-18446744073709551536", "."}) {
    EXPECT_EQ(why("127.0.0.1:" + port), "dial tcp: address 127.0.0.1:" + port + ": invalid port");
  }
  EXPECT_EQ(what_of([] { dial("foo", "127.0.0.1:1"); }), "dial foo: unknown network foo");
}

TEST(Dial, NamesTheHostThatCannotBeFound) {
  const std::string text = what_of([] { dial("tcp", "no-such-host.invalid:80", 30s); });
  EXPECT_EQ(text, "dial tcp: lookup no-such-host.invalid: no such host");
}

TEST(Dial, ReadsNothingUpToATerminatorOnly) {
  listener l = listen("tcp", "127.0.0.1:0");
  const std::string port = std::to_string(l.local_endpoint().port());
  error_code ec;
  dial("tcp", std::string("127.0.0.1\0.example:", 19) + port, ec);
  EXPECT_EQ(ec, error::host_not_found);
  dial("tcp", "127.0.0.1:" + port + std::string("\0x", 2), ec);
  EXPECT_EQ(ec, address_errc::invalid_port);
}

TEST(Dial, SaysThatItWasRefused) {
  listener l = listen("tcp", "127.0.0.1:0");
  const std::string address = l.local_endpoint().to_string();
  l.close();
  EXPECT_EQ(what_of([&] { dial("tcp", address, 30s); }),
            "dial tcp " + address + ": connect: connection refused");
}

TEST(Dial, TimesOutWhenNobodyAnswers) {
  run([] {
    nettest::faults faults;
    faults.fail(netpoll::sys::call::connect, EINPROGRESS);  // which the kernel never hears of
    EXPECT_EQ(what_of([] { dial("tcp", "127.0.0.1:9", 10ms); }),
              "dial tcp 127.0.0.1:9: i/o timeout");
  });
  error_code ec;
  dial("tcp", "127.0.0.1:9", 0s, ec);
  EXPECT_EQ(ec, error::deadline_exceeded);
}

TEST(Run, ReturnsAndRethrowsWhatTheFunctionDid) {
  EXPECT_EQ(run([] { return 42; }), 42);
  EXPECT_THROW(run([] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_THROW(run([] { go([] { throw std::logic_error("y"); }); }, 2), std::logic_error);
}

TEST(Run, StopUnwindsTheOthers) {
  bool unwound = false;
  run([&] {
    go([&] {
      struct note {
        bool& flag;
        ~note() { flag = true; }
      } const at_end{unwound};
      listen("tcp", "127.0.0.1:0").accept();
    });
    this_fiber::yield();
    current_context().stop();
  });
  EXPECT_TRUE(unwound);
}

TEST(Run, AnUnwoundOperationGivesItsDescriptorBack) {
  const auto next_in_pool = [] {
    netpoll::poll_descriptor* const next = netpoll::poll_descriptor_pool::acquire();
    netpoll::poll_descriptor_pool::release(*next);
    return next;
  };
  const netpoll::poll_descriptor* const before = next_in_pool();
  {
    io_context context;
    listener l = listen(context, "tcp", "127.0.0.1:0");
    go(context, [&] { l.accept(); });
    context.poll();
  }
  EXPECT_EQ(next_in_pool(), before);
}

}  // namespace
}  // namespace net
