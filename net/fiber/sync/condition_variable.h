// SPDX-License-Identifier: BSL-1.0
//
// A condition variable for fibers and threads alike, in the standard shape. It works with
// std::unique_lock<net::mutex> and with anything else that has lock() and unlock().
//
//   std::unique_lock lock(mutex);
//   changed.wait(lock, [&] { return is_ready; });
//
// Waiting follows the rules of net/fiber/sync/sync.h: wait(lock) and wait(lock, predicate) wait,
// cancelled or not; the forms with an error_code end with error::operation_aborted or
// error::deadline_exceeded; those that return whether the time has come, or the value of the
// predicate, return early when the fiber is cancelled. In all cases the lock is held again at the
// end, however long that takes. One exception: when a context is destroyed and a fiber of it is
// unwound out of the wait, the lock is held if nobody else held it, and otherwise not, so that it
// must be one that knows, as std::unique_lock does.
//
// Notified are those who came first. A notification is not lost to one whose time comes just then:
// he reports it. Notifying may be done with or without the lock held. The condition variable must
// not be destroyed while somebody waits.
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <stop_token>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/wait.h"
#include "netpoll/base/brief_lock.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

using std::cv_status;

class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;
  ~condition_variable();

  void notify_one() noexcept;
  void notify_all() noexcept;

  // Without a predicate a wait may end for no reason.
  template <typename Lock>
  void wait(Lock& lock) {
    (void)wait_once(lock, netpoll::never, on_cancel::ignore);
  }
  template <typename Lock, std::predicate Predicate>
  void wait(Lock& lock, Predicate predicate) {
    internal::must_have_passed(
        wait_while_not(lock, netpoll::never, on_cancel::ignore, predicate),
        "a fiber that is being unwound cannot wait for a condition variable");
  }

  // True: notified, or the predicate holds.
  template <typename Lock>
  bool wait(Lock& lock, error_code& ec) {
    return internal::report(wait_once(lock, netpoll::never, on_cancel::stop_waiting), ec);
  }
  template <typename Lock, std::predicate Predicate>
  bool wait(Lock& lock, Predicate predicate, error_code& ec) {
    return internal::report(
        wait_while_not(lock, netpoll::never, on_cancel::stop_waiting, predicate), ec);
  }
  template <typename Lock>
  bool wait_until(Lock& lock, std::chrono::steady_clock::time_point time, error_code& ec) {
    return internal::report(
        wait_once(lock, netpoll::to_nanotime(time), on_cancel::stop_waiting), ec);
  }
  template <typename Lock, std::predicate Predicate>
  bool wait_until(Lock& lock, std::chrono::steady_clock::time_point time, Predicate predicate,
                  error_code& ec) {
    return internal::report(
        wait_while_not(lock, netpoll::to_nanotime(time), on_cancel::stop_waiting, predicate), ec);
  }
  template <typename Lock, typename Rep, typename Period>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return internal::report(
        wait_once(lock, internal::deadline_in(duration), on_cancel::stop_waiting), ec);
  }
  template <typename Lock, typename Rep, typename Period, std::predicate Predicate>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration,
                Predicate predicate, error_code& ec) {
    return internal::report(wait_while_not(lock, internal::deadline_in(duration),
                                           on_cancel::stop_waiting, predicate),
                            ec);
  }

  template <typename Lock, typename Clock, typename Duration>
  cv_status wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time) {
    return status(wait_once(lock, internal::deadline_at(time), on_cancel::stop_waiting));
  }
  template <typename Lock, typename Rep, typename Period>
  cv_status wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration) {
    return status(wait_once(lock, internal::deadline_in(duration), on_cancel::stop_waiting));
  }
  template <typename Lock, typename Clock, typename Duration, std::predicate Predicate>
  bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time,
                  Predicate predicate) {
    return is_met(wait_while_not(lock, internal::deadline_at(time), on_cancel::stop_waiting,
                                 predicate));
  }
  template <typename Lock, typename Rep, typename Period, std::predicate Predicate>
  bool wait_for(Lock& lock, const std::chrono::duration<Rep, Period>& duration,
                Predicate predicate) {
    return is_met(wait_while_not(lock, internal::deadline_in(duration), on_cancel::stop_waiting,
                                 predicate));
  }

  // Also end when a stop is requested. Return the value of the predicate.
  template <typename Lock, std::predicate Predicate>
  bool wait(Lock& lock, std::stop_token stop, Predicate predicate) {
    return is_met(
        wait_while_not(lock, netpoll::never, on_cancel::stop_waiting, predicate, &stop));
  }
  template <typename Lock, typename Clock, typename Duration, std::predicate Predicate>
  bool wait_until(Lock& lock, std::stop_token stop,
                  const std::chrono::time_point<Clock, Duration>& time, Predicate predicate) {
    return is_met(wait_while_not(lock, internal::deadline_at(time), on_cancel::stop_waiting,
                                 predicate, &stop));
  }
  template <typename Lock, typename Rep, typename Period, std::predicate Predicate>
  bool wait_for(Lock& lock, std::stop_token stop,
                const std::chrono::duration<Rep, Period>& duration, Predicate predicate) {
    return is_met(wait_while_not(lock, internal::deadline_in(duration), on_cancel::stop_waiting,
                                 predicate, &stop));
  }

 private:
  // One who waits, from before he gives up his lock. He is in the queue at once, so that he misses
  // no notification, and can be resumed from commit() on.
  class waiter final : public netpoll::waiter, public netpoll::intrusive_list_node<waiter> {
   public:
    explicit waiter(condition_variable& what) noexcept;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter();

    wait_result wait(netpoll::nanotime until, on_cancel how);
    // Ends the wait from another thread, without a notification. It must not be over.
    void stop() noexcept;

    bool commit() noexcept override;
    bool withdraw() noexcept override;
    void describe(netpoll::description& into) const noexcept override;

   private:
    friend class condition_variable;

    condition_variable& variable_;
    bool is_queued_ = true;      // under lock_
    bool is_committed_ = false;  // under lock_
    bool is_notified_ = false;   // under lock_ while queued: and nobody knows yet
  };

  template <typename Lock>
  wait_result wait_once(Lock& lock, netpoll::nanotime until, on_cancel how,
                        const std::stop_token* stop = nullptr);

  // `resumed`: the predicate holds. It is asked once more when the wait was ended otherwise.
  template <typename Lock, typename Predicate>
  wait_result wait_while_not(Lock& lock, netpoll::nanotime until, on_cancel how,
                             Predicate& predicate, const std::stop_token* stop = nullptr) {
    wait_result result = wait_result::resumed;
    while (!predicate()) {
      if (stop != nullptr && stop->stop_requested()) {
        return wait_result::cancelled;
      }
      if (result != wait_result::resumed) {
        return result;
      }
      result = wait_once(lock, until, how, stop);
    }
    return wait_result::resumed;
  }

  static cv_status status(wait_result result) noexcept {
    return result == wait_result::resumed ? cv_status::no_timeout : cv_status::timeout;
  }
  static bool is_met(wait_result result) noexcept { return result == wait_result::resumed; }

  void notify(bool all) noexcept;

  netpoll::brief_lock lock_;
  netpoll::intrusive_list<waiter> waiters_;  // under lock_
};

// It takes any lock.
using condition_variable_any = condition_variable;

// -------------------------------------------------------------------------------------------------

template <typename Lock>
wait_result condition_variable::wait_once(Lock& lock, netpoll::nanotime until, on_cancel how,
                                          const std::stop_token* stop) {
  waiter self(*this);
  lock.unlock();
  wait_result result = wait_result::resumed;
  try {
    if (stop == nullptr) {
      result = self.wait(until, how);
    } else {
      // Tells of a stop requested before this too.
      const std::stop_callback tell(*stop, [&self]() noexcept { self.stop(); });
      result = self.wait(until, how);
    }
  } catch (...) {
    // The fiber is unwound and cannot wait for the lock.
    if constexpr (requires { lock.try_lock(); }) {
      (void)lock.try_lock();
    }
    throw;
  }
  lock.lock();
  return result;
}

}  // namespace NET_NAMESPACE
