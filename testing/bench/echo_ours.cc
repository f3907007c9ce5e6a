// SPDX-License-Identifier: BSL-1.0
//
// The server of echo.py on this library. peers/serve.h says how it is called; its styles are
// completion handlers and fibers. Deadlines are set_timeout(), which has each operation begin with
// one anew.
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

}  // namespace

int main(int argc, char** argv) {
  const serve_options options = serve_parse(argc, argv, "handlers fibers ", 64);
  try {
    net::io_context context;
    net::listener listener = net::listen(context, "tcp4", "127.0.0.1:0");
    serve_announce(listener.local_endpoint().port());
    if (std::string_view(options.style) == "fibers") {
      net::go(context, [&] { accept_all(listener, options); });
    } else {
      accept_next(listener, options);
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
