// SPDX-License-Identifier: BSL-1.0
//
// brief_lock guards a handful of words for a handful of instructions: a queue and a flag, not a
// wait, a system call or somebody else's code. Taking it costs one read-modify-write, freeing it a
// plain store, and nothing is ever asked of the kernel unless the thread that holds it was itself
// put aside.
//
//   const std::lock_guard lock(brief);
//
// Thread-safe. Whoever holds it must stay on his thread: a fiber frees it before it waits. When
// unlock() has made it free, unlock() does not touch it again, so that the next one to hold it may
// destroy it.
#pragma once

#include "netpoll/base/atomic.h"

namespace netpoll {

#if defined(NETPOLL_EXPLORE)

using brief_lock = mutex;  // one that the scheduler of the test knows to be waited for

#else

class brief_lock {
 public:
  constexpr brief_lock() noexcept = default;
  brief_lock(const brief_lock&) = delete;
  brief_lock& operator=(const brief_lock&) = delete;

  void lock() noexcept {
    if (is_held_.exchange(1, std::memory_order_acquire) != 0) [[unlikely]] {
      lock_contended();
    }
  }

  bool try_lock() noexcept { return is_held_.exchange(1, std::memory_order_acquire) == 0; }

  void unlock() noexcept { is_held_.store(0, std::memory_order_release); }

 private:
  void lock_contended() noexcept;

  // 0 -> 1  lock(), try_lock(); acquire, pairs with the release of the one before
  // 1 -> 0  unlock(); release
  atomic<unsigned> is_held_{0};
};

#endif

}  // namespace netpoll
