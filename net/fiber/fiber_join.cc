// SPDX-License-Identifier: BSL-1.0
//
// Waiting for the end of a fiber. The states are at fiber_state::ending_.
#include <exception>
#include <utility>

#include "net/fiber/join_waiter.h"
#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

bool fiber_state::has_finished() const noexcept {
  return ending_.load(std::memory_order_acquire) == ended;
}

wait_result fiber_state::join(netpoll::nanotime until, on_cancel how) {
  while (!has_finished()) {
    join_waiter waiter(*this, current());
    wait_result result = wait_result::resumed;
    try {
      result = wait_for(waiter, until, how);
    } catch (const fiber_unwind&) {
      detach();
      throw;
    }
    if (result == wait_result::resumed) {
      continue;
    }
    if (const fiber_state* const self = current(); self != nullptr && self->is_unwinding_) {
      detach();  // nobody will run the other fiber for us
      return wait_result::resumed;
    }
    return result;
  }
  const std::exception_ptr error = std::move(error_);
  release();
  if (error) {
    std::rethrow_exception(error);
  }
  return wait_result::resumed;
}

void fiber_state::detach() noexcept {
  const word before = ending_.exchange(alone, std::memory_order_acq_rel);
  netpoll::check(before == owned || before == ended, "detach() of a fiber that is being joined");
  if (before == ended) {
    release();
  }
}

}  // namespace NET_NAMESPACE::internal
