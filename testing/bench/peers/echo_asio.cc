// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on standalone Asio. serve.h says how it is called.
//
// So that Asio is at its best:
// - The executor is io_context's own type, not any_io_executor, and so is that of sockets and
//   timers. With one thread the context has concurrency hint 1.
// - Handlers are small lambdas, for which Asio recycles its memory; read_some and write_some are
//   called directly, and write again only if not all was taken.
// - Coroutines get errors as codes, so that nothing is thrown.
// - A deadline is what its manual shows: a steady_timer for each connection, set anew before each
//   operation, whose handler closes the socket. Where there are several threads too, a strand for
//   each connection keeps the timer and the socket apart; without deadlines it needs none, for it
//   has one operation under way at a time. In the style "strands" it has one all the same.
#define ASIO_STANDALONE
#define ASIO_NO_DEPRECATED
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "testing/bench/peers/serve.h"

namespace {

using context_executor = asio::io_context::executor_type;
using context_strand = asio::strand<context_executor>;
using tcp = asio::ip::tcp;

template <typename Executor>
using socket_on = asio::basic_stream_socket<tcp, Executor>;
template <typename Executor>
using timer_on = asio::basic_waitable_timer<std::chrono::steady_clock,
                                            asio::wait_traits<std::chrono::steady_clock>, Executor>;
using acceptor_type = asio::basic_socket_acceptor<tcp, context_executor>;

template <typename Executor>
Executor make_executor(asio::io_context& context) {
  if constexpr (std::is_same_v<Executor, context_strand>) {
    return asio::make_strand(context.get_executor());
  } else {
    return context.get_executor();
  }
}

// What a connection is made of, in any style.
template <typename Executor>
class endpoint_of_client {
 public:
  endpoint_of_client(socket_on<Executor> socket, const serve_options& options)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        options_(options),
        buffer_(std::make_unique_for_overwrite<char[]>(options.buffer_bytes)) {
    std::error_code ec;
    socket_.set_option(tcp::no_delay(true), ec);
  }

 protected:
  ~endpoint_of_client() = default;

  asio::mutable_buffer space() { return asio::buffer(buffer_.get(), options_.buffer_bytes); }
  serve_bytes answer(std::size_t bytes) {
    return serve_answer(&options_, &matched_, buffer_.get(), bytes);
  }

  socket_on<Executor> socket_;
  timer_on<Executor> timer_;
  const serve_options& options_;
  int matched_ = 0;
  const std::unique_ptr<char[]> buffer_;
};

template <typename Executor>
class connection final : public endpoint_of_client<Executor>,
                         public std::enable_shared_from_this<connection<Executor>> {
 public:
  using endpoint_of_client<Executor>::endpoint_of_client;

  void read() {
    push_deadline();
    this->socket_.async_read_some(this->space(), [self = this->shared_from_this()](
                                                     const std::error_code& ec, std::size_t bytes) {
      if (ec) {
        return self->end();
      }
      self->unwritten_ = self->answer(bytes);
      self->write();
    });
  }

 private:
  void write() {
    if (unwritten_.size == 0) {
      return read();
    }
    push_deadline();
    this->socket_.async_write_some(
        asio::buffer(unwritten_.data, unwritten_.size),
        [self = this->shared_from_this()](const std::error_code& ec, std::size_t bytes) {
          if (ec) {
            return self->end();
          }
          self->unwritten_.data += bytes;
          self->unwritten_.size -= bytes;
          self->write();
        });
  }

  void push_deadline() {
    if (this->options_.deadline_ms == 0) {
      return;
    }
    this->timer_.expires_after(std::chrono::milliseconds(this->options_.deadline_ms));
    this->timer_.async_wait([self = this->shared_from_this()](const std::error_code& ec) {
      if (!ec) {
        self->end();
      }
    });
  }

  void end() {
    std::error_code ec;
    this->socket_.close(ec);
    this->timer_.cancel();
  }

  serve_bytes unwritten_{nullptr, 0};
};

template <typename Executor>
class coroutine_connection final
    : public endpoint_of_client<Executor>,
      public std::enable_shared_from_this<coroutine_connection<Executor>> {
 public:
  using endpoint_of_client<Executor>::endpoint_of_client;

  asio::awaitable<void, Executor> converse() {
    const auto self = this->shared_from_this();
    std::error_code ec;
    const auto token = [&] { return asio::redirect_error(asio::use_awaitable_t<Executor>(), ec); };
    while (!ec) {
      push_deadline();
      const std::size_t bytes = co_await this->socket_.async_read_some(this->space(), token());
      if (ec) {
        break;
      }
      serve_bytes rest = this->answer(bytes);
      while (rest.size > 0 && !ec) {
        push_deadline();
        const std::size_t written =
            co_await this->socket_.async_write_some(asio::buffer(rest.data, rest.size), token());
        rest.data += written;
        rest.size -= written;
      }
    }
    this->socket_.close(ec);
    this->timer_.cancel();
  }

 private:
  void push_deadline() {
    if (this->options_.deadline_ms == 0) {
      return;
    }
    this->timer_.expires_after(std::chrono::milliseconds(this->options_.deadline_ms));
    this->timer_.async_wait([self = this->shared_from_this()](const std::error_code& ec) {
      if (!ec) {
        std::error_code ignored;
        self->socket_.close(ignored);
      }
    });
  }
};

template <typename Executor>
void accept_next(asio::io_context& context, acceptor_type& acceptor, const serve_options& options) {
  acceptor.async_accept(make_executor<Executor>(context), [&](const std::error_code& ec,
                                                              socket_on<Executor> socket) {
    if (!ec) {
      const Executor executor = socket.get_executor();
      if (std::string_view(options.style) == "coroutines") {
        auto fresh = std::make_shared<coroutine_connection<Executor>>(std::move(socket), options);
        asio::co_spawn(executor, fresh->converse(), asio::detached);
      } else {
        auto fresh = std::make_shared<connection<Executor>>(std::move(socket), options);
        asio::dispatch(executor, [fresh] { fresh->read(); });
      }
    }
    accept_next<Executor>(context, acceptor, options);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const serve_options options = serve_parse(argc, argv, "handlers strands coroutines ", 64);
  try {
    asio::io_context context(options.threads);
    acceptor_type acceptor(context.get_executor());
    acceptor.open(tcp::v4());
    acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.listen(4096);
    serve_announce(acceptor.local_endpoint().port());
    if (std::string_view(options.style) == "strands" ||
        (options.threads > 1 && options.deadline_ms != 0)) {
      accept_next<context_strand>(context, acceptor, options);
    } else {
      accept_next<context_executor>(context, acceptor, options);
    }
    std::vector<std::jthread> threads;
    for (int i = 1; i < options.threads; ++i) {
      threads.emplace_back([&] { context.run(); });
    }
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
