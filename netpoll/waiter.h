// SPDX-License-Identifier: BSL-1.0
//
// A waiter is somebody who waits for one thing: readiness, a point in time, a lock. It is the whole
// contract between what knows when the thing happens and what knows how to wait, be it a fiber, a
// thread or a completion handler:
//
//   1. The one who waits names itself with set_resumer() and calls commit().
//   2. commit() false: nothing to wait for (any more), the waiter was not published. Go on at once.
//   3. commit() true: the waiter is published, and resume() is called on it exactly once, from any
//      thread, possibly before commit() has returned. Between commit() and resume() nobody may touch
//      the waiter but through withdraw().
//
// A fiber therefore commits from outside itself, when its registers are already saved.
#pragma once

#include <cstdint>

#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_queue.h"

namespace netpoll {

class description;
class waiter;
using waiter_queue = intrusive_queue<waiter>;

enum class wake_reason : std::uint8_t {
  ready,      // what was waited for may have happened: try
  deadline,   // a deadline passed
  closed,     // the descriptor is being closed
  cancelled,  // somebody cancelled the wait
};

// How one who waits is woken.
class resumer {
 public:
  // The wait of `who` is over. Called from any thread, without locks of netpoll held. It must not
  // wait for anything, nor close what was waited on: the one who calls may be inside a call on it.
  virtual void resume(waiter& who) noexcept = 0;

  // A deadline of what is waited for moved. Only those who keep the time themselves care.
  virtual void recheck() noexcept {}

 protected:
  ~resumer() = default;
};

// Aligned so that a word can hold the address of one and four bits.
class alignas(16) waiter : public intrusive_queue_node<waiter> {
 public:
  // Publishes the waiter; see above. Called by the one who waits.
  virtual bool commit() noexcept = 0;

  // Takes a published waiter back. True: it is out and nobody will resume it. False: somebody is
  // about to resume it or already has. May be called from any thread as long as the waiter lives.
  virtual bool withdraw() noexcept = 0;

  // What a thread can do that has nobody to run a reactor for it: poll(2) `fd` for `events`, until
  // `until`, and look again when it is told that times moved. `fd` is -1 when there is nothing to
  // poll. One who only waits for his turn keeps no time: it is his who has the turn.
  struct self_service {
    int fd = -1;
    short events = 0;
    nanotime until = never;
    bool keeps_time = false;
  };

  // A thread asks before it sleeps, and says afterwards whether poll found the descriptor ready.
  virtual self_service begin_self_service() noexcept { return {}; }
  virtual void end_self_service(bool /*fd_is_ready*/) noexcept {}

  // Says in a few words what is waited for: "read tcp 127.0.0.1:4000->127.0.0.1:80". Called on a
  // published waiter, from another thread than the one that waits, while somebody sees to it that
  // who waits does not go on, however it is resumed meanwhile: so the waiter stays alive, but
  // resume() and what leads to it may run at the same time. It may read only what is constant since
  // commit() or atomic, and must not allocate, nor wait for who waits.
  virtual void describe(description& into) const noexcept;

  // Whether the kernel may end the wait, and not only another thread of the process. Called as
  // describe() is.
  virtual bool waits_for_kernel() const noexcept { return false; }

  void set_resumer(resumer& who) noexcept { resumer_ = &who; }
  resumer* get_resumer() const noexcept { return resumer_; }

  // Called by the side that took the waiter out of where it was published. The waiter may be gone
  // when this returns.
  void resume(wake_reason why) noexcept {
    reason_ = why;
    resumer_->resume(*this);
  }

  // Why it was last resumed; `ready` before that.
  wake_reason reason() const noexcept { return reason_; }

 protected:
  // For a waiter that is used again.
  void forget_reason() noexcept { reason_ = wake_reason::ready; }

  waiter() = default;
  ~waiter() = default;
  waiter(const waiter&) = default;
  waiter& operator=(const waiter&) = default;

 private:
  resumer* resumer_ = nullptr;
  wake_reason reason_ = wake_reason::ready;
};

// Resumes all of `queue`, in order.
inline void resume_all(waiter_queue& queue, wake_reason why) noexcept {
  while (waiter* const who = queue.pop()) {
    who->resume(why);
  }
}

}  // namespace netpoll
