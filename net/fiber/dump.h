// SPDX-License-Identifier: BSL-1.0
//
// What every fiber of the process does right now: which it is, for how long it has been doing that,
// what it waits for, and where.
//
//   net::dump_fibers(std::cerr);
//
//   fiber 12 "session" [parked, 3.4 s]: read tcp 127.0.0.1:80->127.0.0.1:4000, deadline in 56 s
//       …
//       serve(net::conn&)+0x4f (server+0x1c2af)
//   fiber 13 [running]
//   2 fibers: 1 running, 0 ready, 1 parked
//
// A fiber is `created` until it runs first, `running` on a thread, `ready` when it waits for a
// thread to run it, else `parked`. Of a parked one the stack is shown, and of the one that calls;
// of others it changes while one looks. The fibers go on meanwhile: each is shown as it was at one
// moment, but not all at the same. A fiber that two look at at once is shown to one of them without
// what it waits for.
//
// Callable from any thread or fiber, running a context or not, but not from a signal handler: see
// dump_signal.h. Parked fibers are held up a few at a time, while their stacks are walked.
#pragma once

#include <iosfwd>

#include "net/config.h"

namespace NET_NAMESPACE {

void dump_fibers(std::ostream& out);

// To a file descriptor, without allocating memory, for a process that may be stuck doing that.
// Stacks are shown as addresses and places in files: "0x55d0c1a2b3c4 (server+0x1c2af)". What cannot
// be written is lost.
void dump_fibers(int fd) noexcept;

}  // namespace NET_NAMESPACE
