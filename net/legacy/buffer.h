// SPDX-License-Identifier: BSL-1.0
//
// buffer_cast() and the sequences of one buffer; see net/legacy.h.
#pragma once

#include <cstddef>

#include "net/buffer/buffer.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Pointer>
[[deprecated("use data()")]] inline Pointer buffer_cast(const mutable_buffer& what) noexcept {
  return static_cast<Pointer>(what.data());
}
template <typename Pointer>
[[deprecated("use data()")]] inline Pointer buffer_cast(const const_buffer& what) noexcept {
  return static_cast<Pointer>(what.data());
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

// Buffers were no sequences of themselves.
class [[deprecated("use mutable_buffer")]] mutable_buffers_1 : public mutable_buffer {
 public:
  using value_type = mutable_buffer;
  using const_iterator = const mutable_buffer*;

  mutable_buffers_1(void* data, std::size_t size) noexcept : mutable_buffer(data, size) {}
  mutable_buffers_1(const mutable_buffer& what) noexcept : mutable_buffer(what) {}

  const_iterator begin() const noexcept { return this; }
  const_iterator end() const noexcept { return begin() + 1; }
};

class [[deprecated("use const_buffer")]] const_buffers_1 : public const_buffer {
 public:
  using value_type = const_buffer;
  using const_iterator = const const_buffer*;

  const_buffers_1(const void* data, std::size_t size) noexcept : const_buffer(data, size) {}
  const_buffers_1(const const_buffer& what) noexcept : const_buffer(what) {}
  const_buffers_1(const mutable_buffer& what) noexcept : const_buffer(what) {}

  const_iterator begin() const noexcept { return this; }
  const_iterator end() const noexcept { return begin() + 1; }
};

#pragma GCC diagnostic pop

}  // namespace NET_NAMESPACE
