// SPDX-License-Identifier: BSL-1.0
//
// Who looks at the locks of a thread while fibers take turns on it: nobody, unless a program is
// linked with //net/fiber:held_lock_detection. See held_locks.h.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

class fiber_state;

struct lock_watch {
  enum class step : std::uint8_t { waits, yields, ends };

  // A thread begins to run fibers: what it holds by now is not theirs. What this returns end() is
  // told when it is over.
  unsigned (*begin)() noexcept;
  void (*end)(unsigned before) noexcept;

  // A fiber is about to leave its stack, on which this is called.
  void (*leaving)(fiber_state& fiber, step why) noexcept;

  // Set before main(), if at all.
  static std::atomic<const lock_watch*> installed;
  static const lock_watch* get() noexcept {
    return installed.load(std::memory_order_relaxed);  // relaxed: no other thread is there yet
  }
};

}  // namespace NET_NAMESPACE::internal
