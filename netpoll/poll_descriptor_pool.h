// SPDX-License-Identifier: BSL-1.0
//
// The pool of all poll_descriptors of the process. Its memory is type-stable: a poll_descriptor is
// reused, last freed first, but never given back, so whoever holds a stale pointer, index or timer
// still finds a poll_descriptor and can tell by generation or sequence that it is not his any more.
// Memory is bounded by the largest number of descriptors that were ever open at once.
//
// All members may be called from any thread.
#pragma once

#include <cstdint>

#include "netpoll/poll_descriptor.h"

namespace netpoll {

class poll_descriptor_pool {
 public:
  // Null when there is no memory.
  static poll_descriptor* acquire() noexcept;
  static void release(poll_descriptor& unused) noexcept;

  // The descriptor with that index, which must come from a poll_descriptor's tag.
  static poll_descriptor& at(std::uint32_t index) noexcept;
};

}  // namespace netpoll
