// SPDX-License-Identifier: BSL-1.0
//
// An fd_mutex answers three questions about a descriptor in one atomic word: is it closed, who is
// inside a system call on it, and which operation owns each direction. It is what makes it safe to
// close a descriptor while others use it: its number is given back to the kernel only when nobody
// is inside a call, and its memory only when no operation knows it any more.
//
// An operation owns a direction from its first try to its end; it holds a reference only while it
// makes a call, never while it waits (a thread that waits in poll(2) is inside a call). Operations
// that find their direction owned queue up and get it in order of arrival.
//
// All members may be called from any thread.
#pragma once

#include <cstdint>

#include "netpoll/base/atomic.h"
#include "netpoll/base/bit_field.h"
#include "netpoll/base/check.h"
#include "netpoll/direction.h"
#include "netpoll/waiter.h"

namespace netpoll {

class fd_mutex {
 public:
  enum class lock_result { acquired, busy, closed, refused };

  // What whoever changed the word has to do next.
  enum class duty {
    none,
    destroy,  // the caller holds the last reference of a closed descriptor: close the number, then
              // call finish_destroy()
    recycle,  // nobody knows the descriptor any more: its memory may be used anew
  };

  // A word for a newly opened descriptor: open, owned by a handle, nothing else.
  void reset() noexcept;

  // Takes the direction and a reference. Never waits: `busy` means another operation owns it.
  lock_result try_lock(direction which) noexcept;

  // As try_lock(), but when busy queues `who`, to be resumed with wake_reason::ready when the
  // direction (without a reference) has passed to it, or with `closed` or `cancelled` and nothing.
  //
  // Whether the waiter may still queue up is asked when neither a close nor a cancel_queued() can
  // pass it by any more: whoever was cancelled before he stood in the queue would be forgotten
  // there. `refused` when `is_too_late` says so.
  lock_result lock_or_enqueue(direction which, waiter& who,
                              bool (*is_too_late)(const waiter&) noexcept = nullptr) noexcept;

  // Takes a queued waiter back; false if it is no longer queued.
  bool withdraw(direction which, waiter& who) noexcept;

  // Ends the ownership of a direction, handing it to the next in the queue. The caller must not
  // hold a reference when the descriptor may be closed, so drop_reference() comes first in that
  // case.
  [[nodiscard]] duty unlock(direction which) noexcept;

  // unlock() and drop_reference() in one step where that is possible.
  [[nodiscard]] duty unlock_and_drop(direction which) noexcept;

  // A reference keeps the number open. False if the descriptor is closed.
  bool add_reference() noexcept;
  [[nodiscard]] duty drop_reference() noexcept;

  // To be called after duty::destroy was done: gives up that last reference.
  [[nodiscard]] duty finish_destroy() noexcept;

  // Marks the descriptor closed and takes a reference, once: false if it was closed before. All
  // queued waiters are resumed as closed.
  bool close() noexcept;

  // Blocks the thread until the descriptor's number has been closed by whoever was still inside a
  // call. To be called by the one for whom close() was true, without holding a reference.
  void wait_until_destroyed() noexcept;

  // The handle is gone.
  [[nodiscard]] duty disown() noexcept;

  // Resumes all queued waiters as cancelled.
  void cancel_queued() noexcept;

  bool is_closed() const noexcept {
    return closed::get(word_.load(std::memory_order_seq_cst)) != 0;
  }

 private:
  using word = std::uint64_t;
  using closed = bit_field<word, 0, 1>;
  using owned = closed::next<1>;
  using locks = owned::next<3>;   // a bit for each direction
  using queues = locks::next<3>;  // likewise
  using references = queues::next<20>;

  static constexpr word lock_bit(direction which) noexcept {
    return locks::one << static_cast<unsigned>(which);
  }
  static constexpr word queue_bit(direction which) noexcept {
    return queues::one << static_cast<unsigned>(which);
  }
  // Nobody knows a descriptor in this state.
  static constexpr word abandoned = closed::one;

  static constexpr duty after(word value) noexcept {
    return value == abandoned ? duty::recycle : duty::none;
  }

  static constexpr const char* too_many =
      "too many concurrent operations on a single file or socket (max 1048575)";

  [[nodiscard]] duty unlock_and_drop_in_steps(direction which) noexcept;
  void flush_queues(wake_reason why) noexcept;
  void clear_queue_bit_if_empty(direction which) noexcept;  // needs mutex_

  // The word, and what may change in it:
  //   closed      0 -> 1  close(), once; never back before reset()
  //   owned       1 -> 0  disown(), once
  //   lock bits   0 -> 1  try_lock() while open; 1 -> 0 unlock(); stays 1 when handed over
  //   references  + 1     try_lock(), add_reference() while open, close(); - 1 when a call is over.
  //                       The last one of a closed descriptor is not dropped but turned into
  //                       duty::destroy, so the number is closed exactly once
  //   queue bits          whether waiters stand in queue_; only changed under mutex_
  // Every change is a sequentially consistent read-modify-write: closed must be ordered against the
  // poll descriptor's state words (see poll_descriptor.h).
  atomic<word> word_{abandoned};

  mutex mutex_;
  per_direction<waiter_queue> queue_;  // under mutex_
};

// Every operation begins and ends with these.

inline fd_mutex::lock_result fd_mutex::try_lock(direction which) noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  for (;;) {
    if (closed::get(value) != 0) {
      return lock_result::closed;
    }
    if ((value & lock_bit(which)) != 0) {
      return lock_result::busy;
    }
    check(references::get(value) != references::max, too_many);
    if (word_.compare_exchange_weak(value, value + lock_bit(which) + references::one,
                                    std::memory_order_seq_cst)) {
      return lock_result::acquired;
    }
  }
}

inline bool fd_mutex::add_reference() noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  for (;;) {
    if (closed::get(value) != 0) {
      return false;
    }
    check(references::get(value) != references::max, too_many);
    if (word_.compare_exchange_weak(value, value + references::one, std::memory_order_seq_cst)) {
      return true;
    }
  }
}

inline fd_mutex::duty fd_mutex::drop_reference() noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  for (;;) {
    if (closed::get(value) != 0 && references::get(value) == 1) {
      return duty::destroy;
    }
    if (word_.compare_exchange_weak(value, value - references::one, std::memory_order_seq_cst)) {
      return after(value - references::one);
    }
  }
}

inline fd_mutex::duty fd_mutex::unlock_and_drop(direction which) noexcept {
  word value = word_.load(std::memory_order_seq_cst);
  while (closed::get(value) == 0 && (value & queue_bit(which)) == 0) {
    if (word_.compare_exchange_weak(value, value - lock_bit(which) - references::one,
                                    std::memory_order_seq_cst)) {
      return duty::none;
    }
  }
  return unlock_and_drop_in_steps(which);
}

}  // namespace netpoll
