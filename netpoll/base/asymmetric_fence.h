// SPDX-License-Identifier: BSL-1.0
//
// A memory fence between one who does something very often and one who does something hardly ever.
// Both write one word and then read the other's; at least one of them must see what the other
// wrote.
// Usually each pays for a full fence between its write and its read. Here the frequent one pays
// nothing and the rare one has the kernel interrupt all processors the process runs on
// (membarrier(2)), which costs about a microsecond.
//
//   often:   mine.store(…, std::memory_order_relaxed);
//            netpoll::light_fence();
//            if (theirs.load(std::memory_order_relaxed)) …
//   rarely:  theirs.store(…, std::memory_order_relaxed);
//            netpoll::heavy_fence();
//            if (mine.load(std::memory_order_relaxed)) …
//
// A light fence orders only against heavy ones. Where the kernel has no membarrier(2), both are
// full fences. Thread-safe. With NETPOLL_EXPLORE (see atomic.h) there is nothing to order.
#pragma once

#include <atomic>

namespace netpoll {

#if defined(NETPOLL_EXPLORE)

inline void light_fence() noexcept {}
inline void heavy_fence() noexcept {}

#else

namespace internal {

// Whether heavy_fence() reaches those who only made a light one. Settled before main().
extern const bool has_membarrier;

inline void full_fence() noexcept {
#if defined(__x86_64__)
  asm volatile("lock; orq $0, (%%rsp)" ::: "memory", "cc");
#else
  asm volatile("dmb ish" ::: "memory");
#endif
}

}  // namespace internal

inline void light_fence() noexcept {
  if (internal::has_membarrier) [[likely]] {
    asm volatile("" ::: "memory");
  } else {
    internal::full_fence();
  }
}

void heavy_fence() noexcept;

#endif

}  // namespace netpoll
