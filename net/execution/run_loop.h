// SPDX-License-Identifier: BSL-1.0
//
// The run loop runs operations, in every thread that is inside one of its run functions: those are
// its workers. Each has a queue of its own, for what it posts itself; what other threads post goes
// to a shared queue. A worker that has nothing to run takes its share of the shared queue, then
// steals half of another worker's, then waits for events: one thread at a time does so, the others
// sleep until there is work for them, so a wake-up wakes one thread. Nobody spins.
//
// With one worker operations run in the order in which they were posted. With several, each runs
// its own in order.
//
// What events are, the loop does not know: it waits for them through event_source.
//
// The run functions may be called from several threads at once. All other members may be called
// from any thread at any time.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/inbox.h"
#include "net/execution/operation.h"
#include "net/execution/worker.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {
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
  // When the first timer is due; netpoll::never if there is none.
  virtual netpoll::nanotime next_timer() const noexcept = 0;

 protected:
  ~event_source() = default;
};

class run_loop {
 public:
  run_loop(execution_context& context, event_source& events) noexcept
      : context_(context), events_(events) {}
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
  void work_started() noexcept { work_started(internal::worker::of(*this)); }
  void work_finished() noexcept { work_finished(internal::worker::of(*this)); }

  // Queues an operation that already counts as work.
  void post(operation& what) noexcept { post(what, internal::worker::of(*this)); }
  // Queues a new one.
  void post_new(operation& what) noexcept {
    internal::worker* const self = internal::worker::of(*this);
    work_started(self);
    post(what, self);
  }

