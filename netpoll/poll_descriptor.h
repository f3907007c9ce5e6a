// SPDX-License-Identifier: BSL-1.0
//
// A poll_descriptor is what the reactor knows about one open file descriptor: for each direction
// whether a try may succeed, who waits for that, and until when. It also holds the fd_mutex that
// says who may use the number.
//
// At most one waiter per direction is parked here, the operation that owns the direction; the
// others stand in the fd_mutex's queue. All members may be called from any thread unless said
// otherwise.
//
// The object outlives its descriptor: poll_descriptor_pool reuses it and never gives its memory
// back, so an event or a timer that comes late finds a poll_descriptor, and generation or sequence
// tells it that it is no longer the one it was meant for.
#pragma once

#include <cstdint>

#include "netpoll/base/atomic.h"
#include "netpoll/base/bit_field.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/direction.h"
#include "netpoll/fd_mutex.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace netpoll {

class reactor;

// How epoll is asked to report a descriptor.
enum class trigger : std::uint8_t {
  // Once, when it becomes ready: one registration and no further call. What everything starts with.
  edge,
  // For as long as it is ready and somebody waits. For descriptors whose readiness makes no edge.
  level,
  // As level, but armed anew for each wait: no report ever comes unasked.
  one_shot,
  // As edge, for reading alone; among the reactors that have registered the same socket so, one is
  // told of each new connection instead of all (EPOLLEXCLUSIVE). The others do not hear of it: keep
  // accepting on each.
  exclusive,
};

class poll_descriptor : public intrusive_list_node<poll_descriptor>, private timer_queue::entry {
 public:
  // A moment of a descriptor's life, to see later whether it was cancelled since.
  using epoch = std::uint32_t;

  fd_mutex& mutex() noexcept { return fd_mutex_; }

  // The number; for holders of a reference.
  int number() const noexcept { return number_; }

  // What epoll hands back with an event: which descriptor, and which use of it.
  std::uint64_t tag() const noexcept;

  // ---- The life of a use, in this order -------------------------------------------------------

  // Begins a use. Called by the one who took it from the pool. From now on the number is ours.
  void open(reactor& where, int number) noexcept;

  // How epoll is to report it, if the reactor does not know it yet; EBUSY when it does. Returns an
  // errno value. For holders of a reference.
  int set_trigger(trigger how) noexcept;

  // Makes sure epoll will report the direction; called after arm(), so that a level-triggered
  // report that finds nobody waiting knows whether somebody is about to. An edge-triggered
  // descriptor is registered the first time somebody has to wait, and once more the first time that
  // this is to write: of a datagram or a Unix socket each message that its reader takes would be
  // reported otherwise. Returns an errno value; EPERM, for a descriptor that epoll cannot poll, is
  // remembered: see is_pollable(). The caller holds a reference.
  int ensure_reported(direction which) noexcept {
    const registration now = registration_.load(std::memory_order_acquire);
    const bool is_done = (now == registration::done ||
                          (now == registration::for_reading && which != direction::write)) &&
                         how_triggered() == trigger::edge;
    return is_done ? 0 : report_from_now_on(which);
  }

  // False for what epoll cannot poll, a regular file for one, and for what was opened as blocking:
  // its calls never report "not now", and nobody waits for it.
  bool is_pollable() const noexcept {
    return registration_.load(std::memory_order_acquire) != registration::impossible;
  }
  // Declares it so.
  void give_up_polling() noexcept {
    registration_.store(registration::impossible, std::memory_order_release);
  }

  // What the reactor, whose epoll set is new, knows of it. If it cannot be told, those who wait are
  // added to `failed`: they will be told why when they wait again. For reactor::reopen().
  void register_again(waiter_queue& failed) noexcept;

  // Puts another description behind the number, which stays; operations go on with that one.
  // Returns an errno value, in which case nothing has changed. For holders of a reference.
  int replace(int other) noexcept;

  // Ends the use: wakes everybody with wake_reason::closed, closes the number as soon as no call is
  // inside any more, and returns when that is done; a descriptor that cannot be polled may have
  // somebody blocked in the kernel, for whom it does not wait. False if somebody else closed it
  // first.
  bool close() noexcept { return end_use(nullptr); }
  // The same, but the number is not closed: it is the caller's from then on.
  bool release(int& number) noexcept { return end_use(&number); }

  // Closing is to wait until the peer has what was sent (SO_LINGER with a time). Whoever closes
  // asked for that; a handle that merely goes out of scope did not.
  void set_lingering(bool on) noexcept { lingers_.store(on, std::memory_order_release); }
  void do_not_linger() noexcept;

  // The handle is gone. The descriptor goes back to the pool when the last operation has left.
  void disown() noexcept { settle(fd_mutex_.disown()); }

