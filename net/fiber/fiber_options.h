// SPDX-License-Identifier: BSL-1.0
//
// What can be chosen for a fiber when it is spawned.
//
//   net::go({.stack_size = 64 * 1024, .name = "resolver"}, [] { … });
#pragma once

#include <cstddef>
#include <stop_token>

#include "net/config.h"

namespace NET_NAMESPACE {

struct fiber_options {
  // Bytes, rounded up, at least 16 KiB; 0 for the default of the process. Address space only:
  // memory is used as far as the stack really grows.
  std::size_t stack_size = 0;
  // Shown in dumps and when the fiber overflows its stack. Not copied: must outlive the fiber.
  const char* name = "";
  // Keeps the fiber on the first thread that runs it; see this_fiber::pin.
  bool pinned = false;
  // Cancels the fiber when a stop is requested.
  std::stop_token stop = {};
};

}  // namespace NET_NAMESPACE
