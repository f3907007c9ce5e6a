// SPDX-License-Identifier: BSL-1.0
//
// What instructions_ours.cc does, with standalone Asio.
//
// What it is given: a concurrency hint of 1, with its locks, so that other threads may post as they
// may with ours; sockets, timers and coroutines on the executor of io_context instead of one that
// is erased; TCP_NODELAY; its recycled memory for handlers and for the frames of coroutines;
// buffers that live with the connection. Handlers capture one pointer.
#include <array>
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "testing/bench/peers/instructions.h"

namespace {

using executor = asio::io_context::executor_type;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, executor>;
template <typename T>
using awaitable = asio::awaitable<T, executor>;
constexpr asio::use_awaitable_t<executor> use_awaitable;

constexpr std::size_t message_size = 64;
// What is read goes into one as large as a server would use: a read that comes back short of it has
// emptied the socket, which is worth knowing.
using read_buffer = std::array<char, 4096>;

constexpr std::chrono::hours far(1);

class posting {
 public:
  posting(asio::io_context& context, std::int64_t& left) : context_(&context), left_(&left) {}

  void operator()() const {
    if (--*left_ > 0) {
      asio::post(*context_, *this);
    }
  }

 private:
  asio::io_context* context_;
  std::int64_t* left_;
};

void post(std::int64_t count) {
  asio::io_context context(1);
  std::int64_t left = count;
  asio::post(context, posting(context, left));
  context.run();
  bench::expect(left == 0, "a handler was not called");
}

std::pair<tcp_socket, tcp_socket> connect(asio::io_context& context) {
  tcp_acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp_socket client(context);
  client.connect(acceptor.local_endpoint());
  tcp_socket server = acceptor.accept();
  client.set_option(tcp::no_delay(true));
  server.set_option(tcp::no_delay(true));
  return {std::move(client), std::move(server)};
}

class handler_echo_pair {
 public:
  explicit handler_echo_pair(std::int64_t count) : sockets_(connect(context_)), left_(count) {}

  void run() {
    serve();
    ask();
    context_.run();
    bench::expect(left_ == 0, "an echo is missing");
  }

 private:
  void serve() {
    server().async_read_some(asio::buffer(served_), [this](std::error_code ec, std::size_t count) {
      if (ec) return;
      asio::async_write(server(), asio::buffer(served_.data(), count),
                        [this](std::error_code error, std::size_t) {
                          if (!error) serve();
                        });
    });
  }

  void ask() {
    asio::async_write(
        client(), asio::buffer(asked_, message_size), [this](std::error_code ec, std::size_t) {
          bench::expect(!ec, "a message could not be sent");
          client().async_read_some(
              asio::buffer(asked_), [this](std::error_code error, std::size_t count) {
                bench::expect(!error && count == message_size, "a message did not come back whole");
                if (--left_ == 0) return client().close();
                ask();
              });
        });
  }

  tcp_socket& client() { return sockets_.first; }
  tcp_socket& server() { return sockets_.second; }

  asio::io_context context_{1};
  std::pair<tcp_socket, tcp_socket> sockets_;
  read_buffer asked_{};
  read_buffer served_{};
  std::int64_t left_;
};

void handler_echo(std::int64_t count) { handler_echo_pair(count).run(); }

awaitable<void> serve(tcp_socket& socket) {
  read_buffer buffer;
  for (;;) {
    std::error_code ec;
    const std::size_t bytes = co_await socket.async_read_some(
        asio::buffer(buffer), asio::redirect_error(use_awaitable, ec));
    if (ec) break;
    co_await asio::async_write(socket, asio::buffer(buffer.data(), bytes), use_awaitable);
  }
}

awaitable<void> ask(tcp_socket& socket, std::int64_t& left) {
  read_buffer buffer{};
  for (; left > 0; --left) {
    co_await asio::async_write(socket, asio::buffer(buffer, message_size), use_awaitable);
    const std::size_t bytes = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
    bench::expect(bytes == message_size, "a message did not come back whole");
  }
  socket.close();
}

void coroutine_echo(std::int64_t count) {
  asio::io_context context(1);
  auto [client, server] = connect(context);
  std::int64_t left = count;
  asio::co_spawn(context.get_executor(), serve(server), asio::detached);
  asio::co_spawn(context.get_executor(), ask(client, left), asio::detached);
  context.run();
  bench::expect(left == 0, "an echo is missing");
}

class rearming {
 public:
  explicit rearming(std::int64_t count) : left_(count) {
    timers_.reserve(timers);
    for (std::size_t i = 0; i < timers; ++i) {
      timers_.emplace_back(context_, far);
      wait(i);
    }
  }

  void run() {
    next();
    context_.run();
    bench::expect(left_ == 0, "a timer was not set");
  }

 private:
  static constexpr std::size_t timers = 1000;

  void wait(std::size_t which) {
    timers_[which].async_wait([this](std::error_code ec) {
      bench::expect(ec == asio::error::operation_aborted, "a timer went off");
      next();
    });
  }

  void next() {
    if (left_ == 0) return context_.stop();
    --left_;
    turn_ = (turn_ + stride) % timers;
    timers_[turn_].expires_after(far);
    wait(turn_);
  }

  static constexpr std::size_t stride = 377;

  asio::io_context context_{1};
  std::vector<timer> timers_;
  std::size_t turn_ = 0;
  std::int64_t left_;
};

void timer_rearm(std::int64_t count) { rearming(count).run(); }

}  // namespace

int main(int argc, char** argv) {
  return bench::count_instructions(argc, argv,
                                   {{"post", post},
                                    {"handler_echo", handler_echo},
                                    {"coroutine_echo", coroutine_echo},
                                    {"timer_rearm", timer_rearm}});
}
