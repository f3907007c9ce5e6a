// SPDX-License-Identifier: BSL-1.0
//
// net::query(object, property) asks an object for the value of a property: what is known at compile
// time, else the member function query(), else the free function query() that the arguments bring.
//
//   net::execution_context& context = net::query(executor, net::execution::context);
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

enum class query_by { nothing, static_value, member, free_function };

template <typename T, typename Property>
constexpr query_by choose_query() {
  if constexpr (!is_applicable_property<std::decay_t<T>, std::decay_t<Property>>::value) {
    return query_by::nothing;
  } else if constexpr (traits::static_query<T, Property>::is_valid) {
    return query_by::static_value;
  } else if constexpr (has_query_member<T, Property>) {
    return query_by::member;
  } else if constexpr (query_free::exists<T, Property>) {
    return query_by::free_function;
  } else {
    return query_by::nothing;
  }
}

template <typename T, typename Property, query_by = choose_query<T, Property>()>
struct query_call {
  static constexpr bool is_valid = false;
  static constexpr bool is_noexcept = false;
  using result_type = void;
};

template <typename T, typename Property>
struct query_call<T, Property, query_by::static_value> {
  static constexpr bool is_valid = true;
  static constexpr bool is_noexcept = traits::static_query<T, Property>::is_noexcept;
  using result_type = typename traits::static_query<T, Property>::result_type;
  static constexpr result_type call(T&&, Property&&) noexcept(is_noexcept) {
    return traits::static_query<std::decay_t<T>, std::decay_t<Property>>::value();
  }
};

template <typename T, typename Property>
struct query_call<T, Property, query_by::member> : query_member_trait<T, Property> {
  using result_type = typename query_member_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      query_member_trait<T, Property>::is_noexcept) {
    return static_cast<T&&>(object).query(static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct query_call<T, Property, query_by::free_function> : query_free_trait<T, Property> {
  using result_type = typename query_free_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      query_free_trait<T, Property>::is_noexcept) {
    return query_free::call(static_cast<T&&>(object), static_cast<Property&&>(property));
  }
};

struct query_function {
  template <typename T, typename Property>
  requires(query_call<T, Property>::is_valid) [[nodiscard]] constexpr
      typename query_call<T, Property>::result_type
      operator()(T&& object, Property&& property) const
      noexcept(query_call<T, Property>::is_noexcept) {
    return query_call<T, Property>::call(static_cast<T&&>(object),
                                         static_cast<Property&&>(property));
  }
};

}  // namespace internal

inline constexpr internal::query_function query{};
using query_t = internal::query_function;

template <typename T, typename Property>
struct can_query : std::bool_constant<internal::query_call<T, Property>::is_valid> {};
template <typename T, typename Property>
inline constexpr bool can_query_v = can_query<T, Property>::value;

template <typename T, typename Property>
struct is_nothrow_query : std::bool_constant<internal::query_call<T, Property>::is_noexcept> {};
template <typename T, typename Property>
inline constexpr bool is_nothrow_query_v = is_nothrow_query<T, Property>::value;

template <typename T, typename Property>
struct query_result {
  using type = typename internal::query_call<T, Property>::result_type;
};
template <typename T, typename Property>
using query_result_t = typename query_result<T, Property>::type;

}  // namespace NET_NAMESPACE
