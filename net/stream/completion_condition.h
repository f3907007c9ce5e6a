// SPDX-License-Identifier: BSL-1.0
//
// When a composed read or write is finished: a function object called with (error_code, bytes so
// far) that returns how many bytes the next step may transfer at most; 0 ends the operation.
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE {
namespace internal {

inline constexpr std::size_t largest_step_bytes = 65536;

}  // namespace internal

// Until all buffers are full, or an error.
struct transfer_all {
  std::size_t operator()(const error_code& ec, std::size_t) const noexcept {
    return ec ? 0 : internal::largest_step_bytes;
  }
};

// Until at least so many bytes.
class transfer_at_least {
 public:
  explicit transfer_at_least(std::size_t minimum) noexcept : minimum_(minimum) {}
  std::size_t operator()(const error_code& ec, std::size_t bytes) const noexcept {
    return ec || bytes >= minimum_ ? 0 : internal::largest_step_bytes;
  }

 private:
  std::size_t minimum_;
};

// Until exactly so many bytes.
class transfer_exactly {
 public:
  explicit transfer_exactly(std::size_t size) noexcept : size_(size) {}
  std::size_t operator()(const error_code& ec, std::size_t bytes) const noexcept {
    if (ec || bytes >= size_) {
      return 0;
    }
    const std::size_t left = size_ - bytes;
    return left < internal::largest_step_bytes ? left : internal::largest_step_bytes;
  }

 private:
  std::size_t size_;
};

}  // namespace NET_NAMESPACE
