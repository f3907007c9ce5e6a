// SPDX-License-Identifier: BSL-1.0
//
// net::require(object, property, ...) gives an object like the given one that has the properties: the
// object itself if its type has them anyway, else what the member function require() makes, else
// what the free function require() that the arguments bring makes. A property that cannot be had is
// an error at compile time.
//
//   auto other = net::require(executor, net::execution::blocking.never,
//                             net::execution::outstanding_work.tracked);
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/property_chain.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

enum class require_by { nothing, identity, member, free_function };

template <typename Property>
concept requirable = requires {
  requires Property::is_requirable;
};

template <typename T, typename Property>
constexpr require_by choose_require() {
  if constexpr (!is_applicable_property<std::decay_t<T>, std::decay_t<Property>>::value ||
                !requirable<std::decay_t<Property>>) {
    return require_by::nothing;
  } else if constexpr (traits::static_require<T, Property>::is_valid) {
    return require_by::identity;
  } else if constexpr (has_require_member<T, Property>) {
    return require_by::member;
  } else if constexpr (require_free::exists<T, Property>) {
    return require_by::free_function;
  } else {
    return require_by::nothing;
  }
}

template <typename T, typename Property, require_by = choose_require<T, Property>()>
struct require_call : no_call {};

template <typename T, typename Property>
struct require_call<T, Property, require_by::identity> : identity_call<T, Property> {};

template <typename T, typename Property>
struct require_call<T, Property, require_by::member> : require_member_trait<T, Property> {
  using result_type = typename require_member_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_member_trait<T, Property>::is_noexcept) {
    return static_cast<T&&>(object).require(static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct require_call<T, Property, require_by::free_function> : require_free_trait<T, Property> {
  using result_type = typename require_free_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_free_trait<T, Property>::is_noexcept) {
    return require_free::call(static_cast<T&&>(object), static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
using require_step = require_call<T, Property>;

template <typename T, typename... Properties>
using require_chain = property_chain<require_step, T, Properties...>;

struct require_function {
  template <typename T, typename... Properties>
  requires(require_chain<T, Properties...>::is_valid) [[nodiscard]] constexpr
      typename require_chain<T, Properties...>::result_type
      operator()(T&& object, Properties&&... properties) const
      noexcept(require_chain<T, Properties...>::is_noexcept) {
    return require_chain<T, Properties...>::call(static_cast<T&&>(object),
                                                 static_cast<Properties&&>(properties)...);
  }
};

}  // namespace internal

inline constexpr internal::require_function require{};
using require_t = internal::require_function;

template <typename T, typename... Properties>
struct can_require : std::bool_constant<internal::require_chain<T, Properties...>::is_valid> {};
template <typename T, typename... Properties>
inline constexpr bool can_require_v = can_require<T, Properties...>::value;

template <typename T, typename... Properties>
struct is_nothrow_require
    : std::bool_constant<internal::require_chain<T, Properties...>::is_noexcept> {};
template <typename T, typename... Properties>
inline constexpr bool is_nothrow_require_v = is_nothrow_require<T, Properties...>::value;

template <typename T, typename... Properties>
struct require_result {
  using type = typename internal::require_chain<T, Properties...>::result_type;
};
template <typename T, typename... Properties>
using require_result_t = typename require_result<T, Properties...>::type;

}  // namespace NET_NAMESPACE
