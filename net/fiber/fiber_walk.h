// SPDX-License-Identifier: BSL-1.0
//
// A fiber_walk goes through the fibers of all contexts of the process, one by one, while they run.
// It visits every fiber that is there from its beginning to its end.
//
//   fiber_walk walk;
//   while (walk.go_on([&](fiber_state& each) { …; return false; })) …
//
// Spawning and ending fibers cost no lock for that: a fiber that ends clears its place in the
// directory of stacks and then looks whether anybody is visiting; one who visits says so before he
// looks at the places. A walk is for one thread or fiber at a time; any number may be under way at
// once.
#pragma once

#include <atomic>

#include "net/config.h"
#include "net/fiber/stack.h"
#include "netpoll/base/asymmetric_fence.h"

namespace NET_NAMESPACE::internal {

class fiber_state;

class fiber_walk {
 public:
  fiber_walk() = default;
  fiber_walk(const fiber_walk&) = delete;
  fiber_walk& operator=(const fiber_walk&) = delete;

  // Calls visit(fiber_state&) for further fibers until it returns false; false when there are no
  // more.
  // A fiber does not end while it is visited. All that end wait meanwhile, so visit() must be
  // short; it must not switch fibers.
  template <typename Visit>
  bool go_on(Visit visit) {
    return go_on_with(
        [](void* context, fiber_state& each) { return (*static_cast<Visit*>(context))(each); },
        &visit);
  }

  // For a fiber that ends, between clearing its place and letting go of anything. Does not wait
  // unless somebody is visiting.
  static void let_visitors_leave() noexcept {
    netpoll::light_fence();  // with go_on_with()
    // acquire: what those who visited before have read is not overwritten before they have.
    if (is_visiting_.load(std::memory_order_acquire)) [[unlikely]] {
      wait_for_visitors();
    }
  }

 private:
  using visitor = bool (*)(void* context, fiber_state& each);
  bool go_on_with(visitor visit, void* context);
  static void wait_for_visitors() noexcept;

  static std::atomic<bool> is_visiting_;  // written by one at a time

  netpoll::stack_cursor cursor_;
};

}  // namespace NET_NAMESPACE::internal
