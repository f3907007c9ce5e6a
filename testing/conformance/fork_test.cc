// SPDX-License-Identifier: BSL-1.0
//
// A context in both processes after a fork: whom services are told of it by, and that what waits goes
// on in each of them. The child says with its exit status which of its expectations was not met.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace {

using asio::io_context;
using local_socket = asio::local::stream_protocol::socket;

// --- Services -------------------------------------------------------------------------------------

std::vector<std::string> notes;

template <char Name>
class noting : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit noting(asio::execution_context& owner) : service(owner) {}

 private:
  void shutdown() override {}
  void notify_fork(asio::execution_context::fork_event event) override {
    notes.push_back(Name + std::to_string(event));
  }
};

TEST(Fork, ServicesAreToldOutwardAndBack) {
  io_context context;
  asio::use_service<noting<'a'>>(context);
  asio::use_service<noting<'b'>>(context);
  notes.clear();
  context.notify_fork(io_context::fork_prepare);
  EXPECT_EQ(notes, (std::vector<std::string>{"b0", "a0"}));
  notes.clear();
  context.notify_fork(io_context::fork_parent);
  EXPECT_EQ(notes, (std::vector<std::string>{"a1", "b1"}));
  notes.clear();
  context.notify_fork(io_context::fork_prepare);
  context.notify_fork(io_context::fork_child);
  EXPECT_EQ(notes, (std::vector<std::string>{"b0", "a0", "a2", "b2"}));
}

// --- Processes ------------------------------------------------------------------------------------

using expectation = std::function<void(bool)>;

// Forks, and has `in_child` done there. Returns 0, or which expectation it found not met.
int child_of(io_context& context, const std::function<void(const expectation&)>& in_child) {
  context.notify_fork(io_context::fork_prepare);
  const ::pid_t process = ::fork();
  if (process == 0) {
    ::alarm(30);
    context.notify_fork(io_context::fork_child);
    int count = 0;
    in_child([&](bool that) {
      ++count;
      if (!that) {
        ::_exit(count);
      }
    });
    ::_exit(0);
  }
  context.notify_fork(io_context::fork_parent);
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

struct reading {
  explicit reading(io_context& context) : ours(context), theirs(context) {
    asio::local::connect_pair(ours, theirs);
    ours.async_read_some(asio::buffer(bytes), [this](asio::error_code failed, std::size_t n) {
      ec = failed;
      text.assign(bytes.data(), n);
      ++calls;
    });
  }

  local_socket ours;
  local_socket theirs;
  std::array<char, 16> bytes{};
  asio::error_code ec;
  std::string text;
  int calls = 0;
};

TEST(Fork, APendingReadGoesOnInBoth) {
  io_context context;
  reading pair(context);
  context.poll();
  EXPECT_EQ(child_of(context,
                     [&](const expectation& expect) {
                       asio::write(pair.theirs, asio::buffer("child", 5));
                       context.run();
                       expect(pair.calls == 1);
                       expect(!pair.ec && pair.text == "child");
                     }),
            0);
  context.poll();
  EXPECT_EQ(pair.calls, 0);
  asio::write(pair.theirs, asio::buffer("parent", 6));
  context.run();
  EXPECT_EQ(pair.calls, 1);
  EXPECT_EQ(pair.text, "parent");
}

TEST(Fork, WhatTheChildClosesStaysOpenInTheParent) {
  io_context context;
  reading pair(context);
  context.poll();
  EXPECT_EQ(child_of(context,
                     [&](const expectation& expect) {
                       pair.ours.close();
                       context.run();
                       expect(pair.calls == 1 && pair.ec == asio::error::operation_aborted);
                     }),
            0);
  asio::write(pair.theirs, asio::buffer("x", 1));
  context.run();
  EXPECT_EQ(pair.text, "x");
}

TEST(Fork, TimersGoOnInBoth) {
  io_context context;
  asio::steady_timer timer(context, std::chrono::milliseconds(1));
  asio::steady_timer late(context, std::chrono::hours(1));
  asio::error_code first = asio::error::fault;
  asio::error_code second = asio::error::fault;
  timer.async_wait([&](asio::error_code ec) { first = ec; });
  late.async_wait([&](asio::error_code ec) { second = ec; });
  EXPECT_EQ(child_of(context,
                     [&](const expectation& expect) {
                       context.run_one();
                       expect(!first);
                       expect(late.cancel() == 1);
                       context.run();
                       expect(second == asio::error::operation_aborted);
                     }),
            0);
  context.run_one();
  EXPECT_FALSE(first);
  EXPECT_EQ(second, asio::error::fault);
}

TEST(Fork, WhatIsQueuedRunsInBoth) {
  io_context context;
  int runs = 0;
  asio::post(context, [&] { ++runs; });
  EXPECT_EQ(child_of(context,
                     [&](const expectation& expect) {
                       context.run();
                       expect(runs == 1);
                     }),
            0);
  context.run();
  EXPECT_EQ(runs, 1);
}

TEST(Fork, SignalsReachTheProcessThatTheyAreFor) {
  io_context context;
  asio::signal_set signals(context, SIGUSR1);
  int seen = 0;
  signals.async_wait([&](asio::error_code, int number) { seen = number; });
  context.poll();
  EXPECT_EQ(child_of(context,
                     [&](const expectation& expect) {
                       ::raise(SIGUSR1);
                       context.run();
                       expect(seen == SIGUSR1);
                     }),
            0);
  context.poll();
  EXPECT_EQ(seen, 0);
  ::raise(SIGUSR1);
  context.run();
  EXPECT_EQ(seen, SIGUSR1);
}

TEST(Fork, AnAcceptorServesInBoth) {
  using asio::ip::tcp;
  io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  int accepted = 0;
  const auto accept = [&] {
    acceptor.async_accept([&](asio::error_code ec, tcp::socket) { accepted += !ec; });
  };
  const auto serves = [&] {
    accepted = 0;
    tcp::socket client(context);
    client.connect(acceptor.local_endpoint());
    context.restart();
    context.run();
    return accepted == 1;
  };
  accept();
  context.poll();
  EXPECT_EQ(child_of(context, [&](const expectation& expect) { expect(serves()); }), 0);
  EXPECT_TRUE(serves());
}

TEST(Fork, NamesAreLookedUpInBoth) {
  using asio::ip::udp;
  io_context context;
  udp::resolver resolver(context);
  const auto resolves = [&] {
    bool is_found = false;
    resolver.async_resolve(udp::v4(), "127.0.0.1", "9",
                           [&](asio::error_code ec, const udp::resolver::results_type& found) {
                             is_found = !ec && found.size() == 1;
                           });
    context.restart();
    context.run();
    return is_found;
  };
  EXPECT_TRUE(resolves());
  EXPECT_EQ(child_of(context, [&](const expectation& expect) { expect(resolves()); }), 0);
  EXPECT_TRUE(resolves());
}

TEST(Fork, AHandlerMayFork) {
  io_context context;
  reading pair(context);
  ::pid_t process = -1;
  asio::post(context, [&] {
    context.notify_fork(io_context::fork_prepare);
    process = ::fork();
    context.notify_fork(process == 0 ? io_context::fork_child : io_context::fork_parent);
  });
  EXPECT_EQ(context.run_one(), 1U);
  if (process == 0) {
    ::alarm(30);
    asio::write(pair.theirs, asio::buffer("child", 5));
    context.run();
    ::_exit(pair.text == "child" ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  EXPECT_EQ(status, 0);
  asio::write(pair.theirs, asio::buffer("parent", 6));
  context.run();
  EXPECT_EQ(pair.text, "parent");
}

}  // namespace
