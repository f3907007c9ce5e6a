// SPDX-License-Identifier: BSL-1.0
//
// A lock that one thread, its owner, takes all the time and others hardly ever: the owner pays two
// plain stores and a load, the others an interrupt of all processors (see asymmetric_fence.h). For
// a thread's own queue of work, from which others steal when they have none.
//
// lock_own() and unlock_own() are for the owner, the others for anybody else. Not recursive. What
// is done under it must be short, since the others wait by giving up their processor.
#pragma once

#include <atomic>

#include "netpoll/base/asymmetric_fence.h"
#include "netpoll/base/atomic.h"

namespace netpoll {

class biased_lock {
 public:
  biased_lock() = default;
  biased_lock(const biased_lock&) = delete;
  biased_lock& operator=(const biased_lock&) = delete;

  void lock_own() noexcept {
    is_inside_.store(true, std::memory_order_relaxed);  // relaxed: the fence
    light_fence();
    // Acquires what another did under the lock.
    while (is_revoked_.load(std::memory_order_acquire)) [[unlikely]] {
        wait_for_others();
      }
  }
  void unlock_own() noexcept { is_inside_.store(false, std::memory_order_release); }

  // False: somebody else, not the owner, has it.
  bool try_lock_other() noexcept {
    if (!others_.try_lock()) {
      return false;
    }
    is_revoked_.store(true, std::memory_order_relaxed);  // relaxed: the fence
    heavy_fence();
    yield_while(is_inside_, true, std::memory_order_acquire);
    return true;
  }
  void unlock_other() noexcept {
    is_revoked_.store(false, std::memory_order_release);
    others_.unlock();
  }

 private:
  [[gnu::cold, gnu::noinline]] void wait_for_others() noexcept {
    is_inside_.store(false, std::memory_order_release);
    others_.lock();  // sleeps until they are gone
    is_inside_.store(true, std::memory_order_relaxed);
    light_fence();
    others_.unlock();
  }

  // Each side sets its own word, then reads the other's: at least one sees the other and stands
  // back, and that is always the owner, since the others wait for him to leave. Explored by
  // testing/interleave/biased_lock_interleave_test.cc.
  atomic<bool> is_inside_{false};   // written by the owner
  atomic<bool> is_revoked_{false};  // written under others_
  mutex others_;
};

}  // namespace netpoll