  // ---- Ownership of a direction ---------------------------------------------------------------

  // Ends the ownership of a direction and, if held, the reference.
  void unlock(direction which, bool holds_reference) noexcept;
  void drop_reference() noexcept { settle(fd_mutex_.drop_reference()); }

  // ---- Readiness; for the owner of the direction ----------------------------------------------

  // Whether a try may succeed; clears that knowledge, so that what arrives during the try is seen.
  bool consume_ready(direction which) noexcept;

  // The try did not use up what there was.
  void restore_ready(direction which) noexcept;

  // Whether a short transfer does not mean "drained": a hang-up, an error or out-of-band data was
  // seen, so another try has something to tell.
  bool must_try_again(direction which) const noexcept;

  // First half of parking. False: it is ready, try again.
  bool arm(direction which) noexcept;
  // Second half. False: an event, a close, a deadline or a cancellation came in between.
  bool publish(direction which, waiter& who, bool napping) noexcept;
  // Instead of the second half.
  void disarm(direction which) noexcept;

  // Takes a published waiter back; false if somebody else already has.
  bool withdraw(direction which, waiter& who) noexcept;

  // What interrupts an operation, read in one load.
  bool is_interrupted(direction which, epoch since) const noexcept;
  bool is_cancelled(epoch since) const noexcept { return current_epoch() != since; }
  epoch current_epoch() const noexcept;

  // Cancels what waits now: the parked and the queued operations of all directions.
  void cancel() noexcept;

  // ---- Events; for the reactor ----------------------------------------------------------------

  // For one who has more of them to do: brings what notify() needs closer, and then, of a
  // descriptor for which the first has been called a while ago, whom it will wake.
  void prefetch() const noexcept { __builtin_prefetch(&state_, 1); }
  void prefetch_waiter(std::uint32_t events) const noexcept;

  // Takes in what epoll reported and adds the waiters to be resumed to `ready`.
  void notify(std::uint32_t events, waiter_queue& ready) noexcept;
  // The same for a level-triggered or one-shot descriptor, whose arming is brought up to date.
  void notify_and_rearm(std::uint32_t events, waiter_queue& ready) noexcept;
  bool is_rearmed() const noexcept {
    const trigger how = how_triggered();
    return how == trigger::level || how == trigger::one_shot;
  }
  trigger how_triggered() const noexcept {
    // relaxed: set before the registration that lets events come.
    return trigger_.load(std::memory_order_relaxed);
  }
  bool is_current(std::uint32_t generation) const noexcept {
    return generation_.load(std::memory_order_acquire) == generation;
  }
  // Which use of the descriptor this is.
  std::uint32_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

  // ---- Deadlines; for the handle and holders of a reference -----------------------------------

  // Absolute deadline of the directions, `never` for none. One in the past ends the operation under
  // way and every later one until it is moved. Usually one store: see the protocol below.
  void set_deadline(directions which, nanotime when) noexcept;
  nanotime deadline(direction which) const noexcept {
    return times_[which].deadline.load(std::memory_order_seq_cst);
  }

  // A timeout that starts anew with each operation of the directions; 0 for none. It takes effect
  // with the next operation and is independent of the deadline: the earlier of both counts.
  void set_timeout(directions which, nanotime timeout) noexcept;

  // An operation begins: its timeout starts.
  void begin_operation(direction which) noexcept;

  // The operation does nothing until then but can be closed, cancelled and timed out.
  void set_nap(direction which, nanotime until) noexcept;
  bool nap_is_over(direction which) const noexcept {
    return times_[which].nap.load(std::memory_order_seq_cst) == never;
  }

  // Whether the direction's time is up, by the clock if `look` (for those without a reactor to fire
  // timers), else as far as the timers said.
  bool is_expired(direction which, bool look) noexcept;

  // The earliest time at which a waiter of the direction has to be woken.
  nanotime wake_time(direction which) const noexcept;

  // When the operation under way is given up: the deadline, or the end of its timeout.
  nanotime time_limit(direction which) const noexcept;

  // A thread that keeps the time itself begins or ends waiting on this descriptor; while one does,
  // moving a deadline tells it.
  void add_self_server(waiter& who, direction which) noexcept;
  void remove_self_server(direction which) noexcept;

 private:
  friend class poll_descriptor_pool;
  friend struct poll_descriptor_test_access;
  friend class reactor;

  explicit poll_descriptor(std::uint32_t index) noexcept
      : timer_queue::entry(&on_timer), index_(index) {}

