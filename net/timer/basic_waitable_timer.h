// SPDX-License-Identifier: BSL-1.0
//
// A timer that can be waited for: in a fiber, which parks, in a thread, which blocks, or with a
// handler. Any number of waits may be outstanding; they end in the order they began.
//
//   net::steady_timer timer(context, std::chrono::seconds(1));
//   timer.async_wait([](std::error_code ec) { … });
//   timer.wait();
//
// Moving the expiry or cancelling ends all waits with error::operation_aborted. A wait whose time
// has come before the cancellation reports success, as in Asio. Distinct timers may be used from
// any threads, one timer by one at a time; cancel() alone may also run beside a wait().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/handler_memory.h"
#include "net/async/io_operation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/fiber/wait.h"
#include "net/io_context.h"
#include "net/timer/timer_wait.h"

namespace NET_NAMESPACE {

template <typename Clock>
class basic_waitable_timer {
 public:
  using executor_type = io_context::executor_type;
  using clock_type = Clock;
  using duration = typename Clock::duration;
  using time_point = typename Clock::time_point;

  explicit basic_waitable_timer(io_context& context)
      : basic_waitable_timer(context.get_executor()) {}
  explicit basic_waitable_timer(const executor_type& executor)
      : executor_(executor), timer_(std::make_unique<netpoll::timer_queue::entry>()) {}
  template <typename Where>
  basic_waitable_timer(Where&& where, const time_point& expiry) : basic_waitable_timer(where) {
    expiry_ = expiry;
  }
  template <typename Where>
  basic_waitable_timer(Where&& where, const duration& from_now) : basic_waitable_timer(where) {
    expiry_ = now_plus(from_now);
  }
  basic_waitable_timer(basic_waitable_timer&& other) noexcept = default;
  basic_waitable_timer& operator=(basic_waitable_timer&& other) noexcept {
    if (this != &other) {
      forget();
      executor_ = other.executor_;
      timer_ = std::move(other.timer_);
      expiry_ = other.expiry_;
    }
    return *this;
  }
  ~basic_waitable_timer() { forget(); }

  executor_type get_executor() const noexcept { return executor_; }
  time_point expiry() const { return expiry_; }

  // Sets the expiry; returns how many waits that cancelled.
  std::size_t expires_at(const time_point& expiry) {
    const std::size_t cancelled = cancel();
    expiry_ = expiry;
    return cancelled;
  }
  std::size_t expires_after(const duration& from_now) { return expires_at(now_plus(from_now)); }

  // Ends all waits, or the oldest; returns how many.
  std::size_t cancel() { return timer_ != nullptr ? reactor().timers().cancel(*timer_) : 0; }
  std::size_t cancel_one() { return timer_ != nullptr ? reactor().timers().cancel(*timer_, 1) : 0; }

  // Waits until the expiry.
  void wait() {
    error_code ec;
    wait(ec);
    internal::throw_if(ec, "wait");
  }
  void wait(error_code& ec) {
    ec.clear();
    const netpoll::nanotime when = steady_expiry();
    while (!ec && clock_now() < expiry_) {
      internal::timer_wait waiter(reactor(), *timer_, when);
      if (wait_for(waiter) != wait_result::resumed ||
          waiter.reason() == netpoll::wake_reason::cancelled) {
        ec = error::operation_aborted;
      }
    }
  }

  // Calls handler(error_code) at the expiry.
  template <typename Token>
  decltype(auto) async_wait(Token&& token) {
    return async_initiate<Token, void(error_code)>(
        [this](auto&& handler) {
          using type = wait_operation<std::decay_t<decltype(handler)>>;
          const auto allocator = get_associated_allocator(handler);
          internal::make_operation<type>(allocator, executor_,
                                         std::forward<decltype(handler)>(handler), *timer_,
                                         steady_expiry())
              ->start();
        },
        token);
  }

 private:
  template <typename Handler>
  class wait_operation final : public operation, private netpoll::resumer {
   public:
    template <typename H>
    wait_operation(const executor_type& executor, H&& handler, netpoll::timer_queue::entry& timer,
                   netpoll::nanotime when)
        : operation(&run_handler),
          handler_(std::forward<H>(handler)),
          executor_(executor),
          wait_(executor.context().reactor(), timer, when) {}

    void start() {
      executor_.context().loop().work_started();
      wait_.set_resumer(*this);
      wait_.commit();
    }

   private:
    void resume(netpoll::waiter&) noexcept override { executor_.context().loop().post(*this); }

    static bool run_handler(operation& base, run_loop* loop) {
      auto& self = static_cast<wait_operation&>(base);
      const bool is_cancelled = self.wait_.reason() == netpoll::wake_reason::cancelled;
      Handler handler(std::move(self.handler_));
      const executor_type executor(self.executor_);
      internal::destroy_operation(get_associated_allocator(handler), &self);
      if (loop != nullptr) {
        const error_code ec =
            is_cancelled ? make_error_code(error::operation_aborted) : error_code();
        internal::call_handler(executor, std::move(handler),
                               [ec](auto& target) { std::move(target)(ec); });
      }
      return true;
    }

    Handler handler_;
    executor_type executor_;
    internal::timer_wait wait_;
  };

  netpoll::reactor& reactor() const noexcept { return executor_.context().reactor(); }

  static time_point clock_now() {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
      return netpoll::to_steady_time(netpoll::clock::now());
    } else {
      return Clock::now();
    }
  }

  static time_point now_plus(const duration& from_now) {
    const time_point now = clock_now();
    // Not past the end of the clock.
    return from_now > time_point::max() - now ? time_point::max() : now + from_now;
  }

  // The expiry on the reactor's clock.
  netpoll::nanotime steady_expiry() const {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
      return netpoll::to_nanotime(expiry_);
    } else {
      return netpoll::add_saturated(netpoll::clock::now(),
                                    netpoll::to_nanoseconds(expiry_ - Clock::now()));
    }
  }

  // Ends all waits, and the timer may go: cancel() leaves it to the reactor, for the next wait.
  void forget() noexcept {
    if (timer_ != nullptr) {
      reactor().timers().forget(*timer_);
    }
  }

  executor_type executor_;
  std::unique_ptr<netpoll::timer_queue::entry> timer_;
  time_point expiry_{};
};

}  // namespace NET_NAMESPACE
