// SPDX-License-Identifier: BSL-1.0
//
// A mutex for fibers and threads alike, in the standard shape: a fiber that has to wait parks and
// lets its thread run something else. It may be held while the fiber waits for other things, and
// unlocked on another thread than the one it was locked on, as long as it is the same fiber.
//
//   net::mutex mutex;
//   const std::lock_guard lock(mutex);
//
// Waiting follows the rules of net/fiber/sync/sync.h: lock() waits, cancelled or not; the forms
// with an error_code end with error::operation_aborted or error::deadline_exceeded, and the mutex
// is not held then.
//
// Who is running may take a mutex that is free before one who was woken for it, which keeps a busy
// mutex busy; but one who was woken and tried in vain, or was passed over often, is handed it. So
// nobody waits for ever.
//
// Locking twice in the same fiber or thread, unlocking by one who does not hold it, and destroying
// while it is held abort. The mutex knows its owner by number: see owner(). One who unlocks it may
// destroy it as soon as he has got hold of it again, though another is only just leaving unlock().
#pragma once

#include <chrono>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/owner.h"
#include "net/fiber/wait.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/brief_lock.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"

namespace NET_NAMESPACE {

class mutex {
 public:
  constexpr mutex() noexcept = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex();

  void lock();
  // True: locked.
  bool lock(error_code& ec);
  bool lock_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return lock_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool lock_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return lock_by(internal::deadline_in(duration), ec);
  }

  // False also in the owner himself.
  bool try_lock() noexcept {
    const internal::owner_id me = internal::current_owner();
    return take(me) || take_watched(me);
  }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return lock_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return lock_by(internal::deadline_in(duration), ec);
  }

  void unlock() noexcept;

  // Who holds it: the number of the fiber; of a plain thread with internal::thread_owner set; 0 for
  // nobody. Old as soon as it is read, but in the owner.
  std::uint64_t owner() const noexcept {
    return word_.load(std::memory_order_relaxed) >> 1;  // relaxed: a number to look at
  }
  bool is_owned_by_caller() const noexcept { return owner() == internal::current_owner(); }

 private:
  class waiter;
  using word = std::uint64_t;

  // The owner shifted left, and `watch`: unlock() has to look after those who wait.
  //   0        -> me        lock(), try_lock(); acquire
  //   watch    -> me|watch  likewise, while one who was called has not tried yet
  //   0, watch -> me, me|watch  a waiter in commit(), or called, under lock_; acquire
  //   me       -> 0         unlock(); release
  //   me       -> me|watch  a waiter queues up, under lock_
  //   me|watch -> me        unlock(), under lock_: nobody waits any more; then as above
  //   me|watch -> watch     unlock(), under lock_: the first in line is, or was, called to try
  //                         himself; release
  //   me|watch -> him, him|watch  unlock(), under lock_: handed to one who was called and tried in
  //                         vain, or was passed over too often
  // While anybody is in line or called, `watch` is set.
  static constexpr word watch = 1;

  bool take(internal::owner_id me) noexcept {
    word expected = 0;
    return word_.compare_exchange_strong(expected, me << 1, std::memory_order_acquire);
  }
  bool lock_by(netpoll::nanotime until, error_code& ec) {
    const internal::owner_id me = internal::current_owner();
    return internal::report(
        take(me) ? wait_result::resumed : wait_to_lock(me, until, on_cancel::stop_waiting), ec);
  }
  bool take_watched(internal::owner_id me) noexcept;
  wait_result wait_to_lock(internal::owner_id me, netpoll::nanotime until, on_cancel how);
  void unlock_watched(internal::owner_id me) noexcept;
  waiter* call_first() noexcept;
  void hand_to(waiter& next) noexcept;

  // So often others may take a free mutex before one who was called for it gets it all the same.
  static constexpr unsigned most_passed_over = 32;

  netpoll::atomic<word> word_{0};
  netpoll::brief_lock lock_;
  // These are under lock_.
  unsigned passed_over_ = 0;    // how often, since he was called
  waiter* called_ = nullptr;    // was resumed to try for himself, and has not yet
  waiter* starving_ = nullptr;  // tried in vain; before all others
  netpoll::intrusive_list<waiter> waiters_;
};

// mutex has the timed functions too.
using timed_mutex = mutex;

inline void mutex::lock() {
  const internal::owner_id me = internal::current_owner();
  if (!take(me)) [[unlikely]] {
    internal::must_have_passed(wait_to_lock(me, netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for a mutex: use "
                               "lock(error_code&)");
  }
}

inline bool mutex::lock(error_code& ec) { return lock_by(netpoll::never, ec); }

inline void mutex::unlock() noexcept {
  const internal::owner_id me = internal::current_owner();
  word expected = me << 1;
  if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release)) [[unlikely]] {
    unlock_watched(me);
  }
}

}  // namespace NET_NAMESPACE
