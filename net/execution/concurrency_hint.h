// SPDX-License-Identifier: BSL-1.0
//
// What a program may say about how many threads will run a context: a number, or one of these,
// which also say what they will not do at the same time.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// In the upper half of a hint that is none of the numbers.
inline constexpr unsigned special_hint = 0xA5100000u;
inline constexpr unsigned special_hint_mask = 0xFFFF0000u;
// What has to be locked.
inline constexpr unsigned lock_scheduler = 1;
inline constexpr unsigned lock_registration = 2;
inline constexpr unsigned lock_io = 4;

inline constexpr int hint_unsafe = static_cast<int>(special_hint);
inline constexpr int hint_unsafe_io =
    static_cast<int>(special_hint | lock_scheduler | lock_registration);
inline constexpr int hint_safe =
    static_cast<int>(special_hint | lock_scheduler | lock_registration | lock_io);
inline constexpr int hint_default = -1;

constexpr bool is_special_hint(int hint) noexcept {
  return (static_cast<unsigned>(hint) & special_hint_mask) == special_hint;
}
// Whether, under this hint, `what` has to be locked.
constexpr bool hint_locks(int hint, unsigned what) noexcept {
  return !is_special_hint(hint) || (static_cast<unsigned>(hint) & what) != 0;
}

}  // namespace NET_NAMESPACE::internal
