// SPDX-License-Identifier: BSL-1.0
//
// The hottest paths of this library, each a number of times, for counting their instructions.
// peers/instructions.h says how it is called; peers/instructions_asio.cc does the same.
//
// Whatever waits for the kernel waits for what this very thread has done to the other end of a
// connection, and there is never more than one thing to wait for. So every run makes the same
// system calls, finds the same events, and executes the same instructions.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "net/net.h"
#include "testing/bench/peers/instructions.h"

namespace {

using net::ip::tcp;
// On the context's own executor, as the sockets and timers of the others are.
using executor = net::io_context::executor_type;
using tcp_socket = net::basic_stream_socket<tcp, executor>;
using tcp_acceptor = net::basic_socket_acceptor<tcp, executor>;
using timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, executor>;
using std::chrono::steady_clock;

constexpr std::size_t message_size = 64;
// What is read goes into one as large as a server would use: a read that comes back short of it has
// emptied the socket, which is worth knowing.
using read_buffer = std::array<char, 4096>;

// Further off than any program here takes: none of these deadlines is to pass.
constexpr std::chrono::hours far(1);

// A handler that posts the next.
class posting {
 public:
  posting(net::io_context& context, std::int64_t& left) : context_(&context), left_(&left) {}

  void operator()() const {
    if (--*left_ > 0) {
      net::post(*context_, *this);
    }
  }

 private:
  net::io_context* context_;
  std::int64_t* left_;
};

void post(std::int64_t count) {
  net::io_context context(1);
  std::int64_t left = count;
  net::post(context, posting(context, left));
  context.run();
  bench::expect(left == 0, "a handler was not called");
}

// Two ends of a connection of this machine with itself.
std::pair<tcp_socket, tcp_socket> connect(net::io_context& context) {
  tcp_acceptor acceptor(context,
                        tcp::endpoint(net::ip::address(net::ip::address_v4::loopback()), 0));
  tcp_socket client(context);
  client.connect(acceptor.local_endpoint());
  tcp_socket server = acceptor.accept();
  client.set_option(tcp::no_delay(true));
  server.set_option(tcp::no_delay(true));
  return {std::move(client), std::move(server)};
}

// Both ends of an echo, in handlers. With deadlines, each operation's is pushed before it begins.
class handler_echo_pair {
 public:
  handler_echo_pair(std::int64_t count, bool has_deadlines)
      : sockets_(connect(context_)), left_(count), has_deadlines_(has_deadlines) {}

  void run() {
    serve();
    ask();
    context_.run();
    bench::expect(left_ == 0, "an echo is missing");
  }

 private:
  void push_read(tcp_socket& socket) const {
    if (has_deadlines_) socket.set_read_deadline(steady_clock::now() + far);
  }
  void push_write(tcp_socket& socket) const {
    if (has_deadlines_) socket.set_write_deadline(steady_clock::now() + far);
  }

  void serve() {
    push_read(server());
    server().async_read_some(net::buffer(served_), [this](std::error_code ec, std::size_t count) {
      if (ec) return;
      push_write(server());
      net::async_write(server(), net::buffer(served_.data(), count),
                       [this](std::error_code error, std::size_t) {
                         if (!error) serve();
                       });
    });
  }

  void ask() {
    push_write(client());
    net::async_write(
        client(), net::buffer(asked_, message_size), [this](std::error_code ec, std::size_t) {
          bench::expect(!ec, "a message could not be sent");
          push_read(client());
          client().async_read_some(
              net::buffer(asked_), [this](std::error_code error, std::size_t count) {
                bench::expect(!error && count == message_size, "a message did not come back whole");
                if (--left_ == 0) return client().close();
                ask();
              });
        });
  }

  tcp_socket& client() { return sockets_.first; }
  tcp_socket& server() { return sockets_.second; }

