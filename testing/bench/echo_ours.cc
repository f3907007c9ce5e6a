// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on this library. peers/serve.h says how it is called; its styles are
// completion handlers, the same with a strand for each connection, and fibers. Deadlines are
// set_timeout(), which has each operation begin with one anew.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/net.h"
#include "testing/bench/peers/serve.h"

namespace {

void set_up(net::conn& peer, const serve_options& options) {
  if (options.deadline_ms != 0) {
    peer.set_timeout(std::chrono::milliseconds(options.deadline_ms));
  }
}

// A connection in handlers; it has one operation under way at a time, and deletes itself when one
// fails.
class connection {
 public:
  connection(net::conn peer, const serve_options& options)
      : peer_(std::move(peer)),
        options_(options),
        buffer_(std::make_unique_for_overwrite<char[]>(options.buffer_bytes)) {
    set_up(peer_, options);
  }

  void read() {
    peer_.async_read(net::buffer(buffer_.get(), options_.buffer_bytes),
                     [this](std::error_code ec, std::size_t bytes) {
                       if (ec) {
                         delete this;
                       } else {
                         write(serve_answer(&options_, &matched_, buffer_.get(), bytes));
                       }
                     });
  }

 private:
  void write(const serve_bytes& answer) {
    if (answer.size == 0) {
      return read();
    }
    peer_.async_write(net::buffer(answer.data, answer.size),
                      [this](std::error_code ec, std::size_t) {
                        if (ec) {
                          delete this;
                        } else {
                          read();
                        }
                      });
  }

  net::conn peer_;
  const serve_options& options_;
  int matched_ = 0;
  const std::unique_ptr<char[]> buffer_;
};

// The same as programs have it that are written for Asio: a socket on a strand of its own, where all
// of the connection's handlers run.
class strand_connection : public std::enable_shared_from_this<strand_connection> {
 public:
  using strand = net::strand<net::io_context::executor_type>;
  using socket = net::basic_stream_socket<net::ip::tcp, strand>;

  strand_connection(socket peer, const serve_options& options)
      : peer_(std::move(peer)),
        options_(options),
        buffer_(std::make_unique_for_overwrite<char[]>(options.buffer_bytes)) {
    std::error_code ec;
    peer_.set_option(net::ip::tcp::no_delay(true), ec);
  }

  void read() {
    push_deadline();
    peer_.async_read_some(net::buffer(buffer_.get(), options_.buffer_bytes),
                          [self = shared_from_this()](std::error_code ec, std::size_t bytes) {
                            if (!ec) {
                              self->unwritten_ = serve_answer(&self->options_, &self->matched_,
                                                              self->buffer_.get(), bytes);
                              self->write();
                            }
                          });
  }

 private:
  void write() {
    if (unwritten_.size == 0) {
      return read();
    }
    push_deadline();
    peer_.async_write_some(net::buffer(unwritten_.data, unwritten_.size),
                           [self = shared_from_this()](std::error_code ec, std::size_t bytes) {
                             if (!ec) {
                               self->unwritten_.data += bytes;
                               self->unwritten_.size -= bytes;
                               self->write();
                             }
                           });
  }

  void push_deadline() {
    if (options_.deadline_ms != 0) {
      peer_.set_deadline(std::chrono::steady_clock::now() +
                         std::chrono::milliseconds(options_.deadline_ms));
    }
  }

  socket peer_;
  const serve_options& options_;
  int matched_ = 0;
  serve_bytes unwritten_{nullptr, 0};
  const std::unique_ptr<char[]> buffer_;
};

using context_acceptor = net::basic_socket_acceptor<net::ip::tcp, net::io_context::executor_type>;

void accept_next(net::io_context& context, context_acceptor& acceptor,
                 const serve_options& options) {
  acceptor.async_accept(
      net::make_strand(context), [&](std::error_code ec, strand_connection::socket accepted) {
        if (!ec) {
          const strand_connection::strand strand = accepted.get_executor();
          auto fresh = std::make_shared<strand_connection>(std::move(accepted), options);
          net::dispatch(strand, [fresh] { fresh->read(); });
        }
        accept_next(context, acceptor, options);
      });
}

void accept_next(net::listener& listener, const serve_options& options) {
  listener.async_accept([&](std::error_code ec, net::conn accepted) {
    if (!ec) {
      (new connection(std::move(accepted), options))->read();
    }
    accept_next(listener, options);
  });
}

void converse(net::conn peer, const serve_options& options) {
  set_up(peer, options);
  const auto buffer = std::make_unique_for_overwrite<char[]>(options.buffer_bytes);
  int matched = 0;
  std::error_code ec;
  while (true) {
    const std::size_t bytes = peer.read(net::buffer(buffer.get(), options.buffer_bytes), ec);
    if (ec) {
      return;
    }
    const serve_bytes answer = serve_answer(&options, &matched, buffer.get(), bytes);
    peer.write(net::buffer(answer.data, answer.size), ec);
    if (ec) {
      return;
    }
  }
}

void accept_all(net::listener& listener, const serve_options& options) {
  while (true) {
    net::go([peer = listener.accept(), &options]() mutable { converse(std::move(peer), options); });
  }
}

// Serves until the process is killed.
void run(net::io_context& context, int threads) {
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
}

}  // namespace

int main(int argc, char** argv) {
  const serve_options options = serve_parse(argc, argv, "handlers strands fibers ", 64);
  try {
    net::io_context context;
    if (std::string_view(options.style) == "strands") {
      context_acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
      serve_announce(acceptor.local_endpoint().port());
      accept_next(context, acceptor, options);
      run(context, options.threads);
      return 0;
    }
    net::listener listener = net::listen(context, "tcp4", "127.0.0.1:0");
    serve_announce(listener.local_endpoint().port());
    if (std::string_view(options.style) == "fibers") {
      net::go(context, [&] { accept_all(listener, options); });
    } else {
      accept_next(listener, options);
    }
    run(context, options.threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
