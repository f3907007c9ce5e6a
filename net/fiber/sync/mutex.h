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
// Who is running may take a mutex that is free before those who were woken for it, which keeps a
// busy mutex busy; but one who was woken in vain is handed the mutex next. So nobody waits for
// ever.
//
// Locking twice in the same fiber or thread, unlocking by one who does not hold it, and destroying
// while it is held abort. The mutex knows its owner by number: see owner(). One who unlocks it may
// destroy it as soon as he has got hold of it again, though another is only just leaving unlock().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/owner.h"
#include "net/fiber/wait.h"
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
  bool try_lock() noexcept { return take(internal::current_owner()); }
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

  // The owner shifted left, and `wake`: unlock() has to look after those who wait. 0: free.
  //   0       -> me        lock(), try_lock(), or a waiter in commit() or called; acquire
  //   me      -> 0         unlock(); release
  //   me      -> me|wake   a waiter queues up, under lock_
  //   me|wake -> me        unlock(), under lock_: nobody is to be woken; then as above
  //   me|wake -> 0         unlock(), under lock_: the first in the line is called, to try himself
  //   me|wake -> him, him|wake  unlock(), under lock_: handed to one who was called in vain before
  // While is_called_, nobody else is called, and `wake` need not be set for those in the line: he
  // who was called sets it, or hands the call on, when he has made his try.
  static constexpr word wake = 1;

  bool take(internal::owner_id me) noexcept {
    word expected = 0;
    return word_.compare_exchange_strong(expected, me << 1, std::memory_order_acquire,
                                         std::memory_order_relaxed);  // relaxed: not taken
  }
  bool lock_by(netpoll::nanotime until, error_code& ec) {
    const internal::owner_id me = internal::current_owner();
    return internal::report(take(me) ? wait_result::resumed
                                     : wait_to_lock(me, until, on_cancel::stop_waiting),
                            ec);
  }
  wait_result wait_to_lock(internal::owner_id me, netpoll::nanotime until, on_cancel how);
  void unlock_contended(internal::owner_id me) noexcept;

  std::atomic<word> word_{0};
  netpoll::brief_lock lock_;
  // These are under lock_.
  bool is_called_ = false;      // somebody was called and has not tried yet
  waiter* starving_ = nullptr;  // was called in vain; before all others
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
  if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                     std::memory_order_relaxed)) [[unlikely]] {
    unlock_contended(me);
  }
}

}  // namespace NET_NAMESPACE
