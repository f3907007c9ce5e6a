// SPDX-License-Identifier: BSL-1.0
//
// What every fiber does, on standard error, whenever the process gets a signal: `kill -QUIT` of a
// server that hangs shows where.
//
//   net::dump_fibers_on_signal();          // SIGQUIT, which then does not end the process any more
//
// The handler only wakes a thread that was started for this and does nothing else. So it works
// while every thread that runs a context is stuck; not while all threads block the signal, nor when
// the allocator or the dynamic loader are what they are stuck in.
//
// Thread-safe.
#pragma once

#include <signal.h>

#include "net/config.h"

namespace NET_NAMESPACE {

// Catches the signal, in place of whatever did so before. Throws std::system_error when it cannot
// be caught, or when there can be no thread or no eventfd. Does nothing if it is caught already. In
// a child process that did not call exec() the signal does nothing.
void dump_fibers_on_signal(int signal = SIGQUIT);

// Gives the signal back to whatever caught it before dump_fibers_on_signal(). Dumps for signals
// that have come are written when this returns. Does nothing if the signal is not caught.
void stop_dumping_fibers_on_signal(int signal = SIGQUIT);

}  // namespace NET_NAMESPACE
