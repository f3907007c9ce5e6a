// SPDX-License-Identifier: BSL-1.0
//
// <asio/detail/atomic_count.hpp>: a number that several threads count. Programs use it although it never
// was promised to them.
//
//   asio::detail::atomic_count calls(0);
//   ++calls;
#pragma once

#include <atomic>

#include "net/config.h"

namespace NET_NAMESPACE::detail {

using atomic_count = std::atomic<long>;

}  // namespace NET_NAMESPACE::detail
