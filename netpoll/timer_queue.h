// SPDX-License-Identifier: BSL-1.0
//
// A timer_queue holds points in time, earliest first, and knows two kinds of entry:
//
// - A timer has waiters, who are resumed with wake_reason::ready when its time comes. They are taken
//   out under the queue's lock, after which the timer is not touched any more: it may be destroyed as
//   soon as it holds no waiter, but for one that cancel() was called on. That may still be in the
//   queue, and needs forget() first.
// - A deadline has a callback, which is called without any lock held and may therefore come late:
//   after the deadline was moved or disarmed. The callback gets the sequence number the deadline was
//   armed under; its owner compares that with the current one and ignores what is stale. Memory of a
//   deadline must never be given back (see poll_descriptor_pool).
//
// Most entries never expire: they are pushed later again and again, or taken out. So they stand
// unsorted in a wheel, by how far away they are, and are sorted when their time is near. Moving an
// entry later only notes the new time; it is seen to when what it stands among comes up. All but
// expire() take constant time, as long as nothing is due within the 65 microseconds of a tick.
//
// All members may be called from any thread. No member blocks but for the queue's own short lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"
#include "netpoll/waiter.h"

namespace netpoll {

class timer_queue {
  struct chunk;

 public:
  class entry {
   public:
    using callback = void (*)(entry& self, std::uint32_t sequence) noexcept;

    entry() noexcept : waiters_() {}             // a timer
    explicit entry(callback on_expiry) noexcept  // a deadline
        : is_deadline_(true), deadline_{on_expiry, 0} {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

   private:
    friend class timer_queue;

    // Cancelled timers may stay in the queue, and do not count.
    bool is_live() const noexcept { return is_deadline_ || !waiters_.empty(); }

    // All under the mutex of the queue the entry is used with. `place_` is the number of a slot of
    // the wheel or one of the places below; `chunk_` is for the wheel only. With many timers each
    // access to one is a cache miss, so they are small.
    nanotime when_ = 0;
    chunk* chunk_ = nullptr;
    std::uint32_t position_ = 0;
    std::uint16_t place_ = not_queued;
    const bool is_deadline_ = false;
    union {
      waiter_queue waiters_;
      struct {
        callback on_expiry;
        std::uint32_t sequence;
      } deadline_;
    };
  };

  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;

  // Arms the deadline `which` for `when`, in place of any time it was armed for. True if next() got
  // earlier, so that a sleeper may have to be woken.
  bool arm(entry& which, nanotime when, std::uint32_t sequence);

  // Takes `which` out; its callback may still be on its way.
  void disarm(entry& which) noexcept;

  // Adds a waiter to the timer `which`, due at `when`; all waiters of a timer share one time. True
  // if next() got earlier.
  bool add_waiter(entry& which, waiter& who, nanotime when);

  // Takes one waiter back; false if it is no longer there.
  bool remove_waiter(entry& which, waiter& who) noexcept;

  // Takes out up to `limit` waiters, first come first, and resumes them as cancelled. Returns how
  // many. The queue may go on knowing the timer, so that arming it anew costs little.
  std::size_t cancel(entry& which,
                     std::size_t limit = std::numeric_limits<std::size_t>::max()) noexcept;

  // Cancels all waiters of the timer `which`, which may be destroyed then.
  void forget(entry& which) noexcept;

  // When to call expire(): `never` if no time is armed, and not after the first one. It may be
  // earlier when entries were taken out or moved, but then only until that time: expire() sets it
  // right. Sequentially consistent with arm() and add_waiter(), so that one who is about to sleep
  // and one who arms cannot miss each other.
  nanotime next() const noexcept { return next_.load(std::memory_order_seq_cst); }

  // Resumes or calls whatever is due at `now`, in the order of time. Returns how many entries were.
  std::size_t expire(nanotime now) noexcept;

  // Takes all waiters of all timers out and resumes them as cancelled; for the end of a reactor.
  void cancel_all() noexcept;

 private:
  // What is not due in the current tick stands in the wheel: in the level of the highest digit in
  // which its tick differs from the current one, in the slot that this digit says. So levels are
  // in the order of time, and so are the slots of one, all of them in the future.
  static constexpr int tick_bits = 16;  // 65 microseconds
  static constexpr int digit_bits = 6;
  static constexpr std::uint16_t slots_per_level = 1U << digit_bits;
  static constexpr std::uint16_t levels = 8;  // all of nanotime
  static constexpr std::uint16_t slot_count = levels * slots_per_level;

  // The places of what is due in the current tick or before.
  static constexpr std::uint16_t in_batch = slot_count;
  static constexpr std::uint16_t in_heap = slot_count + 1;
  static constexpr std::uint16_t not_queued = slot_count + 2;

  // The entries of a slot, in the order in which they came unless some were taken out. All chunks of
  // a slot but its last are full. Two cache lines.
  struct alignas(64) chunk {
    static constexpr std::uint32_t capacity = 14;
    chunk* previous;
    chunk* next;
    entry* entries[capacity];
  };
  struct slot {
    chunk* front = nullptr;
    chunk* back = nullptr;
    std::uint32_t used_in_back = 0;
    nanotime first = never;  // no entry is earlier
  };

  struct timed {
    nanotime when;
    entry* which;
  };
  struct turn {
    nanotime when;
    std::uint32_t position;
  };

  static nanotime tick_of(nanotime when) noexcept { return when >> tick_bits; }

  // All of these need mutex_.
  void place(entry& which, nanotime when);
  void insert(entry& which);
  void take_out(entry& which) noexcept;
  bool publish_next() noexcept;
  nanotime first_time() const noexcept;

  void add_to_wheel(entry& which, nanotime tick);
  void remove_from_wheel(entry& which) noexcept;
  void clear_slot(std::uint16_t number) noexcept;
  std::uint16_t first_slot() const noexcept;
  nanotime start_of(std::uint16_t number) const noexcept;
  bool open_slot(nanotime now) noexcept;
  void sort_batch(int key_bits);
  chunk* new_chunk();
  void free_chunk(chunk& unused) noexcept;

  bool batch_is_empty() const noexcept { return next_turn_ == turns_.size(); }
  void remove_from_batch(entry& which) noexcept;
  void skip_removed() noexcept;
  entry* take_due(nanotime now) noexcept;
  void prefetch_batch() const noexcept;

  void remove_from_heap(std::size_t position) noexcept;
  std::size_t sift_up(std::size_t position, timed moving) noexcept;
  std::size_t sift_down(std::size_t position, timed moving) noexcept;
  void put(std::size_t position, timed moving) noexcept;

  void take_waiters(entry& which, waiter_queue& into) noexcept;

  mutex mutex_;

  // All under mutex_.
  nanotime current_tick_ = 0;  // of the last expire(), at most
  std::size_t live_ = 0;
  // The slot that was opened last: its entries, null where one is gone, and their order.
  std::vector<entry*> batch_;
  std::vector<turn> turns_;
  std::vector<turn> sorting_;
  std::size_t next_turn_ = 0;
  // What was armed for the current tick or before after that: 4-ary.
  std::vector<timed> heap_;
  std::uint64_t used_levels_ = 0;
  std::uint64_t used_slots_[levels] = {};
  slot slots_[slot_count];
  chunk* free_chunks_ = nullptr;
  std::vector<std::unique_ptr<chunk[]>> chunks_;

  // Written under mutex_, read without.
  atomic<nanotime> next_{never};
};

}  // namespace netpoll
