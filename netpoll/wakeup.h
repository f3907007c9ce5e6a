// SPDX-License-Identifier: BSL-1.0
//
// A wakeup ends the sleep of the one thread that waits in epoll, from any other thread, by an
// eventfd that stands in the epoll set, level-triggered. Wake-ups coalesce: the eventfd is written
// only when the sleeper really sleeps, and once per sleep.
#pragma once

#include <cstdint>

#include "netpoll/base/atomic.h"
#include "netpoll/event_fd.h"

namespace netpoll {

class wakeup {
 public:
  // Creates the eventfd, in a child after a fork a new one, when nobody sleeps. Returns an errno
  // value.
  int open() noexcept {
    state_.store(state::awake, std::memory_order_seq_cst);
    return event_.open();
  }
  int number() const noexcept { return event_.number(); }

  // The sleeper is about to sleep. False: somebody notified since the last sleep, do not.
  bool begin_sleep() noexcept;
  // The sleeper is awake.
  void end_sleep() noexcept;
  // The eventfd became readable: makes it unreadable again. Called by the sleeper when awake.
  void drain() noexcept { event_.drain(); }

  // Ends the current sleep, or prevents the next one.
  void notify() noexcept;
  // Ends the current sleep if there is one. Enough for those whose news the sleeper reads after
  // begin_sleep(); both are sequentially consistent, so it sees the news or is seen asleep.
  void notify_if_asleep() noexcept;

  // Makes the eventfd readable, whatever the state.
  void signal() noexcept { event_.signal(); }

 private:
  //   awake    -> asleep    begin_sleep(), by the sleeper
  //   notified -> awake     begin_sleep(), which then reports false
  //   awake    -> notified  notify()
  //   asleep   -> notified  notify(), notify_if_asleep(): who made this step writes the eventfd
  //   any      -> awake     end_sleep(), open()
  enum class state : std::uint8_t { awake, asleep, notified };
  atomic<state> state_{state::awake};
  event_fd event_;
};

}  // namespace netpoll
