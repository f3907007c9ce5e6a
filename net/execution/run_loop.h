// SPDX-License-Identifier: BSL-1.0
//
// The run loop: one queue of operations, run in order by every thread that is inside one of the run
// functions. A thread that finds nothing to run waits for events; one thread at a time does so, the
// others sleep until there is work for them, so a wake-up wakes one thread.
//
// What events are, the loop does not know: it waits for them through event_source.
//
// The run functions may be called from several threads at once. All other members may be called
// from any thread at any time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/operation.h"
#include "netpoll/base/clock.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {
namespace internal {
class fiber_registry;
}

// What the loop waits on when it has nothing to run.
class event_source {
 public:
  // Sleeps until something is due, wake() is called or `until` has come, and posts what became due
  // to the loop. `until` in the past only looks.
  virtual void wait(netpoll::nanotime until) = 0;
  // Ends the wait under way, or the next one at once. From any thread.
  virtual void wake() noexcept = 0;
  // See netpoll::timer_queue. From any thread.
  virtual void add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who,
                         netpoll::nanotime when) = 0;
  virtual bool remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept = 0;

 protected:
  ~event_source() = default;
};

class run_loop {
 public:
  // `fibers` is kept for those who spawn on the loop; the loop itself does not know what a fiber
  // is.
  run_loop(execution_context& context, event_source& events,
           internal::fiber_registry& fibers) noexcept
      : context_(context), events_(events), fibers_(fibers) {}
  run_loop(const run_loop&) = delete;
  run_loop& operator=(const run_loop&) = delete;

  // Runs operations until the loop is stopped, which it is when no work is left. Each returns how
  // many handlers were run. An exception from a handler leaves them; they may be called again at
  // once.
  std::size_t run();
  std::size_t run_one();
  // Also return when `until` has come.
  std::size_t run_until(netpoll::nanotime until);
  std::size_t run_one_until(netpoll::nanotime until);
  // Run what is ready, and do not wait.
  std::size_t poll();
  std::size_t poll_one();

  // Makes all run functions return as soon as possible, and new ones at once, until restart().
  // Queued operations stay.
  void stop() noexcept;
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
  void restart() noexcept;

  // Work is what keeps the run functions from returning: see operation.h.
  void work_started() noexcept { work_.fetch_add(1, std::memory_order_relaxed); }
  void work_finished() noexcept;

  // Queues an operation that already counts as work.
  void post(operation& what) noexcept;
  // Queues a new one.
  void post_new(operation& what) noexcept {
    work_started();
    post(what);
  }

  // Has `who` resumed when the time comes; and takes it back, false when it is being resumed.
  void add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who,
                 netpoll::nanotime when) {
    events_.add_timer(which, who, when);
  }
  bool remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept {
    return events_.remove_timer(which, who);
  }

  // Destroys everything that is queued; for the end of a context. True if there was anything.
  bool destroy_queued() noexcept;

  // Whether the calling thread is inside a run function of this loop.
  bool runs_in_this_thread() const noexcept;
  // The loop whose run function the calling thread is in; the innermost, or null.
  static run_loop* current() noexcept;

  // From now on another event loop decides when this one's poll() is called: whatever there is to
  // do wakes the event source, also while no thread is in a run function.
  void embed() noexcept;

  execution_context& context() const noexcept { return context_; }
  internal::fiber_registry& fibers() const noexcept { return fibers_; }

 private:
  class worker;

  bool run_next(worker& self, netpoll::nanotime until);
  operation* take(worker& self, netpoll::nanotime until);
  bool wait_for_events(worker& self, std::unique_lock<std::mutex>& lock, netpoll::nanotime until);
  void wait_idle(worker& self, std::unique_lock<std::mutex>& lock, netpoll::nanotime until);
  void wake_one(std::unique_lock<std::mutex>& lock) noexcept;
  void leave_to_outer_loop(worker& self) noexcept;
  void tell_outer_loop() noexcept;
  template <typename Step>
  std::size_t run_while(bool many, Step until);

  execution_context& context_;
  event_source& events_;
  internal::fiber_registry& fibers_;
  // relaxed increments: whoever adds work has some himself, or is the one who starts the loop.
  std::atomic<std::size_t> work_{0};
  std::atomic<bool> stopped_{false};  // written under mutex_

  std::mutex mutex_;
  operation_queue queue_;                 // under mutex_
  worker* idle_ = nullptr;                // under mutex_
  bool is_polled_ = false;                // under mutex_: a thread is in events_.wait()
  std::atomic<bool> is_embedded_{false};  // written under mutex_
};

}  // namespace NET_NAMESPACE