  net::io_context context_{1};
  std::pair<tcp_socket, tcp_socket> sockets_;
  read_buffer asked_{};
  read_buffer served_{};
  std::int64_t left_;
  const bool has_deadlines_;
};

void handler_echo(std::int64_t count) { handler_echo_pair(count, false).run(); }
void handler_echo_deadlines(std::int64_t count) { handler_echo_pair(count, true).run(); }

// The same in two fibers.
void echo_in_fibers(std::int64_t count, bool has_deadlines) {
  std::int64_t echoed = 0;
  const auto push_read = [&](net::conn& connection) {
    if (has_deadlines) connection.set_read_deadline(steady_clock::now() + far);
  };
  const auto push_write = [&](net::conn& connection) {
    if (has_deadlines) connection.set_write_deadline(steady_clock::now() + far);
  };
  net::run([&] {
    net::listener listener = net::listen("tcp", "127.0.0.1:0");
    net::fiber server([&] {
      net::conn connection = listener.accept();
      read_buffer buffer;
      for (;;) {
        push_read(connection);
        const std::size_t bytes = connection.read(net::buffer(buffer));
        if (bytes == 0) break;
        push_write(connection);
        connection.write(net::buffer(buffer.data(), bytes));
      }
    });
    net::conn client = net::dial("tcp", listener.local_endpoint().to_string());
    read_buffer buffer{};
    while (echoed < count) {
      push_write(client);
      client.write(net::buffer(buffer, message_size));
      push_read(client);
      bench::expect(client.read(net::buffer(buffer)) == message_size,
                    "a message did not come back whole");
      ++echoed;
    }
    client.close();
    server.join();
  });
  bench::expect(echoed == count, "an echo is missing");
}

void fiber_echo(std::int64_t count) { echo_in_fibers(count, false); }
void fiber_echo_deadlines(std::int64_t count) { echo_in_fibers(count, true); }

// The deadline of a read that waits is pushed later, and nothing else.
void deadline_push(std::int64_t count) {
  net::io_context context(1);
  auto [client, server] = connect(context);
  read_buffer buffer;
  bool has_ended = false;
  server.set_read_deadline(steady_clock::now() + far);
  server.async_read_some(net::buffer(buffer),
                         [&](std::error_code, std::size_t) { has_ended = true; });
  context.poll();
  const steady_clock::time_point start = steady_clock::now() + far;
  for (std::int64_t i = 0; i < count; ++i) {
    server.set_read_deadline(start + std::chrono::microseconds(i));
  }
  context.poll();
  bench::expect(!has_ended, "a deadline passed early");
  server.set_read_deadline(steady_clock::now());
  context.run();
  bench::expect(has_ended, "a deadline did not pass");
}

// A thousand timers are waited for, and each in turn is set anew.
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
      bench::expect(ec == net::error::operation_aborted, "a timer went off");
      next();
    });
  }

  // Ends the wait of the timer whose turn it is, whose handler goes on with the next.
  void next() {
    if (left_ == 0) return context_.stop();
    --left_;
    turn_ = (turn_ + stride) % timers;
    timers_[turn_].expires_after(far);
    wait(turn_);
  }

  // Has no divisor in common with the number of timers.
  static constexpr std::size_t stride = 377;

  net::io_context context_{1};
  std::vector<timer> timers_;
  std::size_t turn_ = 0;
  std::int64_t left_;
};

void timer_rearm(std::int64_t count) { rearming(count).run(); }

// A number there and back, through two channels.
void channel(std::int64_t count) {
  std::int64_t sum = 0;
  net::run([&] {
    net::channel<std::int64_t> there;
    net::channel<std::int64_t> back;
    net::fiber echo([&] {
      for (std::int64_t i = 0; i < count; ++i) back.send(there.receive());
    });
    for (std::int64_t i = 0; i < count; ++i) {
      there.send(i);
      sum += back.receive();
    }
    echo.join();
  });
  bench::expect(sum == count * (count - 1) / 2, "a number was lost");
}

// A fiber is started, and its end waited for.
void spawn_join(std::int64_t count) {
  std::int64_t ran = 0;
  net::run([&] {
    for (std::int64_t i = 0; i < count; ++i) {
      net::fiber child([&ran] { ++ran; });
      child.join();
    }
  });
  bench::expect(ran == count, "a fiber did not run");
}

}  // namespace

int main(int argc, char** argv) {
  return bench::count_instructions(argc, argv,
                                   {{"post", post},
                                    {"handler_echo", handler_echo},
                                    {"handler_echo_deadlines", handler_echo_deadlines},
                                    {"fiber_echo", fiber_echo},
                                    {"fiber_echo_deadlines", fiber_echo_deadlines},
                                    {"deadline_push", deadline_push},
                                    {"timer_rearm", timer_rearm},
                                    {"channel", channel},
                                    {"spawn_join", spawn_join}});
}
