// SPDX-License-Identifier: BSL-1.0
//
// net::require_concept(object, property) gives an object that satisfies another concept, which is how
// one kind of executor is turned into another. It looks where net::require() looks, for functions
// of its own name, and for `is_requirable_concept` in the property.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/property_chain.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

enum class require_concept_by { nothing, identity, member, free_function };

template <typename Property>
concept requirable_concept = requires {
  requires Property::is_requirable_concept;
};

template <typename T, typename Property>
constexpr require_concept_by choose_require_concept() {
  if constexpr (!is_applicable_property<std::decay_t<T>, std::decay_t<Property>>::value ||
                !requirable_concept<std::decay_t<Property>>) {
    return require_concept_by::nothing;
  } else if constexpr (traits::static_require_concept<T, Property>::is_valid) {
    return require_concept_by::identity;
  } else if constexpr (has_require_concept_member<T, Property>) {
    return require_concept_by::member;
  } else if constexpr (require_concept_free::exists<T, Property>) {
    return require_concept_by::free_function;
  } else {
    return require_concept_by::nothing;
  }
}

template <typename T, typename Property, require_concept_by = choose_require_concept<T, Property>()>
struct require_concept_call : no_call {};

template <typename T, typename Property>
struct require_concept_call<T, Property, require_concept_by::identity>
    : identity_call<T, Property> {};

template <typename T, typename Property>
struct require_concept_call<T, Property, require_concept_by::member>
    : require_concept_member_trait<T, Property> {
  using result_type = typename require_concept_member_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_concept_member_trait<T, Property>::is_noexcept) {
    return static_cast<T&&>(object).require_concept(static_cast<Property&&>(property));
  }
};

template <typename T, typename Property>
struct require_concept_call<T, Property, require_concept_by::free_function>
    : require_concept_free_trait<T, Property> {
  using result_type = typename require_concept_free_trait<T, Property>::result_type;
  static constexpr result_type call(T&& object, Property&& property) noexcept(
      require_concept_free_trait<T, Property>::is_noexcept) {
    return require_concept_free::call(static_cast<T&&>(object), static_cast<Property&&>(property));
  }
};

struct require_concept_function {
  template <typename T, typename Property>
  requires(require_concept_call<T, Property>::is_valid) [[nodiscard]] constexpr
      typename require_concept_call<T, Property>::result_type
      operator()(T&& object, Property&& property) const
      noexcept(require_concept_call<T, Property>::is_noexcept) {
    return require_concept_call<T, Property>::call(static_cast<T&&>(object),
                                                   static_cast<Property&&>(property));
  }
};

}  // namespace internal

inline constexpr internal::require_concept_function require_concept{};
using require_concept_t = internal::require_concept_function;

template <typename T, typename Property>
struct can_require_concept
    : std::bool_constant<internal::require_concept_call<T, Property>::is_valid> {};
template <typename T, typename Property>
inline constexpr bool can_require_concept_v = can_require_concept<T, Property>::value;

template <typename T, typename Property>
struct is_nothrow_require_concept
    : std::bool_constant<internal::require_concept_call<T, Property>::is_noexcept> {};
template <typename T, typename Property>
inline constexpr bool is_nothrow_require_concept_v = is_nothrow_require_concept<T, Property>::value;

template <typename T, typename Property>
struct require_concept_result {
  using type = typename internal::require_concept_call<T, Property>::result_type;
};
template <typename T, typename Property>
using require_concept_result_t = typename require_concept_result<T, Property>::type;

}  // namespace NET_NAMESPACE
