// SPDX-License-Identifier: BSL-1.0
#include "netpoll/timer_queue.h"

#include <algorithm>
#include <mutex>

namespace netpoll {
namespace {

constexpr std::size_t arity = 4;

// How many entries are taken out before the lock is released to resume and to call: few enough for
// what was touched once to be still in the cache.
constexpr std::size_t expiry_batch = 64;

}  // namespace

bool timer_queue::arm(entry& which, nanotime when, std::uint32_t sequence) {
  const std::lock_guard lock(mutex_);
  const bool is_new = which.place_ == not_queued;
  place(which, when);
  which.deadline_.sequence = sequence;
  live_ += is_new ? 1 : 0;
  return publish_next();
}

void timer_queue::disarm(entry& which) noexcept {
  const std::lock_guard lock(mutex_);
  if (which.place_ != not_queued) {
    take_out(which);
    --live_;
    publish_next();
  }
}

bool timer_queue::add_waiter(entry& which, waiter& who, nanotime when) {
  const std::lock_guard lock(mutex_);
  if (!which.waiters_.empty()) {
    which.waiters_.push(who);
    return false;
  }
  place(which, when);
  which.waiters_.push(who);
  ++live_;
  return publish_next();
}

bool timer_queue::remove_waiter(entry& which, waiter& who) noexcept {
  const std::lock_guard lock(mutex_);
  if (!which.waiters_.remove(who)) {
    return false;
  }
  if (which.waiters_.empty()) {
    take_out(which);
    --live_;
    publish_next();
  }
  return true;
}

std::size_t timer_queue::cancel(entry& which, std::size_t limit) noexcept {
  waiter_queue cancelled;
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    if (which.waiters_.empty()) {
      return 0;
    }
    for (; count < limit && !which.waiters_.empty(); ++count) {
      cancelled.push(*which.waiters_.pop());
    }
    if (which.waiters_.empty()) {
      --live_;
      // What stands in the wheel stays for when it is armed again; that is most often later.
      const bool stays = which.place_ < slot_count;
      if (!stays) {
        take_out(which);
      }
      if (!stays || live_ == 0) {
        publish_next();
      }
    }
  }
  resume_all(cancelled, wake_reason::cancelled);
  return count;
}

void timer_queue::forget(entry& which) noexcept {
  waiter_queue cancelled;
  {
    const std::lock_guard lock(mutex_);
    if (which.place_ == not_queued) {
      return;
    }
    take_out(which);
    live_ -= which.waiters_.empty() ? 0 : 1;
    cancelled.splice(which.waiters_);
    publish_next();
  }
  resume_all(cancelled, wake_reason::cancelled);
}

std::size_t timer_queue::expire(nanotime now) noexcept {
  struct call {
    entry* which;
    std::uint32_t sequence;
  };
  std::size_t count = 0;
  for (bool more = true; more;) {
    waiter_queue ready;
    call calls[expiry_batch];
    std::size_t call_count = 0;
    std::size_t taken = 0;
    {
      const std::lock_guard lock(mutex_);
      for (; taken < expiry_batch; ++taken) {
        entry* const which = take_due(now);
        if (which == nullptr) {
          break;
        }
        which->place_ = not_queued;
        --live_;
        if (which->is_deadline_) {
          calls[call_count++] = {which, which->deadline_.sequence};
        } else {
          ready.splice(which->waiters_);
        }
      }
      publish_next();
      count += taken;
      more = taken == expiry_batch;
    }
    resume_all(ready, wake_reason::ready);
    for (std::size_t i = 0; i < call_count; ++i) {
      calls[i].which->deadline_.on_expiry(*calls[i].which, calls[i].sequence);
    }
  }
  return count;
}

void timer_queue::cancel_all() noexcept {
  waiter_queue cancelled;
  {
    const std::lock_guard lock(mutex_);
    for (const timed& each : heap_) {
      take_waiters(*each.which, cancelled);
    }
    heap_.clear();
    for (entry* const each : batch_) {
      if (each != nullptr) {
        take_waiters(*each, cancelled);
      }
    }
    batch_.clear();
    turns_.clear();
    next_turn_ = 0;
    for (; used_levels_ != 0;) {
      const std::uint16_t number = first_slot();
      while (slots_[number].back != nullptr) {
        const slot& last = slots_[number];
        entry& each = *last.back->entries[last.used_in_back - 1];
        remove_from_wheel(each);
        take_waiters(each, cancelled);
      }
    }
    live_ = 0;
    publish_next();
  }
  resume_all(cancelled, wake_reason::cancelled);
}

void timer_queue::take_waiters(entry& which, waiter_queue& into) noexcept {
  which.place_ = not_queued;
  if (!which.is_deadline_) {
    into.splice(which.waiters_);
  }
}

