// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/deadlock.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "net/execution/run_loop.h"
#include "net/fiber/dump.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/fiber_walk.h"
#include "netpoll/census.h"

namespace NET_NAMESPACE::internal {
namespace {

// Whether another thread may still do something. When that cannot be told, it may.
bool somebody_could_help(const run_loop& loop) noexcept {
  // One who stops standing by while threads are counted was woken by one who may be gone by then.
  const std::uint64_t bystanders = netpoll::bystander::word();
  const int threads = netpoll::thread_count();
  const int others = threads - static_cast<int>(loop.worker_count());
  return threads == 0 || others > netpoll::bystander::count() ||
         netpoll::bystander::word() != bystanders;
}

// How many fibers there are, if each is parked until another one does something; else 0.
std::size_t count_stuck(const run_loop& loop) {
  std::size_t count = 0;
  bool all_are_stuck = true;
  fiber_walk().go_on([&](fiber_state& each) {
    if (&each.loop() != &loop) {
      return true;  // nobody runs its context
    }
    const bool is_parked = each.hold();
    all_are_stuck = is_parked && !each.waits_for_kernel();
    if (is_parked) {
      each.let_go();
    }
    ++count;
    return all_are_stuck;
  });
  return all_are_stuck ? count : 0;
}

}  // namespace

void abort_if_deadlocked(run_loop& loop) {
  const run_loop::totals before = loop.counts();
  const std::size_t count = count_stuck(loop);
  // While one fiber was looked at another may have gone on, woken by a thread that waits by now.
  if (count == 0 || somebody_could_help(loop) || !loop.has_slept_since(before)) {
    return;
  }
  std::cerr << "netpoll: deadlock: all " << count
            << " fibers of the context wait for each other, and nothing else could wake them (see "
               "io_context::detect_deadlock)\n";
  dump_fibers(std::cerr);
  std::cerr.flush();
  std::abort();
}

}  // namespace NET_NAMESPACE::internal
