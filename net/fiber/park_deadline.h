// SPDX-License-Identifier: BSL-1.0
//
// The time until which a fiber waits for something else. It is armed by the thread that commits the
// wait, which owns the fiber then; when it fires it interrupts the fiber. The fiber does not go on
// before it is either out of the timers or done with firing.
//
// Of the fiber it needs loop(), which has the timers, interrupt() and park_once().
#pragma once

#include <atomic>
#include <cstdint>

#include "net/config.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"
#include "netpoll/describe.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

template <typename Fiber>
class park_deadline final : public netpoll::waiter, private netpoll::resumer {
 public:
  park_deadline(Fiber& fiber, netpoll::nanotime when) noexcept
      : fiber_(fiber), when_(when), settled_(state_) {}

  void arm() noexcept {
    is_armed_ = true;
    set_resumer(*this);
    (void)commit();
  }

  bool has_come() const noexcept {
    return has_come_.load(std::memory_order_relaxed);  // relaxed: the park word orders it
  }

  // For the fiber, when its wait has ended.
  void settle() noexcept {
    if (!is_armed_ || withdraw()) {
      return;
    }
    while (state_.load(std::memory_order_acquire) != state::done) {
      fiber_.park_once(settled_);
    }
  }

  bool commit() noexcept override {
    fiber_.loop().add_timer(entry_, *this, when_);
    return true;
  }
  bool withdraw() noexcept override { return fiber_.loop().remove_timer(entry_, *this); }
  void describe(netpoll::description& into) const noexcept override {
    into << ", ends" << netpoll::in_time{netpoll::add_saturated(when_, -netpoll::clock::now())};
  }

 private:
  //   firing  -> awaited  the fiber wants to go on: settle()
  //   awaited -> firing   it was unwound instead
  //   firing, awaited -> done  the last access of who fires it; he resumes the fiber if awaited
  // Explored by testing/interleave/fiber_park_interleave_test.cc.
  enum class state : std::uint8_t { firing, awaited, done };

  class settled final : public netpoll::waiter {
   public:
    explicit settled(netpoll::atomic<state>& of) noexcept : state_(of) {}
    bool commit() noexcept override {
      state expected = state::firing;
      return state_.compare_exchange_strong(expected, state::awaited, std::memory_order_acq_rel);
    }
    bool withdraw() noexcept override {
      state expected = state::awaited;
      return state_.compare_exchange_strong(expected, state::firing, std::memory_order_acq_rel);
    }
    void describe(netpoll::description& into) const noexcept override {
      into << "its own deadline, which is passing";
    }

   private:
    netpoll::atomic<state>& state_;
  };

  // Of this itself, by the timers.
  void resume(netpoll::waiter&) noexcept override {
    if (reason() == netpoll::wake_reason::ready) {
      has_come_.store(true, std::memory_order_relaxed);  // relaxed: the park word orders it
      fiber_.interrupt();
    }
    if (state_.exchange(state::done, std::memory_order_acq_rel) == state::awaited) {
      settled_.resume(netpoll::wake_reason::ready);
    }
  }

  Fiber& fiber_;
  const netpoll::nanotime when_;
  netpoll::timer_queue::entry entry_;
  netpoll::atomic<bool> has_come_{false};
  netpoll::atomic<state> state_{state::firing};
  settled settled_;
  bool is_armed_ = false;
};

}  // namespace NET_NAMESPACE::internal