  static void on_timer(timer_queue::entry& self, std::uint32_t sequence) noexcept;
  void timer_fired(std::uint32_t sequence) noexcept;
  template <typename Also>
  void reconcile(Also also) noexcept;
  void tell_self_servers() noexcept;
  void reconcile_locked(waiter_queue& expired) noexcept;
  void arm_timer() noexcept;
  bool end_use(int* kept_number) noexcept;
  waiter* evict(direction which) noexcept;
  int report_from_now_on(direction which) noexcept;
  int register_locked() noexcept;
  void note_registered() noexcept;
  int arm_locked(std::uint32_t wanted) noexcept;
  bool is_waited_for(direction which) const noexcept;
  void destroy() noexcept;
  void settle(fd_mutex::duty what) noexcept {
    if (what != fd_mutex::duty::none) [[unlikely]] {
      do_duty(what);
    }
  }
  void do_duty(fd_mutex::duty what) noexcept;

  // state_[direction] holds one of: none, ready, parking, or the address of a waiter, possibly
  // marked as napping.
  //   none             -> parking  arm(), by the operation that owns the direction
  //   parking          -> waiter   publish(), same operation; pairs with notify(). The operation must
  //                                not be touched any more by who published it
  //   none, parking    -> ready    notify(), by the reactor. publish() then fails and tries again
  //   waiter           -> ready    notify(); resumes the waiter
  //   waiter (napping) stays       notify(): the timer will wake it and it will try anyway
  //   parking          -> none     disarm(), or evict(): publish() then fails and looks why
  //   waiter           -> none     evict() by close, deadline or cancel, or withdraw(); who wins
  //                                the exchange resumes the waiter, or has it back
  //   ready            -> none     consume_ready(), by the operation, before each try
  //   none             -> ready    restore_ready(), by the operation whose try left something
  // open() starts reading and urgent at none, writing at ready.
  //
  // No wake-up is lost:
  // - Readiness is in the same word that the waiter is published in.
  // - close(), cancel(), timers first set their bit in interrupts_ (or closed in the fd_mutex),
  //   then evict; an operation first stores parking, then reads these, then publishes. All are
  //   sequentially consistent: one side sees the other.
  // - Readiness is cleared before the try, so an edge during the try is kept.
  // - A level-triggered direction is taken out of what epoll reports only under timer_mutex_ and
  //   only if nobody is parking or parked; an operation first stores parking, then, under the
  //   mutex, looks whether epoll reports the direction.
  // Explored by testing/interleave, by testing/model, and step by step by poll_descriptor_test.cc.
  using state = std::uintptr_t;
  static constexpr state none = 0;
  static constexpr state ready = 1;
  static constexpr state parking = 2;
  static constexpr state napping_mark = 4;
  static constexpr state marks = 7;
  static waiter* waiter_of(state value) noexcept {
    return reinterpret_cast<waiter*>(value & ~marks);
  }

  // Whether operations are to be ended, in one word so that one load tells all.
  using closed_bit = bit_field<std::uint32_t, 0, 1>;
  using read_expired = closed_bit::next<1>;
  using write_expired = read_expired::next<1>;
  using urgent_expired = write_expired::next<1>;
  using cancel_count = urgent_expired::next<28>;
  static constexpr std::uint32_t expired_bit(direction which) noexcept {
    return read_expired::one << static_cast<unsigned>(which);
  }

  // for_reading: edge-triggered, and for all but writing.
  enum class registration : std::uint8_t { none, for_reading, done, impossible };
  bool is_registered() const noexcept {
    // relaxed: for those whom something else orders with registering.
    const registration now = registration_.load(std::memory_order_relaxed);
    return now == registration::for_reading || now == registration::done;
  }

  // Deadlines. `deadline` is the user's, `operation_deadline` that of the operation under way when
  // a timeout is set, `nap` when a napping operation wants to go on.
  //
  // One timer serves all directions. armed_at_ is what it is armed for, `never` if it is not.
  //   moved later:   set_deadline() stores and finds armed_at_ <= when: done. The timer fires
  //                  early, sees the new deadline and arms again
  //   moved earlier: under timer_mutex_ the timer is armed anew, under a new sequence number; a
  //                  firing under the old one is ignored
  //   fires:         armed_at_ becomes never, then the deadlines are read. set_deadline() stores
  //                  its deadline, then reads armed_at_. Both sequentially consistent: either the
  //                  firing sees the new deadline or set_deadline() sees that it has to arm
  //   expired:       the direction's bit in interrupts_ is set, then the deadline is read again: if
  //                  it was moved meanwhile, the bit is taken back and nobody is woken.
  //                  set_deadline() stores, then reads the bit: one sees the other here too. In
  //                  between the bit is wrong: who sees it looks again under timer_mutex_
  //   self-served:   a thread that keeps the time itself is counted in self_servers_, then reads
  //                  the deadline; set_deadline() stores, then reads self_servers_: likewise
  struct times {
    atomic<nanotime> deadline;
    atomic<nanotime> operation_deadline;
    atomic<nanotime> nap;
    atomic<nanotime> timeout;
  };
  bool has_passed(direction which, nanotime now) const noexcept;
  static bool may_have_passed(nanotime when) noexcept;
  void begin_timed_operation(direction which) noexcept;

