// SPDX-License-Identifier: BSL-1.0
//
// The word of a fiber that waits: whom it waits on, and who has it in his hands. It goes from the
// fiber, which begins a wait, to the thread that ran it, which publishes the waiter once the fiber
// has left its stack, and from there to who resumes the waiter, unless somebody steps in: to end
// the wait for another reason, or only to look at the fiber.
//
// It knows nothing of fibers: whoever is told so makes the fiber run. All but begin(), begun(),
// publish() and abandon() may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/config.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/check.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

// The address of the waiter the fiber is parked on, with these bits, or 0.
//   0               -> w|committing  begin(), by the fiber, about to leave its stack
//   w|committing    -> w             publish(), by the thread that ran it
//   w|committing|…  -> 0             abandon(), by the same: there is nothing to wait for
//   w               -> 0             resume(), take(): who did this makes the fiber run
//   w               -> w|held|noted  interrupt(): the waiter stays alive while it is held
//   w               -> w|held        hold(): likewise
//   w|…             -> w|…|resumed   resume() while committing or held: who lets go goes on
//   w|…             -> w|…|noted     interrupt() while committing or held: likewise
//   w|committing|…, w|held|… -> w    let_go(): nothing came in between
//   w|committing|…, w|held|… -> 0    let_go(): resumed, or interrupted; the fiber must run
// Whoever has set committing or held owns the fiber until he lets go: it does not run. begin() is a
// release store; what leads back to 0 when the caller owns the fiber is a plain one, since the next
// begin() is a release; all other steps are compare-exchanges with acq_rel.
// Explored by testing/interleave/fiber_park_interleave_test.cc.
class park_word {
 public:
  using word = std::uintptr_t;

  // By which right somebody owns the fiber.
  enum class owner : word {
    committing = 1,
    held = 2,
  };
  static constexpr word all_bits = 15;

  constexpr park_word() noexcept = default;
  park_word(const park_word&) = delete;
  park_word& operator=(const park_word&) = delete;

  // By the fiber. From here on the thread that runs it owns it.
  void begin(netpoll::waiter& what) noexcept {
    word_.store(to_word(what) | committing, std::memory_order_release);
  }

  // By the thread that ran the fiber, before anything else: what begin() was called with.
  netpoll::waiter& begun() const noexcept {
    return *to_waiter(word_.load(std::memory_order_relaxed));  // relaxed: written on this thread
  }

  // By the same, after commit() of the waiter. True: the fiber waits and may already be running
  // elsewhere. False: something came in between; the thread still owns the fiber and has to let go.
  bool publish(netpoll::waiter& what) noexcept {
    word expected = to_word(what) | committing;
    return word_.compare_exchange_strong(expected, to_word(what), std::memory_order_acq_rel,
                                         std::memory_order_acquire);
  }

  // By the same, when the waiter was not published: the fiber goes on. Who interrupts it meanwhile
  // is not heard; the fiber looks at what he came for before it waits again.
  void abandon() noexcept {
    word_.store(0, std::memory_order_relaxed);  // relaxed: the next word stored is a release
  }

  // Of the waiter. True: the caller makes the fiber run.
  bool resume(netpoll::waiter& what) noexcept {
    const word parked = to_word(what);
    word now = parked;
    for (;;) {
      netpoll::check(now == parked || (is_owned(now) && (now & resumed) == 0),
                     "a waiter was resumed that is not waiting, or twice");
      // Whoever owns the fiber may let go of it at any time.
      const word next = now == parked ? 0 : now | resumed;
      if (word_.compare_exchange_weak(now, next, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return next == 0;
      }
    }
  }

  // In place of resume(), if nobody owns the fiber. True: the caller makes it run.
  bool take(netpoll::waiter& what) noexcept {
    word expected = to_word(what);
    return word_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel,
                                         std::memory_order_acquire);
  }

  // There may be a reason to end the wait. True: the caller owns the fiber as `held`, and has to
  // let_go(). False: whoever owns it will see to that, or it does not wait.
  bool interrupt() noexcept {
    word now = word_.load(std::memory_order_acquire);
    while (now != 0) {
      const word next = is_owned(now) ? now | noted : now | held | noted;
      if (word_.compare_exchange_weak(now, next, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return !is_owned(now);
      }
    }
    return false;
  }

  // Likewise, but without a reason, and in vain if somebody else owns it.
  bool hold() noexcept {
    word now = word_.load(std::memory_order_acquire);
    while (now != 0 && !is_owned(now)) {
      if (word_.compare_exchange_weak(now, now | held, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return true;
      }
    }
    return false;
  }

  // For who owns the fiber: what it waits on.
  netpoll::waiter& waiter() const noexcept {
    return *to_waiter(word_.load(std::memory_order_acquire));
  }

  // For who owns the fiber. True: it was resumed, or interrupted and end_wait(waiter) said that its
  // wait is over, having taken back the waiter; the caller makes it run. False: it goes on waiting,
  // and may already be running elsewhere. end_wait() may be called more than once.
  template <typename EndWait>
  bool let_go(owner own, EndWait end_wait) noexcept {
    word now = word_.load(std::memory_order_acquire);
    for (;;) {
      if ((now & resumed) != 0) {
        break;
      }
      const bool is_noted = (now & noted) != 0;
      const word next = is_noted ? now & ~noted : now & ~static_cast<word>(own);
      if (!word_.compare_exchange_weak(now, next, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        continue;
      }
      if (!is_noted) {
        return false;
      }
      if (end_wait(*to_waiter(next))) {
        break;
      }
      // No reason any more, or somebody is about to resume it.
      now = word_.load(std::memory_order_acquire);
    }
    word_.store(0, std::memory_order_relaxed);  // relaxed: the next word stored is a release
    return true;
  }

 private:
  static constexpr word committing = static_cast<word>(owner::committing);
  static constexpr word held = static_cast<word>(owner::held);
  static constexpr word resumed = 4;
  static constexpr word noted = 8;
  static_assert(alignof(netpoll::waiter) > all_bits);

  static word to_word(netpoll::waiter& what) noexcept { return reinterpret_cast<word>(&what); }
  static netpoll::waiter* to_waiter(word value) noexcept {
    return reinterpret_cast<netpoll::waiter*>(value & ~all_bits);
  }
  static bool is_owned(word value) noexcept { return (value & (committing | held)) != 0; }

  netpoll::atomic<word> word_{0};
};

}  // namespace NET_NAMESPACE::internal