  // The same for who knows the calling thread's worker of this loop: null if it has none.
  void work_started(internal::worker* self) noexcept {
    if (self == nullptr || !self->use_credit()) {
      // relaxed: whoever adds work has some himself, or is the one who starts the loop.
      work_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void work_finished(internal::worker* self) noexcept {
    if (self != nullptr) {
      self->add_credit();
    } else {
      finish_work(1);
    }
  }
  void post(operation& what, internal::worker* self) noexcept {
    if (self == nullptr) {
      post_shared(what);
      return;
    }
    self->push(what);
    if (!self->is_polling) {
      call_for_help();
    }
  }

  // The calling worker's next operation, to be run in its turn, if it is one that `what` runs; null
  // if it is another one, or the worker should go back to its run function first.
  operation* next_if(internal::worker& self, operation::function what) noexcept {
    if (!self.runs_many || stopped()) {
      return nullptr;
    }
    operation* const next = self.pop_if(what);
    if (next != nullptr && self.size() != 0) {
      call_for_help();
    }
    return next;
  }

  // What only the calling thread may run goes through its binding, also while the thread is in no
  // run function: then it waits until the thread is in one again.
  internal::thread_binding& bind_to_this_thread();
  void post(operation& what, internal::thread_binding& to) noexcept;

  // Has `who` resumed when the time comes; and takes it back, false when it is being resumed.
  void add_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who, netpoll::nanotime when) {
    events_.add_timer(which, who, when);
  }
  bool remove_timer(netpoll::timer_queue::entry& which, netpoll::waiter& who) noexcept {
    return events_.remove_timer(which, who);
  }

  // Has check(*this) called, on the last worker that is about to sleep, when all workers would
  // sleep, and wait for nothing but each other's fibers: no timer is armed, and there is no more
  // work than there are fibers. Null: no check.
  void set_idle_check(void (*check)(run_loop& loop)) noexcept {
    idle_check_.store(check, std::memory_order_relaxed);  // relaxed: it needs nothing else
  }
  unsigned worker_count() const noexcept;

  // Has the exception that is being handled leave the run function that the calling thread is in,
  // when the operation that it runs has returned. Several leave as multiple_exceptions.
  void capture_exception() noexcept;

  // Destroys everything that is queued; for the end of a context. True if there was anything.
  bool destroy_queued() noexcept;

  // Whether the calling thread is inside a run function of this loop.
  bool runs_in_this_thread() const noexcept { return internal::worker::of(*this) != nullptr; }
  // The loop whose run function the calling thread is in; the innermost, or null.
  static run_loop* current() noexcept {
    internal::worker* const self = internal::this_thread_state().innermost;
    return self != nullptr ? &self->loop() : nullptr;
  }

  // In the child of a fork: of the threads that were in run functions, only the calling one is
  // there. What the others had queued is left to it.
  void forget_other_threads() noexcept;

  // From now on another event loop decides when this one's poll() is called: whatever there is to
  // do wakes the event source, also while no thread is in a run function.
  void embed() noexcept;

  // What all workers together have counted so far.
  struct totals {
    std::uint64_t fibers_spawned = 0;
    std::uint64_t fibers_finished = 0;
    std::uint64_t switches = 0;
    std::uint64_t steals = 0;
    std::uint64_t wakes = 0;  // of threads that had nothing to run, because there was something

    void add(const internal::worker_counts& more) noexcept;
  };
  totals counts() const;
  // For the idle check: whether all workers have slept, and there was nothing to run, since the
  // counts were these.
  bool has_slept_since(const totals& before) const noexcept;
  // Counts a fiber that is spawned, or ends, where there is no worker.
  void count_spawn() noexcept;
  void count_finish() noexcept;

  execution_context& context() const noexcept { return context_; }

 private:
  friend class internal::worker;
  using worker = internal::worker;
  using unique_lock = std::unique_lock<std::mutex>;

  // Of the times until which a worker may wait: only look.
  static constexpr netpoll::nanotime do_not_wait = std::numeric_limits<netpoll::nanotime>::min();
  static bool has_come(netpoll::nanotime time) noexcept {
    return time != netpoll::never && netpoll::clock::now() >= time;
  }

  void add_worker(worker& self) noexcept;
  void remove_worker(worker& self) noexcept;

  template <typename Step>
  std::size_t run_while(bool many, Step until);
  void run_one_turn(worker& self, operation& what);
  operation* take(worker& self, netpoll::nanotime until);
  operation* search(worker& self, netpoll::nanotime until);
  bool find_more(worker& self, netpoll::nanotime until);
  void look_around(worker& self);
  bool take_shared(worker& self) noexcept;
  operation* take_bound(worker& self) noexcept;
  bool steal(worker& self) noexcept;
  void wait_for_events(worker& self, unique_lock& lock, netpoll::nanotime until);
  void look_at_events(worker& self, netpoll::nanotime until);
  bool is_alone() const noexcept;
  void wait_idle(worker& self, unique_lock& lock, netpoll::nanotime until);
  bool finds_work_before_sleep(worker& self) noexcept;
  bool may_be_stuck() const noexcept;
  bool finds_work_in_idle_check(worker& self, unique_lock& lock) noexcept;
  void wake_idle(worker& who) noexcept;
  void has_found(worker& self) noexcept;
  void end_search(worker& self) noexcept;
  void add_sleepers(int count) noexcept;
  void remove_idle(worker& who) noexcept;
  internal::thread_binding* find_binding() noexcept;
  totals sum_of_counts() const noexcept;
  void finish_work(std::size_t count) noexcept;
  void settle_credit(worker& self) noexcept;

  void post_shared(operation& what) noexcept;
  void empty_inbox() noexcept;
  // Needs mutex_.
  bool has_shared() const noexcept { return !shared_.empty() || !inbox_.empty(); }
  void call_for_help() noexcept {
    // With finds_work_before_sleep(): it sees what was pushed, or we see it.
    netpoll::light_fence();
    // relaxed: the fence. While somebody searches already, he calls the next one.
    if (sleepers_.load(std::memory_order_relaxed) != 0 &&
        !is_searched_.load(std::memory_order_relaxed)) [[unlikely]] {
      wake_somebody();
    }
  }
  [[gnu::cold]] void wake_somebody() noexcept;
  void wake_one() noexcept;
  void wake(worker& who) noexcept;
  void tell_outer_loop() noexcept;

  execution_context& context_;
  event_source& events_;

  // No less than the work there is: what finished and its worker has not told yet is still counted.
  alignas(64) netpoll::atomic<std::size_t> work_{0};
  // What all threads read, and hardly anybody writes, in a cache line of its own.
  alignas(64) std::atomic<bool> stopped_{false};  // written under mutex_
  // Workers that have nothing to do: those in idle_, and the one that waits for events. Written
  // under mutex_.
  std::atomic<unsigned> sleepers_{0};
  // Somebody was woken and has not looked at all queues since. Written under mutex_.
  std::atomic<bool> is_searched_{false};
  std::atomic<bool> is_embedded_{false};  // written under mutex_

  // What other threads post, before it comes into shared_.
  alignas(64) internal::inbox inbox_;

  alignas(64) mutable std::mutex mutex_;
  std::atomic<std::size_t> shared_size_{0};  // written under mutex_
  // When somebody last looked at the events.
  std::atomic<netpoll::nanotime> last_poll_{0};
  operation_queue shared_;                   // under mutex_
  netpoll::intrusive_list<worker> workers_;  // under mutex_
  unsigned worker_count_ = 0;                // under mutex_
  worker* idle_ = nullptr;                   // under mutex_
  worker* poller_ = nullptr;                 // under mutex_
  worker* next_victim_ = nullptr;            // under mutex_
  unsigned sleepers_in_time_ = 0;            // under mutex_: that wake by themselves
  std::atomic<void (*)(run_loop&)> idle_check_{nullptr};
  totals past_;  // under mutex_
  struct bound_thread {
    ::pthread_t thread;
    internal::thread_binding binding;
  };
  std::vector<std::unique_ptr<bound_thread>> bindings_;  // under mutex_
};

}  // namespace NET_NAMESPACE
