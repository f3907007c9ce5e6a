// SPDX-License-Identifier: BSL-1.0
//
// The server of serve.h in fibers: one that accepts, and one for each connection. Whatever has to
// wait simply waits; its thread runs other fibers meanwhile.
#include <csignal>
#include <string>

#include "examples/serve.h"

namespace examples {
namespace {

using std::chrono::steady_clock;

class fiber_server final : public server, public std::enable_shared_from_this<fiber_server> {
 public:
  using server::server;

  void start(net::io_context& context) {
    net::go(context, [self = shared_from_this(), &context] { self->accept_all(context); });
  }

 private:
  void accept_all(net::io_context& context) {
    while (true) {
      std::error_code ec;
      net::conn accepted = listener_.accept(ec);
      if (ec == net::error::closed || ec == net::error::operation_aborted) return;
      if (ec) continue;  // a client that was gone before its turn came
      net::go(context, [self = shared_from_this(), connection = std::move(accepted)]() mutable {
        const registration registered(*self, connection);
        self->count_end(self->converse(connection));
      });
    }
  }

  // Serves one client, and returns what ended it.
  std::error_code converse(net::conn& connection) {
    connection.set_timeout(options_.deadline);
    const std::unique_ptr<session> protocol = make_session_();
    read_buffer input;
    std::string answers;
    std::error_code ec;
    while (true) {
      const std::size_t count = connection.read(input.space(), ec);
      if (ec) return ec;
      session::progress next = protocol->receive(input.take(count), answers);
      while (true) {
        if (!answers.empty()) connection.write(net::buffer(answers), ec);
        if (ec) return ec;
        recycle(answers);
        if (next != session::progress::answers_due) break;
        next = protocol->receive({}, answers);
      }
      if (next == session::progress::finished) {
        linger(connection, input);
        return {};
      }
    }
  }

  // Says that no more will come and waits for the client to say the same.
  static void linger(net::conn& connection, read_buffer& input) {
    std::error_code ec;
    connection.set_timeout(steady_clock::duration::zero());
    connection.set_deadline(steady_clock::now() + linger_period);
    connection.close_write(ec);
    while (!ec) connection.read(input.space(), ec);
  }
};

}  // namespace

std::shared_ptr<server> start_fiber_server(net::io_context& context, const server_options& options,
                                           session_factory make_session) {
  auto started = std::make_shared<fiber_server>(
      net::listen(context, "tcp", "127.0.0.1:" + std::to_string(options.port)), options,
      std::move(make_session));
  started->start(context);
  return started;
}

void serve_with_fibers(const server_options& options, session_factory make_session) {
  const auto body = [&] {
    net::io_context& context = net::current_context();
    net::signal_set signals(context, SIGINT, SIGTERM);
    const std::shared_ptr<server> started =
        start_fiber_server(context, options, std::move(make_session));
    announce(*started);

    signals.wait();
    started->stop_accepting();
    const steady_clock::time_point end = steady_clock::now() + grace_period;
    while (started->open_connections() > 0 && steady_clock::now() < end) {
      net::this_fiber::sleep_for(std::chrono::milliseconds(10));
    }
    started->close_connections();
  };
  net::run(body, options.threads);
}

}  // namespace examples
