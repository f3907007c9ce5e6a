// SPDX-License-Identifier: BSL-1.0
//
// Semaphores for fibers and threads alike, in the standard shape.
//
//   net::counting_semaphore<> slots(16);       // at most 16 at a time
//   slots.acquire();
//   …
//   slots.release();
//
// Waiting follows the rules of net/fiber/sync/sync.h: acquire() waits, cancelled or not; the forms
// with an error_code end with error::operation_aborted or error::deadline_exceeded, and no unit was
// taken then. Units go to those who wait in the order in which they came; one who comes while
// others wait queues behind them, but a unit that is free is taken at once.
//
// Releasing more than max() units, or destroying while somebody waits, aborts. One may destroy the
// semaphore as soon as he has acquired the last unit, though another is only just leaving
// release().
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {
namespace internal {

// A semaphore of whatever size.
class semaphore {
 public:
  explicit semaphore(std::ptrdiff_t units) noexcept : units_(units) {}
  ~semaphore();

  bool try_acquire() noexcept;
  // `resumed`: acquired.
  wait_result acquire(netpoll::nanotime until, on_cancel how);
  void release(std::ptrdiff_t units, std::ptrdiff_t most) noexcept;

 private:
  class acquirer;

  bool take() noexcept;  // under line_

  wait_line line_;
  std::ptrdiff_t units_;  // under line_
};

}  // namespace internal

template <std::ptrdiff_t LeastMaxValue = std::numeric_limits<std::ptrdiff_t>::max()>
class counting_semaphore {
  static_assert(LeastMaxValue >= 0);

 public:
  static constexpr std::ptrdiff_t max() noexcept { return LeastMaxValue; }

  explicit counting_semaphore(std::ptrdiff_t desired) noexcept : units_(desired) {
    netpoll::check(desired >= 0 && desired <= max(),
                   "a semaphore was made with an impossible count");
  }
  counting_semaphore(const counting_semaphore&) = delete;
  counting_semaphore& operator=(const counting_semaphore&) = delete;

  void release(std::ptrdiff_t update = 1) noexcept { units_.release(update, max()); }

  void acquire() {
    internal::must_have_passed(
        units_.acquire(netpoll::never, on_cancel::ignore),
        "a fiber that is being unwound cannot wait for a semaphore: use acquire(error_code&)");
  }
  // True: acquired.
  bool acquire(error_code& ec) { return acquire_by(netpoll::never, ec); }
  bool acquire_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return acquire_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool acquire_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return acquire_by(internal::deadline_in(duration), ec);
  }

  bool try_acquire() noexcept { return units_.try_acquire(); }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return acquire_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_acquire_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return acquire_by(internal::deadline_in(duration), ec);
  }

 private:
  bool acquire_by(netpoll::nanotime until, error_code& ec) {
    return internal::report(units_.acquire(until, on_cancel::stop_waiting), ec);
  }

  internal::semaphore units_;
};

using binary_semaphore = counting_semaphore<1>;

}  // namespace NET_NAMESPACE
