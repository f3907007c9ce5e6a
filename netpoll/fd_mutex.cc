// SPDX-License-Identifier: BSL-1.0
#include "netpoll/fd_mutex.h"

#include <mutex>

#include "netpoll/base/check.h"

namespace netpoll {
void fd_mutex::reset() noexcept { word_.store(owned::one, std::memory_order_seq_cst); }

fd_mutex::lock_result fd_mutex::lock_or_enqueue(
    direction which, waiter& who, bool (*is_too_late)(const waiter&) noexcept) noexcept {
  const std::lock_guard lock(mutex_);
  word value = word_.load(std::memory_order_seq_cst);
  for (;;) {
    if (closed::get(value) != 0) {
      return lock_result::closed;
    }
    const bool busy = (value & lock_bit(which)) != 0;
    check(busy || references::get(value) != references::max, too_many);
    const word next = busy ? value | queue_bit(which) : value + lock_bit(which) + references::one;
    if (!word_.compare_exchange_weak(value, next, std::memory_order_seq_cst)) {
      continue;
    }
    if (busy) {
      // From here on a close waits for mutex_, so the descriptor stays in the use it is in.
      if (is_too_late != nullptr && is_too_late(who)) {
        clear_queue_bit_if_empty(which);
        return lock_result::refused;
      }
      queue_[which].push(who);
      return lock_result::busy;
    }
    return lock_result::acquired;
  }
}

bool fd_mutex::withdraw(direction which, waiter& who) noexcept {
  const std::lock_guard lock(mutex_);
  if (!queue_[which].remove(who)) {
    return false;
  }
  clear_queue_bit_if_empty(which);
  return true;
}

void fd_mutex::clear_queue_bit_if_empty(direction which) noexcept {
  if (queue_[which].empty()) {
    word_.fetch_and(~queue_bit(which), std::memory_order_seq_cst);
  }
}

fd_mutex::duty fd_mutex::unlock(direction which) noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  for (;;) {
    if ((value & queue_bit(which)) != 0) {
      std::unique_lock lock(mutex_);
      if (waiter* const next = queue_[which].pop()) {
        clear_queue_bit_if_empty(which);
        lock.unlock();
        next->resume(wake_reason::ready);
        return duty::none;
      }
      value = word_.load(std::memory_order_seq_cst);
      continue;
    }
    if (word_.compare_exchange_weak(value, value - lock_bit(which), std::memory_order_seq_cst)) {
      return after(value - lock_bit(which));
    }
  }
}

// Somebody queued or closed: in two steps. The direction stays ours until the second, so the first
// can only be asked to destroy, and the caller of unlock() does that while it still owns it.
fd_mutex::duty fd_mutex::unlock_and_drop_in_steps(direction which) noexcept {
  const duty first = drop_reference();
  return first == duty::destroy ? first : unlock(which);
}

fd_mutex::duty fd_mutex::finish_destroy() noexcept {
  const word value = word_.fetch_sub(references::one, std::memory_order_seq_cst) - references::one;
  word_.notify_all();
  return after(value);
}

bool fd_mutex::close() noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  do {
    if (closed::get(value) != 0) {
      return false;
    }
    check(references::get(value) != references::max, too_many);
  } while (!word_.compare_exchange_weak(value, (value | closed::one) + references::one,
                                        std::memory_order_seq_cst));
  flush_queues(wake_reason::closed);
  return true;
}

void fd_mutex::wait_until_destroyed() noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  while (references::get(value) != 0) {
    word_.wait(value, std::memory_order_seq_cst);
    value = word_.load(std::memory_order_seq_cst);
  }
}

fd_mutex::duty fd_mutex::disown() noexcept {
  return after(word_.fetch_sub(owned::one, std::memory_order_seq_cst) - owned::one);
}

void fd_mutex::cancel_queued() noexcept { flush_queues(wake_reason::cancelled); }

void fd_mutex::flush_queues(wake_reason why) noexcept {
  waiter_queue taken;
  {
    const std::lock_guard lock(mutex_);
    for (const direction which : all_directions) {
      taken.splice(queue_[which]);
    }
    word_.fetch_and(~queues::mask, std::memory_order_seq_cst);
  }
  resume_all(taken, why);
}

}  // namespace netpoll
