// SPDX-License-Identifier: BSL-1.0
//
// How a signal is to be caught: what signal_set::add() may be told.
#pragma once

#include <signal.h>

#include "net/config.h"

namespace NET_NAMESPACE {

class signal_set_base {
 public:
  enum class flags : int {
    none = 0,
    restart = SA_RESTART,  // calls that the signal interrupts go on
    no_child_stop = SA_NOCLDSTOP,
    no_child_wait = SA_NOCLDWAIT,
    dont_care = -1,  // as whoever else adds the signal wants it
  };
  using flags_t = flags;

 protected:
  ~signal_set_base() = default;
};

constexpr bool operator!(signal_set_base::flags_t x) noexcept { return static_cast<int>(x) == 0; }
constexpr signal_set_base::flags_t operator~(signal_set_base::flags_t x) noexcept {
  return static_cast<signal_set_base::flags_t>(~static_cast<int>(x));
}
constexpr signal_set_base::flags_t operator&(signal_set_base::flags_t x,
                                             signal_set_base::flags_t y) noexcept {
  return static_cast<signal_set_base::flags_t>(static_cast<int>(x) & static_cast<int>(y));
}
constexpr signal_set_base::flags_t operator|(signal_set_base::flags_t x,
                                             signal_set_base::flags_t y) noexcept {
  return static_cast<signal_set_base::flags_t>(static_cast<int>(x) | static_cast<int>(y));
}
constexpr signal_set_base::flags_t operator^(signal_set_base::flags_t x,
                                             signal_set_base::flags_t y) noexcept {
  return static_cast<signal_set_base::flags_t>(static_cast<int>(x) ^ static_cast<int>(y));
}
constexpr signal_set_base::flags_t& operator&=(signal_set_base::flags_t& x,
                                               signal_set_base::flags_t y) noexcept {
  return x = x & y;
}
constexpr signal_set_base::flags_t& operator|=(signal_set_base::flags_t& x,
                                               signal_set_base::flags_t y) noexcept {
  return x = x | y;
}
constexpr signal_set_base::flags_t& operator^=(signal_set_base::flags_t& x,
                                               signal_set_base::flags_t y) noexcept {
  return x = x ^ y;
}

}  // namespace NET_NAMESPACE
