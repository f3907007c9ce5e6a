// SPDX-License-Identifier: BSL-1.0
//
// A mutex that either one may hold alone, or many together, for fibers and threads alike, in the
// standard shape: for std::unique_lock and std::shared_lock.
//
//   net::shared_mutex mutex;
//   const std::shared_lock lock(mutex);      // to read
//
// Waiting follows the rules of net/fiber/sync/sync.h. Those who wait are let in in the order in
// which they came, neighbours who share together; and who comes while somebody waits queues up. So
// neither kind can keep out the other. Therefore one who shares it must not lock it again: another
// may have begun to wait in between, and then both wait for ever.
//
// Unlocking what is not held so, locking what one holds alone, and destroying it while it is held
// abort. Who unlocks may leave the destruction to the next to hold it alone.
#pragma once

#include <chrono>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/owner.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

class shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;
  ~shared_mutex();

  void lock();
  // True: locked.
  bool lock(error_code& ec) { return lock_by(netpoll::never, ec); }
  bool lock_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return lock_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool lock_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return lock_by(internal::deadline_in(duration), ec);
  }
  bool try_lock() noexcept;
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

  // The same, to share it.
  void lock_shared();
  bool lock_shared(error_code& ec) { return lock_shared_by(netpoll::never, ec); }
  bool lock_shared_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return lock_shared_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool lock_shared_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return lock_shared_by(internal::deadline_in(duration), ec);
  }
  bool try_lock_shared() noexcept;
  template <typename Clock, typename Duration>
  bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return lock_shared_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return lock_shared_by(internal::deadline_in(duration), ec);
  }
  void unlock_shared() noexcept;

 private:
  class waiter;
  class exclusive_waiter;
  class shared_waiter;
  using word = std::uint64_t;

  // How many share it, times `sharer`, or `exclusive`; and `queued`: all changes are made under
  // line_.
  //   0            -> exclusive         lock(), try_lock(); acquire
  //   exclusive    -> 0                 unlock(); release
  //   n            -> n + sharer        lock_shared(), try_lock_shared(); acquire
  //   n            -> n - sharer        unlock_shared(); release
  //   x            -> x|queued          one begins to wait
  //   x|queued     -> y|queued, y       the last or only holder leaves, and lets in who is first
  //   x|queued     -> x                 a holder leaves, or a sharer comes, and nobody waits now
  // While somebody waits it is held, so it becomes free only by the steps without `queued`, after
  // which whoever made them does not touch it any more. Each step is a read-modify-write: who holds
  // it alone acquires what all who shared it before have released.
  static constexpr word queued = 1;
  static constexpr word exclusive = 2;
  static constexpr word sharer = 4;

  bool lock_by(netpoll::nanotime until, error_code& ec) {
    return internal::report(wait_to_lock(until, on_cancel::stop_waiting), ec);
  }
  bool lock_shared_by(netpoll::nanotime until, error_code& ec) {
    return internal::report(wait_to_share(until, on_cancel::stop_waiting), ec);
  }
  wait_result wait_to_lock(netpoll::nanotime until, on_cancel how);
  wait_result wait_to_share(netpoll::nanotime until, on_cancel how);
  void leave(word share) noexcept;
  void let_in(internal::wait_line::admitted& through) noexcept;  // under line_

  netpoll::atomic<word> word_{0};
  netpoll::atomic<internal::owner_id> owner_{0};  // who holds it alone; written by him
  internal::wait_line line_;
};

// shared_mutex has the timed functions too.
using shared_timed_mutex = shared_mutex;

}  // namespace NET_NAMESPACE