  // What every operation reads or writes fills one cache line, up to the word that fd_mutex_ begins
  // with.
  alignas(64) per_direction<atomic<state>> state_{};
  atomic<std::uint32_t> interrupts_{0};
  // Events that make a short transfer no proof of a drained socket. Only ever set during a use.
  atomic<std::uint32_t> lasting_events_{0};
  int number_ = -1;
  atomic<std::uint32_t> generation_{0};
  atomic<registration> registration_{registration::none};
  atomic<trigger> trigger_{trigger::edge};
  atomic<bool> lingers_{false};
  atomic<bool> is_enlisted_{false};  // written under the reactor's open_mutex_
  // Whether a timeout or a nap was ever set during this use.
  per_direction<atomic<bool>> has_own_times_{};
  const std::uint32_t index_;
  // Threads that keep the time themselves; see add_self_server().
  atomic<std::uint32_t> self_servers_{0};
  fd_mutex fd_mutex_;

  // What is touched when a deadline is moved is in another.
  alignas(64) atomic<nanotime> armed_at_{never};
  per_direction<times> times_{};
  reactor* reactor_ = nullptr;
  poll_descriptor* next_free_ = nullptr;  // the pool's
  // Not to be closed at the end of the use. Written by the one who ends it, before he drops his
  // reference.
  bool keeps_number_ = false;

  // Taken before the timer queue's mutex.
  netpoll::mutex timer_mutex_;
  // Which arming of the timer counts. Never reset, not even between uses.
  std::uint32_t sequence_ = 0;  // under timer_mutex_
  // What epoll was last asked to report.
  std::uint32_t reported_ = 0;            // under timer_mutex_
  per_direction<waiter*> self_server_{};  // under timer_mutex_
};

// Every operation takes these steps.

inline bool poll_descriptor::consume_ready(direction which) noexcept {
  // seq_cst: the clear must be visible before the system call that follows finds nothing, else a
  // notify() in between could be overwritten.
  return state_[which].exchange(none, std::memory_order_seq_cst) == ready;
}

inline void poll_descriptor::restore_ready(direction which) noexcept {
  state expected = none;
  state_[which].compare_exchange_strong(expected, ready, std::memory_order_seq_cst);
}

inline bool poll_descriptor::must_try_again(direction which) const noexcept {
  return which == direction::read && lasting_events_.load(std::memory_order_acquire) != 0;
}

inline bool poll_descriptor::arm(direction which) noexcept {
  state expected = none;
  if (state_[which].compare_exchange_strong(expected, parking, std::memory_order_seq_cst)) {
    return true;
  }
  check(expected == ready, "two operations wait in one direction of a descriptor");
  return false;
}

inline bool poll_descriptor::publish(direction which, waiter& who, bool napping) noexcept {
  state expected = parking;
  const state mine = reinterpret_cast<state>(&who) | (napping ? napping_mark : 0);
  return state_[which].compare_exchange_strong(expected, mine, std::memory_order_seq_cst);
}

inline void poll_descriptor::disarm(direction which) noexcept {
  state expected = parking;
  state_[which].compare_exchange_strong(expected, none, std::memory_order_seq_cst);
}

inline poll_descriptor::epoch poll_descriptor::current_epoch() const noexcept {
  return cancel_count::get(interrupts_.load(std::memory_order_seq_cst));
}

inline bool poll_descriptor::is_interrupted(direction which, epoch since) const noexcept {
  const std::uint32_t value = interrupts_.load(std::memory_order_seq_cst);
  return (value & (closed_bit::one | expired_bit(which))) != 0 || cancel_count::get(value) != since;
}

inline void poll_descriptor::unlock(direction which, bool holds_reference) noexcept {
  if (!holds_reference) {
    settle(fd_mutex_.unlock(which));
    return;
  }
  const fd_mutex::duty what = fd_mutex_.unlock_and_drop(which);
  settle(what);
  if (what == fd_mutex::duty::destroy) [[unlikely]] {
    settle(fd_mutex_.unlock(which));
  }
}

inline void poll_descriptor::begin_operation(direction which) noexcept {
  // relaxed: the operation may as well have begun before the timeout was set.
  if (has_own_times_[which].load(std::memory_order_relaxed) ||
      (interrupts_.load(std::memory_order_seq_cst) & expired_bit(which)) != 0) [[unlikely]] {
    begin_timed_operation(which);
  }
}

}  // namespace netpoll
