// SPDX-License-Identifier: BSL-1.0
//
// An inline_executor calls what it is given before execute() returns. It belongs to no context, and
// all of them are equal. What the function throws leaves execute(), or, if required, ends the
// program:
//
//   auto strict = net::require(net::inline_executor(),
//                              net::execution::inline_exception_handling.terminate);
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/inline_exception_handling.h"
#include "net/execution/properties/mapping.h"

namespace NET_NAMESPACE {
namespace internal {

// Calls the function as an rvalue of a copy of its own; what it throws goes where `Handling` says.
template <typename Handling, typename Function>
void call_inline(Function&& function) {
  using terminate = execution::inline_exception_handling_t::terminate_t;
  if constexpr (std::is_same_v<Handling, terminate>) {
    try {
      call_inline<void>(std::forward<Function>(function));
    } catch (...) {
      std::terminate();
    }
  } else if constexpr (std::is_lvalue_reference_v<Function> ||
                       std::is_const_v<std::remove_reference_t<Function>>) {
    std::decay_t<Function> mine(std::forward<Function>(function));
    std::move(mine)();
  } else {
    std::move(function)();
  }
}

}  // namespace internal

template <typename InlineExceptionHandling>
class basic_inline_executor {
 public:
  basic_inline_executor() noexcept = default;

  template <typename Function>
  void execute(Function&& function) const {
    internal::call_inline<InlineExceptionHandling>(std::forward<Function>(function));
  }

  basic_inline_executor<execution::inline_exception_handling_t::propagate_t> require(
      execution::inline_exception_handling_t::propagate_t) const noexcept {
    return {};
  }
  basic_inline_executor<execution::inline_exception_handling_t::terminate_t> require(
      execution::inline_exception_handling_t::terminate_t) const noexcept {
    return {};
  }

  static constexpr execution::mapping_t query(execution::mapping_t) noexcept {
    return execution::mapping.thread;
  }
  static constexpr execution::inline_exception_handling_t query(
      execution::inline_exception_handling_t) noexcept {
    return InlineExceptionHandling();
  }
  static constexpr execution::blocking_t query(execution::blocking_t) noexcept {
    return execution::blocking.always;
  }

  friend bool operator==(const basic_inline_executor&, const basic_inline_executor&) noexcept {
    return true;
  }
};

using inline_executor = basic_inline_executor<execution::inline_exception_handling_t::propagate_t>;

}  // namespace NET_NAMESPACE
