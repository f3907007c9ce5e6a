// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_walk.h"

#include <mutex>

#include "net/fiber/fiber_state.h"

namespace NET_NAMESPACE::internal {
namespace {

// Held by who visits.
constinit std::mutex visit_mutex;

}  // namespace

constinit std::atomic<bool> fiber_walk::is_visiting_{false};

void fiber_walk::wait_for_visitors() noexcept { const std::lock_guard lock(visit_mutex); }

bool fiber_walk::go_on_with(visitor visit, void* context) {
  struct visiting {
    std::lock_guard<std::mutex> lock{visit_mutex};
    visiting() noexcept {
      is_visiting_.store(true, std::memory_order_relaxed);  // relaxed: the fence
      netpoll::heavy_fence();                               // with let_visitors_leave()
    }
    // release: pairs with let_visitors_leave(). One that ends and still sees true waits for
    // nothing.
    ~visiting() { is_visiting_.store(false, std::memory_order_release); }
  } const guard;
  for (;;) {
    void* occupant = nullptr;
    const netpoll::stack place = cursor_.next(occupant);
    if (place.bottom == nullptr) {
      return false;
    }
    // relaxed: set before the occupant, which was acquired.
    if (place.header().kind.load(std::memory_order_relaxed) == &fiber_state::kind &&
        !visit(context, *static_cast<fiber_state*>(occupant))) {
      return true;
    }
  }
}

}  // namespace NET_NAMESPACE::internal
