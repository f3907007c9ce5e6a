// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/owner.h"

#include <atomic>

#include "net/fiber/fiber_state.h"

namespace NET_NAMESPACE::internal {
namespace {

constinit std::atomic<owner_id> last_thread{0};

constinit thread_local owner_id this_thread = 0;

// Not inlined: the address of a thread-local must not be kept across a switch.
[[gnu::noinline]] owner_id current_thread() noexcept {
  asm volatile("" ::: "memory");
  if (this_thread == 0) [[unlikely]] {
    // relaxed: only has to be unique.
    this_thread = (last_thread.fetch_add(1, std::memory_order_relaxed) + 1) | thread_owner;
  }
  return this_thread;
}

}  // namespace

owner_id current_owner() noexcept {
  const fiber_state* const self = fiber_state::current();
  return self != nullptr ? self->id() : current_thread();
}

bool must_stop() noexcept {
  const fiber_state* const self = fiber_state::current();
  return self != nullptr && self->must_stop();
}

void describe_owner(netpoll::description& into, owner_id owner) noexcept {
  if ((owner & thread_owner) != 0) {
    into << " held by a thread";
  } else if (owner != 0) {
    into << " held by fiber " << owner;
  }
}

}  // namespace NET_NAMESPACE::internal
