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

#include <chrono>
#include <concepts>
#include <csignal>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/async/io_operation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/io_executor.h"
#include "net/signal/signal_pipe.h"
#include "net/signal/signal_set_base.h"
#include "net/socket/no_deadline.h"
#include "netpoll/base/clock.h"
#include "netpoll/direction.h"

namespace NET_NAMESPACE {

template <typename Executor>
class basic_signal_set : public signal_set_base {
 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_signal_set<Other>;
  };

  // A set of these signals, on an executor or a context. Throws std::system_error when no pipe can
  // be made, too many sets (256) exist or a signal cannot be caught.
  template <std::convertible_to<int>... Signals>
  explicit basic_signal_set(const executor_type& executor, Signals... signals)
      : io_(executor), pipe_(io_.loop().context(), io_.reactor()) {
    (add(signals), ...);
  }
  template <internal::io_context_for<executor_type> Context, std::convertible_to<int>... Signals>
  explicit basic_signal_set(Context& context, Signals... signals)
      : basic_signal_set(executor_type(context.get_executor()), signals...) {}

  const executor_type& get_executor() const noexcept { return io_.get(); }
#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#endif

  // error::invalid_argument for what is no signal or cannot be caught, and for a signal that a set
  // was told to catch with other flags; nothing happens if it is in this set already. Without flags
  // calls that the signal interrupts go on, unless somebody else wants it otherwise.
  void add(int signal) { add(signal, flags::dont_care); }
  void add(int signal, error_code& ec) { add(signal, flags::dont_care, ec); }
  void add(int signal, flags_t how) {
    internal::or_throw("add", [&](error_code& ec) { add(signal, how, ec); });
  }
  void add(int signal, flags_t how, error_code& ec) { pipe_.add(signal, how, ec); }

  // What no set contains any more gets its default action back.
  void remove(int signal) {
    internal::or_throw("remove", [&](error_code& ec) { remove(signal, ec); });
  }
  void remove(int signal, error_code& ec) { pipe_.remove(signal, ec); }

  // Removes all. Signals that were kept are not lost.
  void clear() { pipe_.clear(); }
  void clear(error_code& ec) {
    clear();
    ec.clear();
  }

  // Ends all waits with error::operation_aborted.
  void cancel() { pipe_.fd().cancel(); }
  void cancel(error_code& ec) {
    cancel();
    ec.clear();
  }

  // When waits end with error::deadline_exceeded: absolute, for those under way and all later ones,
  // until set anew; no_deadline clears.
  void set_deadline(std::chrono::steady_clock::time_point when) {
    internal::throw_if(
        pipe_.fd().set_deadline(netpoll::directions::read, netpoll::to_nanotime(when)),
        "set_deadline");
  }

  // The number of the next signal.
  int wait() {
    return internal::or_throw("wait", [&](error_code& ec) { return wait(ec); });
  }
  int wait(error_code& ec) { return internal::wait_for_signal(pipe_, ec); }
  // handler(error_code, signal)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code, int)>(
        internal::initiation(*this,
                             [](basic_signal_set& self, auto&& handler) {
                               internal::start_io<internal::signal_request>(
                                   self.pipe_.fd(), self.io_, internal::finish_signal{},
                                   std::forward<decltype(handler)>(handler));
                             }),
        token);
  }

 private:
  internal::io_executor<Executor> io_;
  internal::signal_pipe pipe_;
};

}  // namespace NET_NAMESPACE
