// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/statistics.h"

#include "net/fiber/fiber_state.h"
#include "net/fiber/fiber_walk.h"

namespace NET_NAMESPACE::internal {

fiber_statistics get_statistics(run_loop& loop) {
  const run_loop::totals counts = loop.counts();
  fiber_statistics result{.spawned = counts.fibers_spawned,
                          .live = counts.fibers_spawned - counts.fibers_finished,
                          .switches = counts.switches,
                          .steals = counts.steals,
                          .wakes = counts.wakes};
  fiber_walk().go_on([&](fiber_state& each) {
    result.parked += &each.loop() == &loop && each.doing() == fiber_state::activity::parked;
    return true;
  });
  return result;
}

}  // namespace NET_NAMESPACE::internal
