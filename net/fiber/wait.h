// SPDX-License-Identifier: BSL-1.0
//
// How synchronous code waits, whatever it waits for: a fiber parks and lets its thread run
// something else; a plain thread blocks.
#pragma once

#include "net/config.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

// Commits `who` and waits until it is resumed, or until it is worth looking again. When the fiber
// is being unwound because its context is destroyed it cannot wait any more: throws
// internal::fiber_unwind, or returns false where an exception is in flight already. `who` is then
// not published.
bool wait_for(netpoll::waiter& who);

// Does all of `request` on `target`, waiting as often as it takes. Its results are in the request.
void perform(netpoll::io_request& request, const netpoll::fd& target);

// Whether wait_for() will park a fiber. False on a plain thread.
bool on_fiber() noexcept;

}  // namespace NET_NAMESPACE
