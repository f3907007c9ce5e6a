// SPDX-License-Identifier: BSL-1.0
//
// Says which fiber ran out of stack, and how large its stack was, where otherwise there would only
// be a segmentation fault. That fault then takes its course: to a handler that was there before, or
// to the end of the process, with a core file that shows the deepest frame.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// Installs the handler of the process for SIGSEGV and SIGBUS, once, and an alternate signal stack
// for the calling thread, once per thread, unless it has one. Who installs a handler of his own
// later gets the faults, and no report is made unless he calls the one he replaced. Cheap when
// already done.
void install_overflow_handler() noexcept;

}  // namespace NET_NAMESPACE::internal
