// SPDX-License-Identifier: BSL-1.0
//
// The old way to wait until a socket is ready: a buffer sequence of nothing, given to an operation
// that would read or write. Kept for programs that still say so; wait() and async_wait() of sockets
// and descriptors are what to use.
#pragma once

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {

class [[deprecated("use wait() and async_wait() of the socket or descriptor")]] null_buffers {
 public:
  using value_type = mutable_buffer;
  using const_iterator = const mutable_buffer*;

  const_iterator begin() const noexcept { return nullptr; }
  const_iterator end() const noexcept { return nullptr; }
};

namespace internal {

// Whether who reads into or writes out of `Buffers` asks to wait instead.
template <typename Buffers>
inline constexpr bool is_null_buffers = false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
template <>
inline constexpr bool is_null_buffers<null_buffers> = true;
#pragma GCC diagnostic pop

}  // namespace internal
}  // namespace NET_NAMESPACE
