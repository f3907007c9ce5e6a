// SPDX-License-Identifier: BSL-1.0
//
// net::prefer(object, property, ...) is net::require() for what is welcome but not needed: it tries
// to require each property, then the member function prefer(), then the free function prefer() that
// the arguments bring, and gives the object itself when there is none of these.
//
//   net::prefer(executor, net::execution::relationship.continuation).execute(f);
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/property_chain.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

enum class prefer_by {
  nothing,
  identity,
  require_member,
  require_free,
  prefer_member,
  prefer_free
};

template <typename Property>
concept preferable = requires {
  requires Property::is_preferable;
};

template <typename T, typename Property>
constexpr prefer_by choose_prefer() {
  if constexpr (!is_applicable_property<std::decay_t<T>, std::decay_t<Property>>::value ||
                !preferable<std::decay_t<Property>>) {
    return prefer_by::nothing;
  } else if constexpr (traits::static_require<T, Property>::is_valid) {
    return prefer_by::identity;
  } else if constexpr (has_require_member<T, Property>) {
    return prefer_by::require_member;
  } else if constexpr (require_free::exists<T, Property>) {
    return prefer_by::require_free;
  } else if constexpr (has_prefer_member<T, Property>) {
    return prefer_by::prefer_member;
  } else if constexpr (prefer_free::exists<T, Property>) {
    return prefer_by::prefer_free;
  } else {
    return prefer_by::identity;
  }
}

template <typename T, typename Property, prefer_by = choose_prefer<T, Property>()>
struct prefer_call : no_call {};

template <typename T, typename Property>
struct prefer_call<T, Property, prefer_by::identity> : identity_call<T, Property> {};

template <typename T, typename Property>
struct prefer_call<T, Property, prefer_by::require_member> : require_member_trait<T, Property> {
  using result_type = typename require_member_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_member_trait<T, Property>::is_noexcept) {
    return static_cast<T&&>(object).require(static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct prefer_call<T, Property, prefer_by::require_free> : require_free_trait<T, Property> {
  using result_type = typename require_free_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_free_trait<T, Property>::is_noexcept) {
    return require_free::call(static_cast<T&&>(object), static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct prefer_call<T, Property, prefer_by::prefer_member> : prefer_member_trait<T, Property> {
  using result_type = typename prefer_member_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      prefer_member_trait<T, Property>::is_noexcept) {
    return static_cast<T&&>(object).prefer(static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct prefer_call<T, Property, prefer_by::prefer_free> : prefer_free_trait<T, Property> {
  using result_type = typename prefer_free_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      prefer_free_trait<T, Property>::is_noexcept) {
    return prefer_free::call(static_cast<T&&>(object), static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
using prefer_step = prefer_call<T, Property>;

template <typename T, typename... Properties>
using prefer_chain = property_chain<prefer_step, T, Properties...>;

struct prefer_function {
  template <typename T, typename... Properties>
  requires(prefer_chain<T, Properties...>::is_valid) [[nodiscard]] constexpr
      typename prefer_chain<T, Properties...>::result_type
      operator()(T&& object, Properties&&... properties) const
      noexcept(prefer_chain<T, Properties...>::is_noexcept) {
    return prefer_chain<T, Properties...>::call(static_cast<T&&>(object),
                                                static_cast<Properties&&>(properties)...);
  }
};

}  // namespace internal

inline constexpr internal::prefer_function prefer{};
using prefer_t = internal::prefer_function;

template <typename T, typename... Properties>
struct can_prefer : std::bool_constant<internal::prefer_chain<T, Properties...>::is_valid> {};
template <typename T, typename... Properties>
inline constexpr bool can_prefer_v = can_prefer<T, Properties...>::value;

template <typename T, typename... Properties>
struct is_nothrow_prefer
    : std::bool_constant<internal::prefer_chain<T, Properties...>::is_noexcept> {};
template <typename T, typename... Properties>
inline constexpr bool is_nothrow_prefer_v = is_nothrow_prefer<T, Properties...>::value;

template <typename T, typename... Properties>
struct prefer_result {
  using type = typename internal::prefer_chain<T, Properties...>::result_type;
};
template <typename T, typename... Properties>
using prefer_result_t = typename prefer_result<T, Properties...>::type;

}  // namespace NET_NAMESPACE
