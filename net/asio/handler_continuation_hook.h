// SPDX-License-Identifier: BSL-1.0
//
// <asio/handler_continuation_hook.hpp>: with an overload of this for its handler a program tells Asio
// that a handler continues the one that runs, which may then be queued more cheaply. Here an operation
// that continues another says so by itself, and nothing asks for overloads; they do no harm.
//
//   bool asio_handler_is_continuation(my_handler*) { return true; }
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

// What holds without an overload.
inline bool asio_handler_is_continuation(...) { return false; }

}  // namespace NET_NAMESPACE
