// SPDX-License-Identifier: BSL-1.0
//
// Sleeping in a fiber lets its thread run something else; on a plain thread it blocks the thread.
//
//   net::this_fiber::sleep_for(std::chrono::milliseconds(10));
//
// Returns not before the time has come, unless the fiber is cancelled: then with, or by throwing,
// error::operation_aborted.
#pragma once

#include <chrono>

#include "net/config.h"
#include "net/error.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {
namespace internal {

void sleep_until(netpoll::nanotime when, error_code& ec);
void sleep_until(netpoll::nanotime when);

}  // namespace internal

namespace this_fiber {

inline void sleep_until(std::chrono::steady_clock::time_point time, error_code& ec) {
  internal::sleep_until(netpoll::to_nanotime(time), ec);
}
inline void sleep_until(std::chrono::steady_clock::time_point time) {
  internal::sleep_until(netpoll::to_nanotime(time));
}
template <typename Rep, typename Period>
void sleep_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
  internal::sleep_until(
      netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(duration)), ec);
}
template <typename Rep, typename Period>
void sleep_for(const std::chrono::duration<Rep, Period>& duration) {
  internal::sleep_until(
      netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(duration)));
}

}  // namespace this_fiber
}  // namespace NET_NAMESPACE
