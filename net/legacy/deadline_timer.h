// SPDX-License-Identifier: BSL-1.0
//
// deadline_timer, which counted by the wall clock in the types of Boost.Date_Time, in those of
// std::chrono; see net/legacy.h.
//
//   net::deadline_timer timer(io_service, std::chrono::seconds(5));
//   timer.expires_at(net::deadline_timer::traits_type::now() + std::chrono::hours(1));
#pragma once

#include <chrono>

#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/wait_traits.h"

namespace NET_NAMESPACE {

// As Asio's time_traits for a clock of Boost.Date_Time.
struct deadline_timer_traits : wait_traits<std::chrono::system_clock> {
  using time_type = std::chrono::system_clock::time_point;
  using duration_type = std::chrono::system_clock::duration;

  static time_type now() { return std::chrono::system_clock::now(); }
  static time_type add(const time_type& time, const duration_type& more) { return time + more; }
  static duration_type subtract(const time_type& left, const time_type& right) {
    return left - right;
  }
  static bool less_than(const time_type& left, const time_type& right) { return left < right; }
};

class [[deprecated("use steady_timer or system_timer")]] deadline_timer
    : public basic_waitable_timer<std::chrono::system_clock, deadline_timer_traits> {
 public:
  using time_type = time_point;
  using duration_type = duration;

  using basic_waitable_timer<std::chrono::system_clock,
                             deadline_timer_traits>::basic_waitable_timer;
};

}  // namespace NET_NAMESPACE
