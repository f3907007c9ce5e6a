// SPDX-License-Identifier: BSL-1.0
//
// How synchronous code waits, whatever it waits for: a fiber parks and lets its thread run
// something else; a plain thread blocks. All that blocks in this library blocks here.
#pragma once

#include <cstdint>

#include "net/config.h"
#include "netpoll/base/clock.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE {

enum class wait_result : std::uint8_t {
  resumed,    // it was resumed, or had nothing to wait for: look again at what was waited for
  deadline,   // the time came first; the waiter is not published any more
  cancelled,  // the fiber was cancelled, or is being unwound; likewise
};

// Whether a wait ends when its fiber is cancelled.
enum class on_cancel : std::uint8_t { stop_waiting, ignore };

// Commits `who` and waits until it is resumed, `until` has come or the fiber is cancelled; with an
// `until` in the past, or already cancelled, `who` is not committed at all. On a plain thread
// nothing is ever cancelled.
//
// When the fiber is being unwound because its context is destroyed it cannot wait any more,
// whatever `how` says: throws internal::fiber_unwind, or returns `cancelled` where an exception is
// in flight already.
wait_result wait_for(netpoll::waiter& who, netpoll::nanotime until = netpoll::never,
                     on_cancel how = on_cancel::stop_waiting);

// Does all of `request` on `target`, waiting as often as it takes. Its results are in the request.
// A fiber that is cancelled before the first try does not try.
void perform(netpoll::io_request& request, const netpoll::fd& target);

// Whether wait_for() will park a fiber. False on a plain thread.
bool on_fiber() noexcept;

}  // namespace NET_NAMESPACE
