// SPDX-License-Identifier: BSL-1.0
#include "net/execution/strand.h"

#include "net/execution/run_loop.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE::internal {
namespace {

void destroy_all(operation_queue& queue) noexcept {
  while (operation* const each = queue.pop()) {
    each->destroy();
  }
}

}  // namespace

strand_queue::~strand_queue() { destroy_all(waiting_); }

bool strand_queue::push(operation& what) noexcept {
  const std::lock_guard lock(mutex_);
  waiting_.push(what);
  return !std::exchange(is_taken_, true);
}

void strand_queue::abandon() noexcept {
  operation_queue doomed;
  {
    const std::lock_guard lock(mutex_);
    doomed.splice(waiting_);
    is_taken_ = false;
  }
  destroy_all(doomed);
}

operation_queue strand_queue::begin() noexcept {
  const std::lock_guard lock(mutex_);
  return std::move(waiting_);
}

void strand_queue::run_batch(operation_queue& batch) {
  // What a function that throws leaves behind goes back, before what came meanwhile.
  struct at_end {
    strand_queue& strand;
    operation_queue& batch;
    ~at_end() {
      if (!batch.empty()) {
        const std::lock_guard lock(strand.mutex_);
        batch.splice(strand.waiting_);
        strand.waiting_.splice(batch);
      }
    }
  } const end{*this, batch};
  run_loop* const loop = run_loop::current();
  netpoll::check(loop != nullptr, "a strand was run outside of the context of its executor");
  while (operation* const next = batch.pop()) {
    (void)next->run(*loop);
  }
}

bool strand_queue::leave() noexcept {
  const std::lock_guard lock(mutex_);
  is_taken_ = !waiting_.empty();
  return is_taken_;
}

strand_queue::entry::entry(const strand_queue& queue) noexcept
    : queue_(queue), outer_(std::exchange(innermost(), this)) {}

strand_queue::entry::~entry() { innermost() = outer_; }

// Not inlined: see this_thread_state().
[[gnu::noinline]] const strand_queue::entry*& strand_queue::innermost() noexcept {
  static constinit thread_local const entry* on_this_thread = nullptr;
  asm volatile("" ::: "memory");
  return on_this_thread;
}

bool strand_queue::runs_in_this_thread() const noexcept {
  for (const entry* each = innermost(); each != nullptr; each = each->outer_) {
    if (&each->queue_ == this) {
      return true;
    }
  }
  return false;
}

}  // namespace NET_NAMESPACE::internal
