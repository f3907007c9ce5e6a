// SPDX-License-Identifier: BSL-1.0
//
// How a fiber waits, and everything that can end that: being resumed, a deadline, being cancelled,
// being unwound. The states are at park_word.
#include <exception>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/park_deadline.h"
#include "netpoll/base/asymmetric_fence.h"
#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

wait_result fiber_state::park(netpoll::waiter& what, netpoll::nanotime until, on_cancel how) {
  if (is_unwinding_) {
    return unwound();
  }
  heeds_cancel_ = how == on_cancel::stop_waiting && shields_ == 0;
  if (heeds_cancel_ && is_cancelled()) {
    return wait_result::cancelled;
  }
  if (until == netpoll::never) {
    park_once(what);
  } else if (netpoll::clock::now() >= until) {
    return wait_result::deadline;
  } else {
    park_deadline<fiber_state> limit(*this, until);
    deadline_ = &limit;
    park_once(what);
    deadline_ = nullptr;
    heeds_cancel_ = false;
    const wait_result outcome = outcome_;
    limit.settle();
    outcome_ = outcome;
  }
  return is_unwinding_ ? unwound() : outcome_;
}

// Destructors that wait while the stack is unwound cannot be thrown out of: they are told instead.
wait_result fiber_state::unwound() {
  if (std::uncaught_exceptions() == 0) {
    throw fiber_unwind{};
  }
  return wait_result::cancelled;
}

void fiber_state::park_once(netpoll::waiter& what) noexcept {
  what.set_resumer(*this);
  outcome_ = wait_result::resumed;
  fiber_host& host = *this_thread_state().host;
  if (host.self != nullptr) {
    since_.store(host.self->about_now(),
                 std::memory_order_relaxed);  // relaxed: nothing hangs on it
  }
  park_.begin(what);
  leave(departure::parked, host);
}

// By who runs after the fiber has left its stack. True: the fiber waits and may already be running
// elsewhere, so nothing of it may be touched. False: it has to go on.
bool fiber_state::commit_park() noexcept {
  netpoll::waiter& what = park_.begun();
  netpoll::light_fence();  // with cancel()
  if (heeds_cancel_ && is_cancelled()) {
    outcome_ = wait_result::cancelled;
  } else if (what.commit()) {
    activity_.store(activity::parked, std::memory_order_relaxed);  // relaxed: nothing hangs on it
    if (deadline_ != nullptr) {
      deadline_->arm();
    }
    return park_.publish(what) || !let_go(park_word::owner::committing);
  }
  park_.abandon();
  return false;
}

// Why the wait under way must end, or `resumed` if it need not. For who owns the fiber.
wait_result fiber_state::interruption() const noexcept {
  if (is_unwinding_ || (heeds_cancel_ && is_cancelled())) {
    return wait_result::cancelled;
  }
  return deadline_ != nullptr && deadline_->has_come() ? wait_result::deadline
                                                       : wait_result::resumed;
}

// Something that may end the wait has come: a deadline, a cancellation. The fiber must not be gone.
void fiber_state::interrupt() noexcept {
  if (park_.interrupt()) {
    let_go();
  }
}

bool fiber_state::let_go(park_word::owner own) noexcept {
  return park_.let_go(own, [this](netpoll::waiter& what) noexcept {
    const wait_result why = interruption();
    if (why == wait_result::resumed || !what.withdraw()) {
      return false;
    }
    outcome_ = why;
    return true;
  });
}

void fiber_state::resume(netpoll::waiter& what) noexcept {
  if (park_.resume(what)) {
    make_runnable();
  }
}

bool fiber_state::hold() noexcept { return park_.hold(); }

void fiber_state::let_go() noexcept {
  if (let_go(park_word::owner::held)) {
    make_runnable();
  }
}

bool fiber_state::waits_for_kernel() const noexcept { return park_.waiter().waits_for_kernel(); }

void fiber_state::describe_wait(netpoll::description& into) const noexcept {
  park_.waiter().describe(into);
  if (deadline_ != nullptr) {
    deadline_->describe(into);
  }
}

}  // namespace NET_NAMESPACE::internal
