// SPDX-License-Identifier: BSL-1.0
//
// How many forks the process is away from the one that it was started as, for what must not be used
// by two processes at once: who made it notes the count, and compares.
//
// Any thread. What fork(2) does without the C library is not counted.
#pragma once

#include <atomic>

namespace netpoll {

namespace internal {
inline constinit std::atomic<int> forks{0};
}

// Begins counting the first time.
int fork_count() noexcept;

// The same for who knows that counting has begun. A signal handler may call it.
inline int known_fork_count() noexcept {
  return internal::forks.load(
      std::memory_order_relaxed);  // relaxed: a child begins with one thread
}

}  // namespace netpoll
