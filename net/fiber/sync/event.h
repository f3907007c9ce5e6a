// SPDX-License-Identifier: BSL-1.0
//
// An event happens when it is set, and those who wait for it go on. A manual one stays set until it
// is reset, and lets everybody pass; an automatic one lets one pass for each time it is set, and is
// reset by that.
//
//   net::event ready;                                    // manual
//   net::event next(net::event_reset::automatic);
//
// Setting one that is set does nothing. Waiting follows the rules of net/fiber/sync/sync.h.
// Destroying it while somebody waits aborts; who has passed may destroy it.
#pragma once

#include <chrono>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

enum class event_reset : std::uint8_t { manual, automatic };

class event {
 public:
  explicit event(event_reset how = event_reset::manual, bool is_set = false) noexcept
      : how_(how), is_set_(is_set) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event();

  void set() noexcept;
  // True: it was set.
  bool reset() noexcept;
  // Old as soon as it is returned.
  bool is_set() const noexcept;

  // Passes if it is set.
  bool try_wait() noexcept;
  void wait() {
    internal::must_have_passed(wait_to_pass(netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for an event: use "
                               "wait(error_code&)");
  }
  // True: it was set.
  bool wait(error_code& ec) { return wait_by(netpoll::never, ec); }
  bool wait_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return wait_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return wait_by(internal::deadline_in(duration), ec);
  }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_wait_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return wait_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_wait_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return wait_by(internal::deadline_in(duration), ec);
  }

 private:
  class waiter;

  bool pass() noexcept;  // under line_
  wait_result wait_to_pass(netpoll::nanotime until, on_cancel how);
  bool wait_by(netpoll::nanotime until, error_code& ec) {
    return internal::report(wait_to_pass(until, on_cancel::stop_waiting), ec);
  }

  mutable internal::wait_line line_;
  const event_reset how_;
  bool is_set_;  // under line_
};

}  // namespace NET_NAMESPACE
