// SPDX-License-Identifier: BSL-1.0
#include "netpoll/timer_queue.h"

#include <algorithm>
#include <mutex>

namespace netpoll {
namespace {

constexpr std::size_t arity = 4;

// How many callbacks are collected before the lock is released to run them.
constexpr std::size_t callback_batch = 64;

}  // namespace

bool timer_queue::arm(entry& which, nanotime when, std::uint32_t sequence) {
  const std::lock_guard lock(mutex_);
  which.sequence_ = sequence;
  return place(which, when);
}

void timer_queue::disarm(entry& which) noexcept {
  const std::lock_guard lock(mutex_);
  take_out(which);
}

bool timer_queue::add_waiter(entry& which, waiter& who, nanotime when) {
  const std::lock_guard lock(mutex_);
  which.waiters_.push(who);
  return which.position_ == entry::not_queued && place(which, when);
}

bool timer_queue::remove_waiter(entry& which, waiter& who) noexcept {
  const std::lock_guard lock(mutex_);
  if (!which.waiters_.remove(who)) {
    return false;
  }
  if (which.waiters_.empty()) {
    take_out(which);
  }
  return true;
}

std::size_t timer_queue::cancel(entry& which, std::size_t limit) noexcept {
  waiter_queue cancelled;
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    for (; count < limit && !which.waiters_.empty(); ++count) {
      cancelled.push(*which.waiters_.pop());
    }
    if (which.waiters_.empty()) {
      take_out(which);
    }
  }
  resume_all(cancelled, wake_reason::cancelled);
  return count;
}

std::size_t timer_queue::expire(nanotime now) noexcept {
  struct call {
    entry* which;
    std::uint32_t sequence;
  };
  std::size_t count = 0;
  for (bool more = true; more;) {
    waiter_queue ready;
    call calls[callback_batch];
    std::size_t call_count = 0;
    {
      const std::lock_guard lock(mutex_);
      while (!heap_.empty() && heap_.front().when <= now && call_count < callback_batch) {
        entry& which = *heap_.front().which;
        which.position_ = entry::not_queued;
        remove_slot(0);
        // Those that may come next are in memory that has not been touched for long.
        for (std::size_t child = 1; child <= arity && child < heap_.size(); ++child) {
          __builtin_prefetch(heap_[child].which, 1);
        }
        ready.splice(which.waiters_);
        if (which.on_expiry_ != nullptr) {
          calls[call_count++] = {&which, which.sequence_};
        }
        ++count;
      }
      publish_next();
      more = call_count == callback_batch;
    }
    resume_all(ready, wake_reason::ready);
    for (std::size_t i = 0; i < call_count; ++i) {
      calls[i].which->on_expiry_(*calls[i].which, calls[i].sequence);
    }
  }
  return count;
}

void timer_queue::cancel_all() noexcept {
  waiter_queue cancelled;
  {
    const std::lock_guard lock(mutex_);
    for (slot& each : heap_) {
      each.which->position_ = entry::not_queued;
      cancelled.splice(each.which->waiters_);
    }
    heap_.clear();
    publish_next();
  }
  resume_all(cancelled, wake_reason::cancelled);
}

bool timer_queue::place(entry& which, nanotime when) {
  const slot moving{when, &which};
  std::size_t position = which.position_;
  if (position == entry::not_queued) {
    position = heap_.size();
    heap_.push_back(moving);
    position = sift_up(position, moving);
  } else if (when < heap_[position].when) {
    position = sift_up(position, moving);
  } else {
    position = sift_down(position, moving);
  }
  publish_next();
  return position == 0;
}

void timer_queue::take_out(entry& which) noexcept {
  const std::size_t position = which.position_;
  if (position == entry::not_queued) {
    return;
  }
  which.position_ = entry::not_queued;
  remove_slot(position);
  publish_next();
}

void timer_queue::remove_slot(std::size_t position) noexcept {
  const slot last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    if (sift_up(position, last) == position) {
      sift_down(position, last);
    }
  }
}

// Moves towards the root as far as `moving` is earlier than its parents; returns where it came to
// rest.
std::size_t timer_queue::sift_up(std::size_t position, slot moving) noexcept {
  while (position > 0) {
    const std::size_t parent = (position - 1) / arity;
    if (heap_[parent].when <= moving.when) {
      break;
    }
    put(position, heap_[parent]);
    position = parent;
  }
  put(position, moving);
  return position;
}

std::size_t timer_queue::sift_down(std::size_t position, slot moving) noexcept {
  for (;;) {
    const std::size_t first_child = position * arity + 1;
    if (first_child >= heap_.size()) {
      break;
    }
    const std::size_t end = std::min(first_child + arity, heap_.size());
    std::size_t earliest = first_child;
    for (std::size_t child = first_child + 1; child < end; ++child) {
      if (heap_[child].when < heap_[earliest].when) {
        earliest = child;
      }
    }
    if (moving.when <= heap_[earliest].when) {
      break;
    }
    put(position, heap_[earliest]);
    position = earliest;
  }
  put(position, moving);
  return position;
}

void timer_queue::put(std::size_t position, slot moving) noexcept {
  heap_[position] = moving;
  moving.which->position_ = position;
}

void timer_queue::publish_next() noexcept {
  const nanotime first = heap_.empty() ? never : heap_.front().when;
  // relaxed: only this lock's holder writes; the store below is what sleepers order against.
  if (next_.load(std::memory_order_relaxed) != first) {
    next_.store(first, std::memory_order_seq_cst);
  }
}

}  // namespace netpoll
