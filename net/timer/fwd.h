// SPDX-License-Identifier: BSL-1.0
//
// The names of timers, for who only mentions them. Default arguments stand here and nowhere else.
#pragma once

#include <chrono>

#include "net/config.h"

namespace NET_NAMESPACE {

class any_io_executor;
template <typename Clock>
struct wait_traits;
template <typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class basic_waitable_timer;

using steady_timer = basic_waitable_timer<std::chrono::steady_clock>;
using system_timer = basic_waitable_timer<std::chrono::system_clock>;
using high_resolution_timer = basic_waitable_timer<std::chrono::high_resolution_clock>;

}  // namespace NET_NAMESPACE
