// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on Boost.Fiber over Boost.Asio: a fiber for each connection. serve.h says
// how it is called; one thread runs the fibers.
//
// So that the two are at their best:
// - The main fiber is the bridge between them: it waits in the io_context when no other is ready,
//   takes all that has happened, and then lets the others run. An operation's handler makes the
//   fiber that waits for it ready; both are on one thread, so there is no lock.
// - A write is tried at once on the non-blocking socket, and waits only if it would block. A read
//   mostly has to wait, and Asio tries it at once too.
// - Stacks are of 16 KiB without a guard page and pooled.
// - The executor is io_context's own type, and the context has concurrency hint 1.
// - A deadline is a steady_timer for each connection, set anew before each operation, whose handler
//   closes the socket.
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

#include "testing/bench/peers/serve.h"

namespace {

namespace asio = boost::asio;
namespace fibers = boost::fibers;
using asio::ip::tcp;
using boost::system::error_code;

using executor_type = asio::io_context::executor_type;
using socket_type = asio::basic_stream_socket<tcp, executor_type>;
using acceptor_type = asio::basic_socket_acceptor<tcp, executor_type>;
using timer_type =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, executor_type>;

// Where the calling fiber waits until an operation's handler has been called.
class waiting {
 public:
  auto handler() {
    return [this](const error_code& ec, std::size_t bytes = 0) {
      ec_ = ec;
      bytes_ = bytes;
      fibers::context::active()->schedule(fiber_);
    };
  }

  std::size_t wait(error_code& ec) {
    fiber_->suspend();
    ec = ec_;
    return bytes_;
  }

 private:
  fibers::context* const fiber_ = fibers::context::active();
  error_code ec_;
  std::size_t bytes_ = 0;
};

class connection final : public std::enable_shared_from_this<connection> {
 public:
  connection(socket_type socket, const serve_options& options)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        options_(options),
        buffer_(std::make_unique_for_overwrite<char[]>(options.buffer_bytes)) {
    error_code ec;
    socket_.set_option(tcp::no_delay(true), ec);
    socket_.non_blocking(true, ec);
  }

  void converse() {
    error_code ec;
    int matched = 0;
    while (!ec) {
      const std::size_t bytes = read(ec);
      if (ec) {
        break;
      }
      serve_bytes rest = serve_answer(&options_, &matched, buffer_.get(), bytes);
      while (rest.size > 0 && !ec) {
        const std::size_t written = write(rest, ec);
        rest.data += written;
        rest.size -= written;
      }
    }
    socket_.close(ec);
    timer_.cancel();
  }

 private:
  std::size_t read(error_code& ec) {
    push_deadline();
    waiting here;
    socket_.async_read_some(asio::buffer(buffer_.get(), options_.buffer_bytes), here.handler());
    return here.wait(ec);
  }

  std::size_t write(const serve_bytes& rest, error_code& ec) {
    push_deadline();
    const auto source = asio::buffer(rest.data, rest.size);
    const std::size_t bytes = socket_.write_some(source, ec);
    if (ec != asio::error::would_block) {
      return bytes;
    }
    waiting here;
    socket_.async_write_some(source, here.handler());
    return here.wait(ec);
  }

  void push_deadline() {
    if (options_.deadline_ms == 0) {
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(options_.deadline_ms));
    timer_.async_wait([self = shared_from_this()](const error_code& ec) {
      if (!ec) {
        error_code ignored;
        self->socket_.close(ignored);
      }
    });
  }

  socket_type socket_;
  timer_type timer_;
  const serve_options& options_;
  const std::unique_ptr<char[]> buffer_;
};

// The default scheduler, which counts how many fibers of connections are ready. It is asked by the
// main fiber; what is always ready next to them is the dispatcher, which is a fiber too.
class counting_scheduler final : public fibers::algo::round_robin {
 public:
  static int ready;

  void awakened(fibers::context* fiber) noexcept override {
    ready += is_worker(fiber);
    round_robin::awakened(fiber);
  }

  fibers::context* pick_next() noexcept override {
    fibers::context* const fiber = round_robin::pick_next();
    ready -= fiber != nullptr && is_worker(fiber);
    return fiber;
  }

 private:
  static bool is_worker(const fibers::context* fiber) {
    return fiber->is_context(fibers::type::worker_context);
  }
};

int counting_scheduler::ready = 0;

using pooled_stacks = boost::context::pooled_fixedsize_stack;

void accept_next(acceptor_type& acceptor, pooled_stacks& stacks, const serve_options& options) {
  acceptor.async_accept([&](const error_code& ec, socket_type socket) {
    if (!ec) {
      auto fresh = std::make_shared<connection>(std::move(socket), options);
      fibers::fiber(fibers::launch::post, std::allocator_arg, stacks, [fresh = std::move(fresh)] {
        fresh->converse();
      }).detach();
    }
    accept_next(acceptor, stacks, options);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const serve_options options = serve_parse(argc, argv, "fibers ", 1);
  try {
    fibers::use_scheduling_algorithm<counting_scheduler>();
    pooled_stacks stacks(std::size_t{16} * 1024);
    asio::io_context context(1);
    acceptor_type acceptor(context.get_executor());
    acceptor.open(tcp::v4());
    acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.listen(4096);
    serve_announce(acceptor.local_endpoint().port());
    accept_next(acceptor, stacks, options);
    while (true) {
      if (counting_scheduler::ready == 0) {
        context.run_one();
      }
      context.poll();
      boost::this_fiber::yield();
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
