// SPDX-License-Identifier: BSL-1.0
//
// A timer_queue holds points in time, earliest first (a 4-ary heap), and knows two kinds of entry:
//
// - A timer has waiters, who are resumed with wake_reason::ready when its time comes. They are taken
//   out under the queue's lock, after which the timer is not touched any more: it may be destroyed as
//   soon as it holds no waiter.
// - A deadline has a callback, which is called without any lock held and may therefore come late:
//   after the deadline was moved or disarmed. The callback gets the sequence number the deadline was
//   armed under; its owner compares that with the current one and ignores what is stale. Memory of a
//   deadline must never be given back (see poll_descriptor_pool).
//
// All members may be called from any thread. No member blocks but for the queue's own short lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"
#include "netpoll/waiter.h"

namespace netpoll {

class timer_queue {
 public:
  class entry {
   public:
    using callback = void (*)(entry& self, std::uint32_t sequence) noexcept;

    entry() = default;                                             // a timer
    explicit entry(callback on_expiry) : on_expiry_(on_expiry) {}  // a deadline
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

   private:
    friend class timer_queue;
    static constexpr std::size_t not_queued = std::numeric_limits<std::size_t>::max();

    // All under the mutex of the queue the entry is used with.
    std::size_t position_ = not_queued;
    std::uint32_t sequence_ = 0;
    waiter_queue waiters_;
    const callback on_expiry_ = nullptr;
  };

  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  // Arms the deadline `which` for `when`, in place of any time it was armed for. True if it is now
  // the first of all, so that a sleeper may have to be woken.
  bool arm(entry& which, nanotime when, std::uint32_t sequence);

  // Takes `which` out; its callback may still be on its way.
  void disarm(entry& which) noexcept;

  // Adds a waiter to the timer `which`, due at `when`; all waiters of a timer share one time. True
  // if the timer is now the first of all.
  bool add_waiter(entry& which, waiter& who, nanotime when);

  // Takes one waiter back; false if it is no longer there.
  bool remove_waiter(entry& which, waiter& who) noexcept;

  // Takes out up to `limit` waiters, first come first, and resumes them as cancelled. Returns how
  // many.
  std::size_t cancel(entry& which,
                     std::size_t limit = std::numeric_limits<std::size_t>::max()) noexcept;

  // When the first entry is due; `never` if there is none. Sequentially consistent with arm() and
  // add_waiter(), so that one who is about to sleep and one who arms cannot miss each other.
  nanotime next() const noexcept { return next_.load(std::memory_order_seq_cst); }

  // Resumes or calls whatever is due at `now`. Returns how many entries were.
  std::size_t expire(nanotime now) noexcept;

  // Takes all waiters of all timers out and resumes them as cancelled; for the end of a reactor.
  void cancel_all() noexcept;

 private:
  // The time is kept beside the pointer so that sifting reads no entry but those it moves.
  struct slot {
    nanotime when;
    entry* which;
  };

  // These need mutex_.
  bool place(entry& which, nanotime when);
  void take_out(entry& which) noexcept;
  void remove_slot(std::size_t position) noexcept;
  std::size_t sift_up(std::size_t position, slot moving) noexcept;
  std::size_t sift_down(std::size_t position, slot moving) noexcept;
  void put(std::size_t position, slot moving) noexcept;
  void publish_next() noexcept;

  mutex mutex_;
  std::vector<slot> heap_;  // under mutex_
  // Written under mutex_, read without.
  atomic<nanotime> next_{never};
};

}  // namespace netpoll
