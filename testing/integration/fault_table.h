// SPDX-License-Identifier: BSL-1.0
//
// What the manual says each system call may report, and what the library makes of it: whether its
// user sees the error, and from which operation. A call that is added to netpoll::sys::call does
// not compile until it stands here.
#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "netpoll/base/syscall.h"

namespace nettest {

// Whether the user of the library is told.
enum class effect {
  masked,    // never: tried again, waited for, or of no consequence
  reported,  // always
  either,    // depends on which of the calls of the kind it hits
};

struct possible_error {
  int error = 0;
  effect seen = effect::reported;
};

// All that is to be tried. Left out are errors that only a program can cause that works on the
// library's descriptors behind its back, where the library aborts or cannot know; the table says
// which.
std::vector<possible_error> errors_of(netpoll::sys::call which);

// Whether the call moves bytes of a stream, so that it may move fewer than asked.
bool can_be_short(netpoll::sys::call which);

// The operations, as in op_error::operation(), that can be the first to report an error of the
// call. "context" is the construction of an io_context, "spawn" that of a fiber.
bool may_report(netpoll::sys::call which, std::string_view operation);

// Whether `shown` can be what the user is told when the call reports `error`.
bool may_show(netpoll::sys::call which, int error, const std::error_code& shown);

std::string name_of_error(int error);

}  // namespace nettest
