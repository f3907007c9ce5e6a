// SPDX-License-Identifier: BSL-1.0
//
// Waiting for a point in time, in whatever way the one who waits knows: see netpoll/waiter.h.
#pragma once

#include "net/config.h"
#include "netpoll/base/clock.h"
#include "netpoll/describe.h"
#include "netpoll/reactor.h"
#include "netpoll/timer_queue.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

class timer_wait final : public netpoll::waiter {
 public:
  timer_wait(netpoll::reactor& reactor, netpoll::timer_queue::entry& timer,
             netpoll::nanotime when) noexcept
      : reactor_(reactor), timer_(timer), when_(when) {}

  bool commit() noexcept override {
    reactor_.add_waiter(timer_, *this, when_);
    return true;
  }
  // Once more, by the one who was resumed.
  void wait_anew(netpoll::nanotime when) noexcept {
    when_ = when;
    forget_reason();
    commit();
  }
  bool withdraw() noexcept override { return reactor_.timers().remove_waiter(timer_, *this); }
  // A thread keeps the time itself: nobody may be running the reactor.
  self_service begin_self_service() noexcept override {
    return {.fd = -1, .events = 0, .until = when_, .keeps_time = true};
  }
  void describe(netpoll::description& into) const noexcept override {
    into << "timer, ends"
         << netpoll::in_time{netpoll::add_saturated(when_, -netpoll::clock::now())};
  }

 private:
  netpoll::reactor& reactor_;
  netpoll::timer_queue::entry& timer_;
  netpoll::nanotime when_;
};

}  // namespace NET_NAMESPACE::internal
