// SPDX-License-Identifier: BSL-1.0
//
// Counts of what the fibers of a context have done so far.
//
//   const net::fiber_statistics now = net::get_fiber_statistics(context);
//
// Thread-safe. The counts are not taken all at one moment. What stacks take is in stack_settings.h.
#pragma once

#include <cstdint>

#include "net/config.h"
#include "net/execution/run_loop.h"

namespace NET_NAMESPACE {

struct fiber_statistics {
  std::uint64_t spawned = 0;
  std::uint64_t live = 0;      // spawned and not finished
  std::uint64_t parked = 0;    // of these, those that wait
  std::uint64_t switches = 0;  // turns that fibers were given
  std::uint64_t steals = 0;    // times that a thread took what another one had queued
  std::uint64_t wakes = 0;     // times that a sleeping thread was woken because there was work
};

namespace internal {
fiber_statistics get_statistics(run_loop& loop);
}

// Looks at each fiber of the process, to count those that are parked.
template <typename Context>
  requires requires(Context& context) { context.loop(); }
fiber_statistics get_fiber_statistics(Context& context) {
  return internal::get_statistics(context.loop());
}

}  // namespace NET_NAMESPACE
