// SPDX-License-Identifier: BSL-1.0
//
// What the waits of this folder have in common: how their deadlines are given, and how they report
// the way a wait ended.
#pragma once

#include <chrono>
#include <type_traits>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE::internal {

template <typename Rep, typename Period>
netpoll::nanotime deadline_in(const std::chrono::duration<Rep, Period>& duration) noexcept {
  return netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(duration));
}

// A time of a clock other than the steady one is converted once: if that clock is set later, the
// deadline stays where it was.
template <typename Clock, typename Duration>
netpoll::nanotime deadline_at(const std::chrono::time_point<Clock, Duration>& time) noexcept {
  if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
    return netpoll::to_nanoseconds(time.time_since_epoch());
  } else {
    return deadline_in(time - Clock::now());
  }
}

// Whether the wait brought what was waited for; if not, `ec` says what came instead.
inline bool report(wait_result result, error_code& ec) noexcept {
  switch (result) {
    case wait_result::resumed: ec.clear(); return true;
    case wait_result::deadline: ec = error::deadline_exceeded; return false;
    case wait_result::cancelled: ec = error::operation_aborted; return false;
  }
  return false;
}

// For a wait that neither a deadline nor a cancellation ends, in a function that cannot say that it
// failed: a destructor that waits, in a fiber that is unwound at the end of its context.
inline void must_have_passed(wait_result result, const char* what) noexcept {
  netpoll::check(result == wait_result::resumed, what);
}

}  // namespace NET_NAMESPACE::internal
