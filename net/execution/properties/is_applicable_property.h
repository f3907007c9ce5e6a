// SPDX-License-Identifier: BSL-1.0
//
// Whether a property means anything for a type: what the property says in its template variable
// `is_applicable_property_v<T>`, unless somebody specialises the trait. net::query(), net::require()
// and net::prefer() take part in overload resolution only if so.
#pragma once

#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T, typename Property>
concept property_applies_to = requires {
  requires Property::template is_applicable_property_v<T>;
};

}  // namespace internal

template <typename T, typename Property, typename = void>
struct is_applicable_property : std::bool_constant<internal::property_applies_to<T, Property>> {};

template <typename T, typename Property>
inline constexpr bool is_applicable_property_v = is_applicable_property<T, Property>::value;

}  // namespace NET_NAMESPACE
