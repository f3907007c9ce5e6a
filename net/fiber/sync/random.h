// SPDX-License-Identifier: BSL-1.0
//
// Numbers that favour nobody, and are good for nothing else.
#pragma once

#include <cstddef>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// At least 0, less than `limit`. Thread-safe; costs a few nanoseconds.
std::size_t random_below(std::size_t limit) noexcept;

}  // namespace NET_NAMESPACE::internal
