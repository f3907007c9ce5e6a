// SPDX-License-Identifier: BSL-1.0
//
// A count that goes down to 0 once, and those who wait for that: in the standard shape, for fibers
// and threads alike.
//
//   net::latch started(3);
//   …  started.count_down();                 // each of three
//   started.wait();
//
// Waiting follows the rules of net/fiber/sync/sync.h. In arrive_and_wait() the arrival stands,
// however the wait ends. Counting below 0, and destroying it while somebody waits, abort; who has
// seen that it is 0 may destroy it.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/gate.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

class latch {
 public:
  static constexpr std::ptrdiff_t max() noexcept {
    return std::numeric_limits<std::ptrdiff_t>::max();
  }

  explicit latch(std::ptrdiff_t expected) noexcept : gate_("latch", expected) {
    netpoll::check(expected >= 0, "a latch was made with a negative count");
  }
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;

  void count_down(std::ptrdiff_t update = 1) noexcept {
    netpoll::check(update >= 0, "a latch was counted down by a negative number");
    gate_.add(-update, "a latch was counted down below 0");
  }

  bool try_wait() const noexcept { return gate_.is_open(); }
  void wait() const {
    internal::must_have_passed(gate_.wait(netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for a latch: use "
                               "wait(error_code&)");
  }
  // True: the count is 0.
  bool wait(error_code& ec) const { return wait_by(netpoll::never, ec); }
  bool wait_until(std::chrono::steady_clock::time_point time, error_code& ec) const {
    return wait_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) const {
    return wait_by(internal::deadline_in(duration), ec);
  }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_wait_until(const std::chrono::time_point<Clock, Duration>& time) const {
    error_code ec;
    return wait_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_wait_for(const std::chrono::duration<Rep, Period>& duration) const {
    error_code ec;
    return wait_by(internal::deadline_in(duration), ec);
  }

  void arrive_and_wait(std::ptrdiff_t update = 1) {
    count_down(update);
    wait();
  }
  bool arrive_and_wait(error_code& ec) {
    count_down();
    return wait(ec);
  }

 private:
  bool wait_by(netpoll::nanotime until, error_code& ec) const {
    return internal::report(gate_.wait(until, on_cancel::stop_waiting), ec);
  }

  mutable internal::gate gate_;
};

}  // namespace NET_NAMESPACE
