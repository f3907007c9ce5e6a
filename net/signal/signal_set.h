// SPDX-License-Identifier: BSL-1.0
//
// Signals as something to wait for, in a fiber, a thread or with a handler.
//
//   net::signal_set signals(context, SIGINT, SIGTERM);
//   int which = signals.wait();
//
// A signal is caught for the whole process as long as some set contains it, and goes to every set
// that does. Signals that arrive while nobody waits are kept, in order, and end the next waits.
// Waits may be made, and cancel() called, from any thread; the rest is for one thread at a time.
#pragma once

#include <csignal>
#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/io_operation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_context.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE {

class signal_set {
 public:
  using executor_type = io_context::executor_type;

  // Throws std::system_error when no pipe can be made or too many sets (32) exist.
  template <typename... Signals>
  explicit signal_set(io_context& context, Signals... signals)
      : executor_(context.get_executor()) {
    open();
    (add(signals), ...);
  }
  signal_set(const signal_set&) = delete;
  signal_set& operator=(const signal_set&) = delete;
  ~signal_set();

  executor_type get_executor() const noexcept { return executor_; }

  // error::invalid_argument for what is no signal or cannot be caught.
  void add(int signal);
  void add(int signal, error_code& ec);
  void remove(int signal);
  void remove(int signal, error_code& ec);
  // Removes all. Signals that were kept are not lost.
  void clear();
  // Ends all waits with error::operation_aborted.
  void cancel() { fd_.cancel(); }

  // The number of the next signal.
  int wait();
  int wait(error_code& ec);
  // handler(error_code, signal)
  template <typename Token>
  decltype(auto) async_wait(Token&& token) {
    return async_initiate<Token, void(error_code, int)>(
        [this](auto&& handler) {
          const auto finish = [](const number_request& request) {
            return [ec = request.result(), number = request.number()](auto& target) {
              std::move(target)(ec, number);
            };
          };
          internal::start_io<number_request>(fd_, internal::io_executor(executor_), finish,
                                             std::forward<decltype(handler)>(handler));
        },
        token);
  }

 private:
  // Reads one signal's number from the pipe that the signal handler writes to.
  class number_request : private ::iovec, public netpoll::read_request {
   public:
    number_request() noexcept
        : ::iovec{&number_, 1}, netpoll::read_request(netpoll::transport::pipe, this, 1) {}
    int number() const noexcept { return number_; }
    error_code result() const noexcept;

   private:
    unsigned char number_ = 0;
  };

  void open();

  executor_type executor_;
  netpoll::fd fd_;
  std::size_t slot_ = 0;
};

}  // namespace NET_NAMESPACE
