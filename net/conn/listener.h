// SPDX-License-Identifier: BSL-1.0
//
// Listening for connections, as Go's net.Listen does.
//
//   net::listener l = net::listen("tcp", "127.0.0.1:0");
//   for (;;) {
//     net::go([c = l.accept()]() mutable { … });
//   }
//
// accept(), deadlines and close() may be called from any threads and fibers at once; each
// connection is delivered once. Running out of descriptors or memory does not end an accept(): it
// waits, from 5 ms doubling up to 1 s, and tries again until its deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/io_operation.h"
#include "net/config.h"
#include "net/conn/conn.h"
#include "net/error.h"
#include "net/io_context.h"
#include "net/io_executor.h"

namespace NET_NAMESPACE {

class listener {
 public:
  using executor_type = io_context::executor_type;
  using endpoint_type = ip::tcp::endpoint;
  using deadline_type = std::chrono::steady_clock::time_point;

  // Every operation fails with error::closed.
  listener() = default;
  listener(listener&&) noexcept = default;
  listener& operator=(listener&&) noexcept = default;
  ~listener() = default;

  // Takes over a listening, non-blocking TCP socket.
  listener(io_context& context, netpoll::unique_fd socket, const endpoint_type& local,
           error_code& ec);

  bool is_open() const noexcept { return fd_.is_open(); }
  executor_type get_executor() const noexcept { return context_->get_executor(); }
  int native_handle() const noexcept { return fd_.native_handle(); }
  const endpoint_type& local_endpoint() const noexcept { return local_; }

  // Waits for a connection. Errors: error::closed, error::deadline_exceeded,
  // error::operation_aborted after cancel(), else what accept(2) said.
  conn accept();
  conn accept(error_code& ec);
  // handler(error_code, conn)
  template <typename Token>
  decltype(auto) async_accept(Token&& token) {
    return async_initiate<Token, void(error_code, conn)>(
        [this](auto&& handler) {
          const auto finish = [context = context_,
                               local = local_](netpoll::accept_request& request) {
            error_code ec;
            conn accepted = take(*context, local, request, ec);
            return [ec, accepted = std::move(accepted)](auto& target) mutable {
              std::move(target)(ec, std::move(accepted));
            };
          };
          internal::start_io<netpoll::accept_request>(
              fd_, internal::io_executor<executor_type>(get_executor()), finish,
              std::forward<decltype(handler)>(handler),
              netpoll::accept_request::when_exhausted::back_off);
        },
        token);
  }

  // Ends all accepts with error::closed. When it returns the port is free.
  void close();
  void close(error_code& ec) { ec = fd_.close(); }
  void cancel() noexcept { fd_.cancel(); }

  // How the kernel reports new connections; see basic_socket::set_trigger(). To be set before the
  // first accept that has to wait.
  void set_trigger(netpoll::trigger how, error_code& ec) { ec = fd_.set_trigger(how); }

  // Absolute, for the accept under way and all later ones; no_deadline clears.
  void set_deadline(deadline_type when);
  // Starts anew with each accept; zero for none.
  template <typename Rep, typename Period>
  void set_timeout(const std::chrono::duration<Rep, Period>& timeout) {
    set_timeout_ns(netpoll::to_nanoseconds(timeout));
  }

 private:
  static conn take(io_context& context, const endpoint_type& local,
                   netpoll::accept_request& request, error_code& ec);
  [[noreturn]] void fail(const char* operation, const error_code& ec) const;
  void set_timeout_ns(netpoll::nanotime timeout);

  io_context* context_ = nullptr;
  netpoll::fd fd_;
  endpoint_type local_;
};

// Listens on `address`, "host:port": an empty host is every address, port 0 a free one. Networks:
// "tcp" (IPv4 and IPv6), "tcp4", "tcp6". The overloads without a context use current_context().
listener listen(io_context& context, std::string_view network, std::string_view address);
listener listen(io_context& context, std::string_view network, std::string_view address,
                error_code& ec);
listener listen(std::string_view network, std::string_view address);
listener listen(std::string_view network, std::string_view address, error_code& ec);

}  // namespace NET_NAMESPACE
