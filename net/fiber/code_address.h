// SPDX-License-Identifier: BSL-1.0
//
// Where in which file an address of code is: what symbolize.h says without names, for those who
// must not allocate memory. `addr2line -Cfe server 0x1c2ae` makes a name and a line of it.
#pragma once

#include "netpoll/describe.h"

namespace netpoll {

// Puts in "0x7f0123401234 (server+0x1c2af)", or the address alone if it belongs to no file. Takes
// the lock of the dynamic loader: not for signal handlers.
void describe_code(text_writer& into, const void* return_address) noexcept;

}  // namespace netpoll
