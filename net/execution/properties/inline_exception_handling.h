// SPDX-License-Identifier: BSL-1.0
//
// What becomes of an exception that leaves a function which execute() called before it returned.
//
//   auto strict = net::require(executor, net::execution::inline_exception_handling.terminate);
#pragma once

#include "net/config.h"
#include "net/execution/properties/enumerated_property.h"

namespace NET_NAMESPACE::execution {

struct inline_exception_handling_t : internal::enumerated_property<inline_exception_handling_t> {
  // It leaves execute().
  struct propagate_t
      : internal::property_value<propagate_t, inline_exception_handling_t, 0, true, true> {};
  // The executor keeps it, and its context throws it from where it runs functions.
  struct capture_t
      : internal::property_value<capture_t, inline_exception_handling_t, 1, true, false> {};
  // The program ends.
  struct terminate_t
      : internal::property_value<terminate_t, inline_exception_handling_t, 2, true, true> {};

  using values = internal::property_values<propagate_t, capture_t, terminate_t>;
  using internal::enumerated_property<inline_exception_handling_t>::enumerated_property;

  static const propagate_t propagate;
  static const capture_t capture;
  static const terminate_t terminate;
};

inline constexpr inline_exception_handling_t::propagate_t inline_exception_handling_t::propagate{};
inline constexpr inline_exception_handling_t::capture_t inline_exception_handling_t::capture{};
inline constexpr inline_exception_handling_t::terminate_t inline_exception_handling_t::terminate{};
inline constexpr inline_exception_handling_t inline_exception_handling{};

}  // namespace NET_NAMESPACE::execution
