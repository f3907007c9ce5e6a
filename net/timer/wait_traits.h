// SPDX-License-Identifier: BSL-1.0
//
// How long to wait, on the reactor's steady clock, until it is worth looking at another clock again.
// Specialise it, or give a timer traits of its own, for a clock that does not run as the steady one
// does: a timer looks at its clock after each such time.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Clock>
struct wait_traits {
  static typename Clock::duration to_wait_duration(const typename Clock::duration& left) {
    return left;
  }
  // Until `time`, clamped to what a duration can hold.
  static typename Clock::duration to_wait_duration(const typename Clock::time_point& time) {
    using time_point = typename Clock::time_point;
    const time_point now = Clock::now();
    const typename Clock::duration since_epoch = now.time_since_epoch();
    if (since_epoch < Clock::duration::zero() && time > (time_point::max)() + since_epoch) {
      return (Clock::duration::max)();
    }
    if (since_epoch > Clock::duration::zero() && time < (time_point::min)() + since_epoch) {
      return (Clock::duration::min)();
    }
    return time - now;
  }
};

}  // namespace NET_NAMESPACE
