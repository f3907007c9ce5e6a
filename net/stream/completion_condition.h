// SPDX-License-Identifier: BSL-1.0
//
// When a composed read or write is finished: a function object called with (error_code, bytes so
// far) that returns how many bytes the next step may transfer at most; 0 ends the operation. One
// that returns a bool says whether the operation is finished.
//
//   net::read(socket, net::buffer(data), net::transfer_at_least(16));
//   net::read(socket, net::buffer(data), [&](const net::error_code& ec, std::size_t n) {
//     return ec || n >= header_bytes;
//   });
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE {
namespace internal {

inline constexpr std::size_t largest_step_bytes = 65536;

template <typename T>
concept completion_condition = std::is_invocable_v<T, error_code, std::size_t> &&
    (std::same_as<std::invoke_result_t<T, error_code, std::size_t>, std::size_t> ||
     std::same_as<std::invoke_result_t<T, error_code, std::size_t>, bool>);

class until_all {
 public:
  using result_type = std::size_t;

  template <typename Error>
  std::size_t operator()(const Error& error, std::size_t) const {
    return !!error ? 0 : largest_step_bytes;
  }
};

class until_at_least {
 public:
  using result_type = std::size_t;

  explicit until_at_least(std::size_t minimum) noexcept : minimum_(minimum) {}
  template <typename Error>
  std::size_t operator()(const Error& error, std::size_t bytes) const {
    return !!error || bytes >= minimum_ ? 0 : largest_step_bytes;
  }

 private:
  std::size_t minimum_;
};

class until_exactly {
 public:
  using result_type = std::size_t;

  explicit until_exactly(std::size_t size) noexcept : size_(size) {}
  template <typename Error>
  std::size_t operator()(const Error& error, std::size_t bytes) const {
    if (!!error || bytes >= size_) {
      return 0;
    }
    const std::size_t left = size_ - bytes;
    return left < largest_step_bytes ? left : largest_step_bytes;
  }

 private:
  std::size_t size_;
};

// What a condition says, as a number of bytes.
template <typename Condition>
std::size_t ask(Condition& condition, const error_code& ec, std::size_t bytes) {
  if constexpr (std::is_same_v<decltype(condition(ec, bytes)), bool>) {
    return condition(ec, bytes) ? 0 : largest_step_bytes;
  } else {
    return condition(ec, bytes);
  }
}

}  // namespace internal

template <typename T>
struct is_completion_condition : std::bool_constant<internal::completion_condition<T>> {};

// Until all buffers are full, or an error.
inline internal::until_all transfer_all() noexcept { return {}; }
// Until at least so many bytes.
inline internal::until_at_least transfer_at_least(std::size_t minimum) noexcept {
  return internal::until_at_least(minimum);
}
// Until exactly so many bytes.
inline internal::until_exactly transfer_exactly(std::size_t size) noexcept {
  return internal::until_exactly(size);
}

}  // namespace NET_NAMESPACE
