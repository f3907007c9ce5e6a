// SPDX-License-Identifier: BSL-1.0
//
// A mutex that the fiber or thread that holds it may lock again; it is free when it has been
// unlocked as often. Otherwise it is as net::mutex.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/mutex.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {

class recursive_mutex {
 public:
  constexpr recursive_mutex() noexcept = default;

  void lock() {
    if (!lock_again()) {
      mutex_.lock();
    }
  }
  // True: locked.
  bool lock(error_code& ec) {
    ec.clear();
    return lock_again() || mutex_.lock(ec);
  }
  bool lock_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    ec.clear();
    return lock_again() || mutex_.lock_until(time, ec);
  }
  template <typename Rep, typename Period>
  bool lock_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    ec.clear();
    return lock_again() || mutex_.lock_for(duration, ec);
  }

  bool try_lock() noexcept { return lock_again() || mutex_.try_lock(); }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return lock_again() || mutex_.try_lock_until(time);
  }
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    return lock_again() || mutex_.try_lock_for(duration);
  }

  void unlock() noexcept {
    netpoll::check(mutex_.is_owned_by_caller(),
                   "a recursive mutex was unlocked by a fiber or thread that does not hold it");
    if (again_ != 0) {
      --again_;
    } else {
      mutex_.unlock();
    }
  }

  // As of net::mutex.
  std::uint64_t owner() const noexcept { return mutex_.owner(); }

 private:
  bool lock_again() noexcept {
    if (!mutex_.is_owned_by_caller()) {
      return false;
    }
    ++again_;
    return true;
  }

  mutex mutex_;
  std::size_t again_ = 0;  // how often beside the first; for the owner
};

// recursive_mutex has the timed functions too.
using recursive_timed_mutex = recursive_mutex;

}  // namespace NET_NAMESPACE