// Queues `which`, or moves it if it is queued.
void timer_queue::place(entry& which, nanotime when) {
  if (which.place_ < slot_count) {
    // Where it stands is looked at in time for whatever is not before that.
    if (tick_of(when) >= start_of(which.place_)) {
      which.when_ = when;
      slot& mine = slots_[which.place_];
      mine.first = std::min(mine.first, when);
      return;
    }
    remove_from_wheel(which);
  } else if (which.place_ == in_heap && tick_of(when) <= current_tick_) {
    const bool is_earlier = when < which.when_;
    which.when_ = when;
    if (is_earlier) {
      sift_up(which.position_, {when, &which});
    } else {
      sift_down(which.position_, {when, &which});
    }
    return;
  } else if (which.place_ != not_queued) {
    take_out(which);
  }
  which.place_ = not_queued;
  which.when_ = when;
  insert(which);
}

void timer_queue::insert(entry& which) {
  const nanotime tick = tick_of(which.when_);
  if (tick > current_tick_) {
    add_to_wheel(which, tick);
    return;
  }
  const timed moving{which.when_, &which};
  heap_.push_back(moving);
  which.place_ = in_heap;
  sift_up(heap_.size() - 1, moving);
}

void timer_queue::take_out(entry& which) noexcept {
  if (which.place_ < slot_count) {
    remove_from_wheel(which);
  } else if (which.place_ == in_batch) {
    remove_from_batch(which);
  } else if (which.place_ == in_heap) {
    remove_from_heap(which.position_);
  }
  which.place_ = not_queued;
}

// True if next() got earlier.
bool timer_queue::publish_next() noexcept {
  const nanotime first = first_time();
  // relaxed: only this lock's holder writes; the store below is what sleepers order against.
  const nanotime before = next_.load(std::memory_order_relaxed);
  if (before != first) {
    next_.store(first, std::memory_order_seq_cst);
  }
  return first < before;
}

nanotime timer_queue::first_time() const noexcept {
  if (live_ == 0) {
    return never;  // nobody waits for the timers that are left
  }
  if (batch_is_empty() && heap_.empty()) {
    return slots_[first_slot()].first;
  }
  const nanotime of_batch = batch_is_empty() ? never : turns_[next_turn_].when;
  return heap_.empty() ? of_batch : std::min(of_batch, heap_.front().when);
}

// Takes the first entry out if it is due. The caller says that it is not queued any more.
timer_queue::entry* timer_queue::take_due(nanotime now) noexcept {
  for (;;) {
    const bool has_batch = !batch_is_empty();
    if (!heap_.empty() && (!has_batch || heap_.front().when < turns_[next_turn_].when)) {
      const timed first = heap_.front();
      if (first.when > now) {
        return nullptr;
      }
      remove_from_heap(0);
      // Those that may come next are in memory that has not been touched for long.
      for (std::size_t child = 1; child <= arity && child < heap_.size(); ++child) {
        __builtin_prefetch(heap_[child].which, 1);
      }
      return first.which;
    }
    if (has_batch) {
      const turn first = turns_[next_turn_];
      if (first.when > now) {
        return nullptr;
      }
      entry* const which = batch_[first.position];
      batch_[first.position] = nullptr;
      prefetch_batch();
      skip_removed();
      return which;
    }
    if (!open_slot(now)) {
      return nullptr;
    }
  }
}

void timer_queue::prefetch_batch() const noexcept {
  constexpr std::size_t entries_ahead = 16;
  constexpr std::size_t waiters_ahead = 8;
  const auto ahead = [this](std::size_t by) -> entry* {
    return next_turn_ + by < turns_.size() ? batch_[turns_[next_turn_ + by].position] : nullptr;
  };
  if (entry* const which = ahead(entries_ahead)) {
    __builtin_prefetch(which, 1);
  }
  if (entry* const which = ahead(waiters_ahead); which != nullptr && !which->is_deadline_) {
    __builtin_prefetch(which->waiters_.front(), 1);
  }
}

void timer_queue::remove_from_batch(entry& which) noexcept {
  batch_[which.position_] = nullptr;
  skip_removed();
}

// So that the next turn is that of an entry that is there.
void timer_queue::skip_removed() noexcept {
  while (next_turn_ < turns_.size() && batch_[turns_[next_turn_].position] == nullptr) {
    ++next_turn_;
  }
}

void timer_queue::remove_from_heap(std::size_t position) noexcept {
  const timed last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    if (sift_up(position, last) == position) {
      sift_down(position, last);
    }
  }
}

// Moves towards the root as far as `moving` is earlier than its parents; returns where it came to
// rest.
std::size_t timer_queue::sift_up(std::size_t position, timed moving) noexcept {
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

std::size_t timer_queue::sift_down(std::size_t position, timed moving) noexcept {
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

void timer_queue::put(std::size_t position, timed moving) noexcept {
  heap_[position] = moving;
  moving.which->position_ = static_cast<std::uint32_t>(position);
}

}  // namespace netpoll
