// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/brief_lock.h"

#include <chrono>
#include <thread>

#if !defined(NETPOLL_EXPLORE)

namespace netpoll {
namespace {

// Tells the CPU that this is a loop that waits.
void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace

// The holder is a few instructions from the end, unless he was put aside: then he needs a CPU,
// maybe this one, and if he is of a lower priority he gets it only while this thread sleeps.
void brief_lock::lock_contended() noexcept {
  constexpr unsigned spins = 64;
  constexpr unsigned yields = 64;
  for (unsigned round = 0;; ++round) {
    if (round < spins) {
      relax();
    } else if (round < spins + yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    // relaxed: only looks whether it is worth trying, without taking the cache line from the
    // holder.
    if (is_held_.load(std::memory_order_relaxed) == 0 && try_lock()) {
      return;
    }
  }
}

}  // namespace netpoll

#endif
