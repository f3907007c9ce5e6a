// SPDX-License-Identifier: BSL-1.0
//
// check(condition, what) stops the process when a rule of the API, or an invariant of the library
// itself, is broken. `what` says which rule, in words a caller can act on. It is for mistakes in
// programs only: anything the outside world can cause is an error code.
//
//   check(!joinable(), "fiber destroyed while joinable: call join() or detach() first");
//
// Thread-safe. Never returns when the condition is false, in every build mode.
#pragma once

namespace netpoll {

// Writes "netpoll: <what> (<file>:<line>)" to standard error and aborts.
[[noreturn]] void fail(const char* what, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) noexcept;

inline void check(bool condition, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) noexcept {
  if (!condition) [[unlikely]] {
    fail(what, file, line);
  }
}

}  // namespace netpoll
