// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/wait.h"

#include "net/fiber/fiber_state.h"
#include "netpoll/thread_parker.h"

namespace NET_NAMESPACE {

bool on_fiber() noexcept { return internal::fiber_state::current() != nullptr; }

wait_result wait_for(netpoll::waiter& who, netpoll::nanotime until, on_cancel how) {
  if (internal::fiber_state* const self = internal::fiber_state::current()) {
    return self->park(who, until, how);
  }
  if (until != netpoll::never && netpoll::clock::now() >= until) {
    return wait_result::deadline;
  }
  return netpoll::thread_parker::current().park(who, until) ? wait_result::resumed
                                                            : wait_result::deadline;
}

void perform(netpoll::io_request& request, const netpoll::fd& target) {
  const internal::fiber_state* const self = internal::fiber_state::current();
  if (self == nullptr) {
    request.keep_time_yourself();
  }
  // Also when the fiber is unwound out of the wait: the direction must not stay owned.
  struct give_up {
    netpoll::io_request& request;
    ~give_up() { request.abandon(); }  // does nothing to one that is finished
  } const at_end{request};
  request.start(target);
  if (self != nullptr && self->must_stop()) {
    return;
  }
  while (request.advance() == netpoll::io_request::step::wait) {
    if (wait_for(request) != wait_result::resumed) {
      request.abandon();
    }
  }
}

}  // namespace NET_NAMESPACE
