// SPDX-License-Identifier: BSL-1.0
//
// A timer that can be waited for: in a fiber, which parks, in a thread, which blocks, or with a
// completion token. Any number of waits may be outstanding; they end in the order they began.
//
//   net::steady_timer timer(context, std::chrono::seconds(1));
//   timer.async_wait([](std::error_code ec) { … });
//   timer.wait();
//
// Moving the expiry or cancelling ends all waits with error::operation_aborted; a cancellation slot
// ends one. A wait whose time has come before the cancellation reports success, as in Asio. Distinct
// timers may be used from any threads, one timer by one at a time; cancel() alone may also run
// beside a wait(). A timer that was moved from has no waits and keeps its executor.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/fiber/wait.h"
#include "net/io_executor.h"
#include "net/timer/fwd.h"
#include "net/timer/timer_time.h"
#include "net/timer/timer_wait.h"
#include "net/timer/wait_operation.h"
#include "net/timer/wait_traits.h"

namespace NET_NAMESPACE {

template <typename Clock, typename WaitTraits, typename Executor>
class basic_waitable_timer {
  using times = internal::timer_time<Clock, WaitTraits>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_waitable_timer<Clock, WaitTraits, Other>;
  };
  using clock_type = Clock;
  using duration = typename Clock::duration;
  using time_point = typename Clock::time_point;
  using traits_type = WaitTraits;

  // On an executor or a context; with an expiry, or a time from now.
  explicit basic_waitable_timer(const executor_type& executor)
      : io_(executor), reactor_(&io_.reactor()) {}
  basic_waitable_timer(const executor_type& executor, const time_point& expiry)
      : basic_waitable_timer(executor) {
    expiry_ = expiry;
  }
  basic_waitable_timer(const executor_type& executor, const duration& from_now)
      : basic_waitable_timer(executor) {
    expiry_ = times::now_plus(from_now);
  }
  template <internal::io_context_for<executor_type> Context>
  explicit basic_waitable_timer(Context& context)
      : basic_waitable_timer(executor_type(context.get_executor())) {}
  template <internal::io_context_for<executor_type> Context>
  basic_waitable_timer(Context& context, const time_point& expiry)
      : basic_waitable_timer(executor_type(context.get_executor()), expiry) {}
  template <internal::io_context_for<executor_type> Context>
  basic_waitable_timer(Context& context, const duration& from_now)
      : basic_waitable_timer(executor_type(context.get_executor()), from_now) {}

  basic_waitable_timer(basic_waitable_timer&& other) noexcept
      : io_(other.io_),
        reactor_(other.reactor_),
        timer_(std::move(other.timer_)),
        expiry_(std::exchange(other.expiry_, time_point())) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>)
      basic_waitable_timer(basic_waitable_timer<Clock, WaitTraits, Other>&& other)
      : io_(other.io_),
        reactor_(other.reactor_),
        timer_(std::move(other.timer_)),
        expiry_(std::exchange(other.expiry_, time_point())) {}
  // The waits of the one that is assigned to end.
  basic_waitable_timer& operator=(basic_waitable_timer&& other) noexcept {
    if (this != &other) {
      take(std::move(other));
    }
    return *this;
  }
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_waitable_timer& operator=(
      basic_waitable_timer<Clock, WaitTraits, Other>&& other) {
    take(std::move(other));
    return *this;
  }
  ~basic_waitable_timer() { forget(); }

  const executor_type& get_executor() const noexcept { return io_.get(); }
  time_point expiry() const { return expiry_; }

  // Sets the expiry; returns how many waits that cancelled.
  std::size_t expires_at(const time_point& expiry) {
    const std::size_t cancelled = cancel();
    expiry_ = expiry;
    return cancelled;
  }
  std::size_t expires_after(const duration& from_now) {
    return expires_at(times::now_plus(from_now));
  }

  // Ends all waits, or the oldest; returns how many.
  std::size_t cancel() { return timer_ != nullptr ? reactor_->timers().cancel(*timer_) : 0; }
  std::size_t cancel_one() { return timer_ != nullptr ? reactor_->timers().cancel(*timer_, 1) : 0; }

  // Waits until the expiry.
  void wait() {
    internal::or_throw("wait", [&](error_code& ec) { wait(ec); });
  }
  void wait(error_code& ec) {
    ec.clear();
    while (!ec && times::now() < expiry_) {
      internal::timer_wait waiter(*reactor_, entry(), times::next_look(expiry_));
      if (wait_for(waiter) != wait_result::resumed ||
          waiter.reason() == netpoll::wake_reason::cancelled) {
        ec = error::operation_aborted;
      }
    }
  }

  // handler(error_code), at the expiry.
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code)>(
        internal::initiation(*this,
                             [](basic_waitable_timer& self, auto&& handler) {
                               internal::start_timer_wait<times>(
                                   self.io_, *self.reactor_, self.entry(), self.expiry_,
                                   std::forward<decltype(handler)>(handler));
                             }),
        token);
  }

#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#include "net/legacy/timer_members.inc"
#endif

 private:
  template <typename, typename, typename>
  friend class basic_waitable_timer;

  // In the reactor's queue. Made when it is needed first.
  netpoll::timer_queue::entry& entry() {
    if (timer_ == nullptr) {
      timer_ = std::make_unique<netpoll::timer_queue::entry>();
    }
    return *timer_;
  }

  template <typename Other>
  void take(basic_waitable_timer<Clock, WaitTraits, Other>&& other) {
    forget();
    io_ = internal::io_executor<Executor>(other.io_);
    reactor_ = other.reactor_;
    timer_ = std::move(other.timer_);
    expiry_ = std::exchange(other.expiry_, time_point());
  }

  // Ends all waits, and the timer may go: cancel() leaves it to the reactor, for the next wait.
  void forget() noexcept {
    if (timer_ != nullptr) {
      reactor_->timers().forget(*timer_);
    }
  }

  internal::io_executor<Executor> io_;
  netpoll::reactor* reactor_;
  std::unique_ptr<netpoll::timer_queue::entry> timer_;
  time_point expiry_{};
};

}  // namespace NET_NAMESPACE
