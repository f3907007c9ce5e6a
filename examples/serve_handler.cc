// SPDX-License-Identifier: BSL-1.0
//
// The server of serve.h in completion handlers: each starts an operation, and says what is called
// when it has finished. A connection has one operation outstanding at a time, so its handlers never
// run at the same time, however many threads there are, and need no lock; the operation's handler
// keeps the connection alive.
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "examples/serve.h"

namespace examples {
namespace {

using std::chrono::steady_clock;

class handler_server final : public server, public std::enable_shared_from_this<handler_server> {
 public:
  using server::server;

  void accept_next() {
    listener_.async_accept([self = shared_from_this()](std::error_code ec, net::conn accepted) {
      if (ec == net::error::closed || ec == net::error::operation_aborted) return;
      if (!ec) std::make_shared<connection>(self, std::move(accepted))->read();
      self->accept_next();
    });
  }

 private:
  class connection final : public std::enable_shared_from_this<connection> {
   public:
    connection(std::shared_ptr<handler_server> owner, net::conn accepted)
        : owner_(std::move(owner)),
          conn_(std::move(accepted)),
          registered_(*owner_, conn_),
          protocol_(owner_->make_session_()) {
      conn_.set_timeout(owner_->options_.deadline);
    }

    void read() {
      conn_.async_read(input_.space(),
                       [self = shared_from_this()](std::error_code ec, std::size_t count) {
                         if (ec) return self->owner_->count_end(ec);
                         self->receive(self->input_.take(count));
                       });
    }

   private:
    void receive(std::string_view bytes) {
      next_ = protocol_->receive(bytes, answers_);
      if (answers_.empty()) return proceed();
      conn_.async_write(net::buffer(answers_),
                        [self = shared_from_this()](std::error_code ec, std::size_t) {
                          if (ec) return self->owner_->count_end(ec);
                          recycle(self->answers_);
                          self->proceed();
                        });
    }

    void proceed() {
      switch (next_) {
        case session::progress::need_input:
          return read();
        case session::progress::answers_due:
          return receive({});
        case session::progress::finished:
          std::error_code ec;
          conn_.set_timeout(steady_clock::duration::zero());
          conn_.set_deadline(steady_clock::now() + linger_period);
          conn_.close_write(ec);
          if (!ec) linger();
      }
    }

    // Waits for the client to end the connection too.
    void linger() {
      conn_.async_read(input_.space(),
                       [self = shared_from_this()](std::error_code ec, std::size_t) {
                         if (!ec) self->linger();
                       });
    }

    const std::shared_ptr<handler_server> owner_;
    net::conn conn_;
    const registration registered_;
    const std::unique_ptr<session> protocol_;
    read_buffer input_;
    std::string answers_;
    session::progress next_ = session::progress::need_input;
  };
};

// Once a signal has come: accepts nobody new, looks now and then whether the last connection has
// ended, and closes what is still open when the grace period is over.
class shutdown final {
 public:
  shutdown(net::io_context& context, std::shared_ptr<server> serving)
      : serving_(std::move(serving)), signals_(context, SIGINT, SIGTERM), timer_(context) {}

  void wait_for_signal() {
    signals_.async_wait([this](std::error_code ec, int) {
      if (ec) return;
      serving_->stop_accepting();
      end_ = steady_clock::now() + grace_period;
      look();
    });
  }

 private:
  void look() {
    if (serving_->open_connections() == 0 || steady_clock::now() >= end_) {
      return serving_->close_connections();
    }
    timer_.expires_after(std::chrono::milliseconds(10));
    timer_.async_wait([this](std::error_code ec) {
      if (!ec) look();
    });
  }

  const std::shared_ptr<server> serving_;
  net::signal_set signals_;
  net::steady_timer timer_;
  steady_clock::time_point end_;
};

}  // namespace

std::shared_ptr<server> start_handler_server(net::io_context& context,
                                             const server_options& options,
                                             session_factory make_session) {
  auto started = std::make_shared<handler_server>(
      net::listen(context, "tcp", "127.0.0.1:" + std::to_string(options.port)), options,
      std::move(make_session));
  started->accept_next();
  return started;
}

void serve_with_handlers(const server_options& options, session_factory make_session) {
  net::io_context context;
  const std::shared_ptr<server> started =
      start_handler_server(context, options, std::move(make_session));
  shutdown ending(context, started);
  ending.wait_for_signal();
  announce(*started);

  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < options.threads; ++i)
    threads.emplace_back([&context] { context.run(); });
  context.run();
}

}  // namespace examples
