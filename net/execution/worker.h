// SPDX-License-Identifier: BSL-1.0
//
// A worker is a thread inside a run function of a loop, with its own queue of operations. Only it
// puts operations there and takes them out at the front; a worker that has nothing to run steals
// from the front of another's. See run_loop.h.
//
// Unless said otherwise, members are for the worker's own thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>

#include "net/config.h"
#include "net/execution/operation.h"
#include "net/execution/thread_state.h"
#include "net/execution/worker_beat.h"
#include "netpoll/base/biased_lock.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"

namespace NET_NAMESPACE {

class run_loop;

namespace internal {

// Counts events; written by one thread, read by any.
class event_count {
 public:
  void add(std::uint64_t more = 1) noexcept {
    // relaxed: a single writer, and readers who want a number, not an order.
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct worker_counts {
  event_count fibers_spawned;
  event_count fibers_finished;
  event_count switches;  // of fibers onto this thread
  event_count steals;    // times that it took operations of another worker
};

// Operations that only one thread may run, and what tells it that there are some. Belongs to the
// loop and lives as long, so that whoever is bound to the thread can point to it.
class thread_binding {
 public:
  worker* present = nullptr;  // under the loop's mutex
  operation_queue inbox;      // under the loop's mutex
  // Written under the loop's mutex; read by the thread before each operation.
  std::atomic<bool> has_inbox{false};
};

class worker : public netpoll::intrusive_list_node<worker> {
 public:
  worker(run_loop& loop, bool runs_many) noexcept;
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // The calling thread's worker of `loop`, the innermost; null if it has none.
  static worker* of(const run_loop& loop) noexcept {
    worker* each = this_thread_state().innermost;
    while (each != nullptr && &each->loop_ != &loop) [[unlikely]] {
        each = each->outer_;
      }
    return each;
  }

  run_loop& loop() const noexcept { return loop_; }
  // The one of the run function that this one's was called in, on whatever loop.
  worker* outer() const noexcept { return outer_; }

  void push(operation& what) noexcept {
    lock_.lock_own();
    queue_.push(what);
    change_size(1);
    lock_.unlock_own();
  }

  operation* pop() noexcept {
    if (size() == 0) {
      return nullptr;
    }
    lock_.lock_own();
    operation* const first = queue_.pop();
    if (first != nullptr) {
      __builtin_prefetch(queue_.front());
      change_size(-1);
    }
    lock_.unlock_own();
    return first;
  }

  // The next operation, if it may be run without a look around.
  operation* pop_in_turn() noexcept {
    if (turns_left_ == 1 || has_bound()) {
      return nullptr;
    }
    operation* const first = pop();
    turns_left_ -= first != nullptr;
    return first;
  }

  // The next operation, if it is one that `function` runs and the worker need not look around
  // first.
  operation* pop_if(operation::function function) noexcept {
    if (turns_left_ == 1 || size() == 0 || has_bound()) {
      return nullptr;
    }
    lock_.lock_own();
    operation* first = queue_.front();
    if (first != nullptr && first->is_run_by(function)) {
      (void)queue_.pop();
      __builtin_prefetch(queue_.front());
      change_size(-1);
      --turns_left_;
    } else {
      first = nullptr;
    }
    lock_.unlock_own();
    return first;
  }

  // Whether there is nothing here but what runs now, and no need to look around; takes a turn.
  bool may_go_on() noexcept {
    if (turns_left_ == 1 || size() != 0 || has_bound()) {
      return false;
    }
    --turns_left_;
    return true;
  }

  // What only this thread may run. It takes turns with the queue.
  bool has_bound() const noexcept {
    // relaxed: what is in there is read under the loop's mutex.
    return binding_ != nullptr &&
           (!bound_.empty() || binding_->has_inbox.load(std::memory_order_relaxed));
  }
  bool is_turn_of_bound() noexcept {
    return (is_turn_of_bound_ = !is_turn_of_bound_) || size() == 0;
  }
  operation_queue& bound() noexcept { return bound_; }

  // Appends `more`, which are `count`, and empties it.
  void append(operation_queue& more, std::size_t count) noexcept {
    lock_.lock_own();
    queue_.splice(more);
    change_size(static_cast<std::ptrdiff_t>(count));
    lock_.unlock_own();
  }

  // Takes all of it.
  std::size_t take_all(operation_queue& into) noexcept {
    lock_.lock_own();
    into.splice(queue_);
    const std::size_t count = size();
    change_size(-static_cast<std::ptrdiff_t>(count));
    lock_.unlock_own();
    return count;
  }

  // By any other thread: takes the first half, up to a limit, in order. Returns how many.
  std::size_t steal(operation_queue& into) noexcept;

  // How long the queue is. From any thread, as a hint.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  // Work that has finished here and that the loop still counts. While there is some, starting work
  // costs no access to what the threads share.
  bool use_credit() noexcept {
    if (credit_ == 0) {
      return false;
    }
    --credit_;
    return true;
  }
  void add_credit() noexcept { ++credit_; }
  std::size_t take_credit() noexcept {
    const std::size_t credit = credit_;
    credit_ = 0;
    return credit;
  }

  // True every so many operations: the worker has to look around, lest something starve behind
  // operations that keep queueing others.
  bool must_look() noexcept {
    if (--turns_left_ != 0) {
      return false;
    }
    turns_left_ = turns_between_looks;
    return true;
  }
  void has_looked() noexcept { turns_left_ = turns_between_looks; }
  unsigned take_a_look() noexcept { return ++looks_; }

  // Keeps the exception that is being handled until the run function looks, which is after the
  // operation that runs.
  void capture_exception() noexcept;
  bool has_captured() const noexcept { return captured_ != nullptr; }
  [[noreturn]] void rethrow_captured();

  thread_binding* binding() const noexcept { return binding_; }
  void set_binding(thread_binding* mine) noexcept { binding_ = mine; }

  // To be ticked when something is begun.
  worker_beat& beat() noexcept { return beat_; }

  worker_counts& counts() noexcept { return counts_; }
  const worker_counts& counts() const noexcept { return counts_; }

  // When it last waited for events: the present, give or take what it ran since.
  netpoll::nanotime about_now() const noexcept { return about_now_; }
  void set_about_now(netpoll::nanotime now) noexcept { about_now_ = now; }

  // Handlers run, as the run functions count them.
  void count_run() noexcept { ++runs_; }
  std::size_t runs() const noexcept { return runs_; }

  const bool runs_many;     // until there is nothing left, not just one operation
  bool is_polling = false;  // it waits for events, and what is posted meanwhile are those

  // Under the loop's mutex.
  struct {
    std::condition_variable wake_up;
    worker* next = nullptr;
    bool is_woken = false;
  } idle;
  bool is_searching = false;  // it was woken to find work and has not found any yet

 private:
  static constexpr unsigned turns_between_looks = 61;

  void change_size(std::ptrdiff_t by) noexcept {
    // relaxed: written under the lock, and a hint for all others.
    size_.store(size_.load(std::memory_order_relaxed) + static_cast<std::size_t>(by),
                std::memory_order_relaxed);
  }

  run_loop& loop_;
  worker* const outer_;
  fiber_host* const outer_host_;
  worker_beat& beat_;  // the thread's

  netpoll::biased_lock lock_;
  operation_queue queue_;             // under lock_
  std::atomic<std::size_t> size_{0};  // written under lock_

  // Not beside each other: a compiler that counts both with one wide instruction has it wait for
  // the store of half of that, which has only just been made.
  std::size_t credit_ = 0;
  unsigned turns_left_ = turns_between_looks;
  unsigned looks_ = 0;
  netpoll::nanotime about_now_ = 0;
  thread_binding* binding_ = nullptr;
  operation_queue bound_;  // only if there is a binding
  bool is_turn_of_bound_ = false;
  std::size_t runs_ = 0;
  worker_counts counts_;
  std::exception_ptr captured_;
  bool has_captured_several_ = false;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
