// SPDX-License-Identifier: BSL-1.0
//
// Times of a timer's clock, and when the reactor has to look at them.
#pragma once

#include <chrono>
#include <type_traits>

#include "net/config.h"
#include "net/timer/wait_traits.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE::internal {

template <typename Clock, typename WaitTraits>
struct timer_time {
  using duration = typename Clock::duration;
  using time_point = typename Clock::time_point;

  // The reactor's own clock needs no second look.
  static constexpr bool is_steady =
      std::is_same_v<Clock, std::chrono::steady_clock> &&
      std::is_same_v<WaitTraits, wait_traits<std::chrono::steady_clock>>;

  static time_point now() {
    if constexpr (std::is_same_v<Clock, std::chrono::steady_clock>) {
      return netpoll::to_steady_time(netpoll::clock::now());
    } else {
      return Clock::now();
    }
  }

  // Clamped to what the clock can say.
  static time_point now_plus(const duration& from_now) {
    const time_point at = now();
    if (from_now > duration::zero()) {
      return at > (time_point::max)() - from_now ? (time_point::max)() : at + from_now;
    }
    return at < (time_point::min)() - from_now ? (time_point::min)() : at + from_now;
  }

  // When to look whether `expiry` has come. A clock that may be set is looked at once a minute.
  static netpoll::nanotime next_look(const time_point& expiry) {
    if constexpr (is_steady) {
      return netpoll::to_nanotime(expiry);
    } else {
      constexpr netpoll::nanotime longest_ns = 60'000'000'000;
      const netpoll::nanotime left = netpoll::to_nanoseconds(WaitTraits::to_wait_duration(expiry));
      return netpoll::add_saturated(netpoll::clock::now(), left < longest_ns ? left : longest_ns);
    }
  }

  static bool has_come(const time_point& expiry) {
    if constexpr (is_steady) {
      return true;  // or the reactor would not say so
    } else {
      return Clock::now() >= expiry;
    }
  }
};

}  // namespace NET_NAMESPACE::internal
