// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>

#include "net/config.h"

namespace NET_NAMESPACE {

// Clears a deadline.
inline constexpr std::chrono::steady_clock::time_point no_deadline =
    std::chrono::steady_clock::time_point::max();

}  // namespace NET_NAMESPACE
