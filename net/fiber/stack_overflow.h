// SPDX-License-Identifier: BSL-1.0
//
// Says which fiber ran out of stack, and how large its stack was, where otherwise there would only
// be a segmentation fault.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// Installs the SIGSEGV and SIGBUS handler of the process, once, and an alternate signal stack for
// the calling thread, once per thread. A fault outside a fiber's guard goes to whatever handled the
// signal before. Cheap when already done.
void install_overflow_handler() noexcept;

}  // namespace NET_NAMESPACE::internal
