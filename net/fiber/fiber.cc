// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber.h"

#include <thread>

namespace NET_NAMESPACE::this_fiber {

void yield() {
  if (internal::fiber_state* const self = internal::fiber_state::current()) {
    self->yield();
  } else {
    std::this_thread::yield();
  }
}

std::uint64_t get_id() noexcept {
  const internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr ? self->id() : 0;
}

}  // namespace NET_NAMESPACE::this_fiber
