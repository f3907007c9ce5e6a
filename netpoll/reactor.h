// SPDX-License-Identifier: BSL-1.0
//
// A reactor is one epoll set, one timer queue and the wake-up that ends its wait. It resumes the
// waiters of descriptors that became ready and of times that came; what a waiter is, it does not
// know.
//
//   netpoll::reactor r;
//   if (int error = r.open()) …
//   r.wait(netpoll::never);          // resumes whoever is due, then returns
//
// A child process after fork() may destroy what it inherited, which leaves the parent's reactor
// alone; to wait it calls reopen() first.
//
// wait() may be called by any thread, by one at a time. Everything else may be called from any
// thread at any time. No member throws but for lack of memory.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/poll_descriptor.h"
#include "netpoll/timer_queue.h"
#include "netpoll/wakeup.h"

namespace netpoll {

class reactor final : private clock::observer {
 public:
  reactor() = default;
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  // Creates the epoll set. Returns an errno value; once it was 0 the reactor can be used.
  int open() noexcept;

  // In the child of a fork: makes the epoll set anew, and all else that the parent uses too, with
  // the descriptors that were in it. Who waits goes on waiting, here and in the parent. Returns an
  // errno value; until it was 0 the reactor must not be waited on. For the only thread that uses
  // the reactor.
  int reopen() noexcept;

  // Sleeps until something is due, wake() was called or `until` has come (`never`: no limit; any
  // time past: just look), then resumes all waiters that are due. May return early with nothing
  // resumed.
  void wait(nanotime until) noexcept;

  // Ends the wait under way, or the next one at once.
  void wake() noexcept { wakeup_.notify(); }

  timer_queue& timers() noexcept { return timers_; }
  const timer_queue& timers() const noexcept { return timers_; }

  // As in timer_queue, and shortens a wait under way that would be too long.
  void arm(timer_queue::entry& which, nanotime when, std::uint32_t sequence);
  void add_waiter(timer_queue::entry& which, waiter& who, nanotime when);

  // Whether `number` is one of the reactor's own descriptors, which nobody else may close.
  bool is_own(int number) const noexcept {
    return number >= 0 &&
           (number == epoll_.get() || number == wakeup_.number() || number == timer_fd_.get());
  }

  // A descriptor that is readable whenever wait() would find something to do: an event, a timer
  // that is due, a wake(). Poll it from another event loop, level-triggered, and call wait(0) when
  // it is readable. The first call costs a timerfd, and from then on every wait() an eventfd write
  // or two: wakes go through the kernel also while nobody sleeps here. It belongs to the reactor.
  // Returns an errno value in `error` when the timerfd cannot be had; call it before other threads
  // use the reactor.
  int native_handle(int& error) noexcept;

  // Whether the process is a child of the one that opened the reactor.
  bool is_of_another_process() const noexcept;

  // Closes all descriptors that are still open and cancels all timers, resuming their waiters.
  void shut_down() noexcept;

 private:
  friend class poll_descriptor;

  void time_moved() noexcept override { wakeup_.notify(); }

  // For poll_descriptor: EPOLL_CTL_ADD or EPOLL_CTL_MOD, under its tag and as its trigger says. Returns
  // an errno value.
  int control(int operation, poll_descriptor& which, std::uint32_t events) noexcept;
  void remove(poll_descriptor& which) noexcept;
  // The descriptors that are open, so that shut_down() finds them.
  void enlist(poll_descriptor& which) noexcept;
  void delist(poll_descriptor& which) noexcept;

  int open_timer(int epoll) noexcept;
  void register_all_again() noexcept;
  std::int64_t time_to_wait(nanotime until) const noexcept;
  void dispatch(const ::epoll_event* events, long count) noexcept;
  void hand_over_to_outer_loop() noexcept;

  unique_fd epoll_;
  int forks_ = 0;  // which process made it
  wakeup wakeup_;
  unique_fd timer_fd_;              // open when the reactor is polled by another loop
  nanotime timer_fd_time_ = never;  // what timer_fd_ is armed for; the waiting thread's
  timer_queue timers_;
  mutex open_mutex_;
  intrusive_list<poll_descriptor> open_;  // under open_mutex_
};

}  // namespace netpoll
