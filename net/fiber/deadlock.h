// SPDX-License-Identifier: BSL-1.0
//
// Tells fibers that wait for each other from fibers that wait for the world.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

class run_loop;

namespace internal {

// For the idle check of a run loop. If every fiber of `loop` is parked, none of them on the kernel,
// and no thread of the process but those that wait in the loop, or for its fibers, could wake one,
// prints that with all fibers and aborts.
void abort_if_deadlocked(run_loop& loop);

}  // namespace internal
}  // namespace NET_NAMESPACE
