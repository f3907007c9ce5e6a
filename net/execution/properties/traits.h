// SPDX-License-Identifier: BSL-1.0
//
// What a type offers to the property functions: whether an expression is there, whether it can
// throw, and what it gives. Each trait has `is_valid`, `is_noexcept` and, when valid, `result_type`;
// the static ones give the value itself.
//
//   static_assert(net::traits::query_member<my_executor, net::execution::context_t>::is_valid);
//
// All is deduced from the types. net::query() and its like look at the types themselves, so nobody
// has to specialise anything here.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

struct no_expression {
  static constexpr bool is_valid = false;
  static constexpr bool is_noexcept = false;
};

template <typename Result, bool IsNoexcept>
struct an_expression {
  static constexpr bool is_valid = true;
  static constexpr bool is_noexcept = IsNoexcept;
  using result_type = Result;
};

// Members.

template <typename T, typename Property>
concept has_query_member = requires {
  std::declval<T>().query(std::declval<Property>());
};

template <typename T, typename Property>
concept has_require_member = requires {
  std::declval<T>().require(std::declval<Property>());
};

template <typename T, typename Property>
concept has_prefer_member = requires {
  std::declval<T>().prefer(std::declval<Property>());
};

template <typename T, typename Property>
concept has_require_concept_member = requires {
  std::declval<T>().require_concept(std::declval<Property>());
};

template <typename T, typename Function>
concept has_execute_member = requires {
  std::declval<T>().execute(std::declval<Function>());
};

template <typename T>
concept has_equality = requires {
  static_cast<bool>(std::declval<const T>() == std::declval<const T>());
  static_cast<bool>(std::declval<const T>() != std::declval<const T>());
};

// A static member function whose answer is known at compile time.
template <typename T, typename Property>
concept has_static_query_member = requires {
  typename std::bool_constant<(static_cast<void>(T::query(Property{})), true)>;
};

// Free functions that are found by their arguments only: each name is first declared as a function
// here, so the function objects of the same name are not found.

namespace query_free {
void query() = delete;
template <typename T, typename Property>
concept exists = requires {
  query(std::declval<T>(), std::declval<Property>());
};
template <typename T, typename Property>
constexpr decltype(auto) call(T&& object, Property&& property) noexcept(
    noexcept(query(static_cast<T&&>(object), static_cast<Property&&>(property)))) {
  return query(static_cast<T&&>(object), static_cast<Property&&>(property));
}
}  // namespace query_free

namespace require_free {
void require() = delete;
template <typename T, typename Property>
concept exists = requires {
  require(std::declval<T>(), std::declval<Property>());
};
template <typename T, typename Property>
constexpr decltype(auto) call(T&& object, Property&& property) noexcept(
    noexcept(require(static_cast<T&&>(object), static_cast<Property&&>(property)))) {
  return require(static_cast<T&&>(object), static_cast<Property&&>(property));
}
}  // namespace require_free

namespace prefer_free {
void prefer() = delete;
template <typename T, typename Property>
concept exists = requires {
  prefer(std::declval<T>(), std::declval<Property>());
};
template <typename T, typename Property>
constexpr decltype(auto) call(T&& object, Property&& property) noexcept(
    noexcept(prefer(static_cast<T&&>(object), static_cast<Property&&>(property)))) {
  return prefer(static_cast<T&&>(object), static_cast<Property&&>(property));
}
}  // namespace prefer_free

namespace require_concept_free {
void require_concept() = delete;
template <typename T, typename Property>
concept exists = requires {
  require_concept(std::declval<T>(), std::declval<Property>());
};
template <typename T, typename Property>
constexpr decltype(auto) call(T&& object, Property&& property) noexcept(
    noexcept(require_concept(static_cast<T&&>(object), static_cast<Property&&>(property)))) {
  return require_concept(static_cast<T&&>(object), static_cast<Property&&>(property));
}
}  // namespace require_concept_free

template <typename T>
inline constexpr bool is_decayed_v = std::is_same_v<T, std::decay_t<T>>;

}  // namespace internal

namespace traits {

template <typename T, typename Property, typename = void>
struct query_member;
template <typename T, typename Property, typename = void>
struct query_free;
template <typename T, typename Property, typename = void>
struct query_static_constexpr_member;
template <typename T, typename Property, typename = void>
struct static_query;
template <typename T, typename Property, typename = void>
struct require_member;
template <typename T, typename Property, typename = void>
struct require_free;
template <typename T, typename Property, typename = void>
struct static_require;
template <typename T, typename Property, typename = void>
struct prefer_member;
template <typename T, typename Property, typename = void>
struct prefer_free;
template <typename T, typename Property, typename = void>
struct require_concept_member;
template <typename T, typename Property, typename = void>
struct require_concept_free;
template <typename T, typename Property, typename = void>
struct static_require_concept;
template <typename T, typename Function, typename = void>
struct execute_member;
template <typename T, typename = void>
struct equality_comparable;

}  // namespace traits

namespace internal {

template <typename T, typename Property>
struct query_member_trait : no_expression {};
template <typename T, typename Property>
requires has_query_member<T, Property>
struct query_member_trait<T, Property>
    : an_expression<decltype(std::declval<T>().query(std::declval<Property>())),
                    noexcept(std::declval<T>().query(std::declval<Property>()))> {
};

template <typename T, typename Property>
struct require_member_trait : no_expression {};
template <typename T, typename Property>
requires has_require_member<T, Property>
struct require_member_trait<T, Property>
    : an_expression<decltype(std::declval<T>().require(std::declval<Property>())),
                    noexcept(std::declval<T>().require(std::declval<Property>()))> {
};

template <typename T, typename Property>
struct prefer_member_trait : no_expression {};
template <typename T, typename Property>
requires has_prefer_member<T, Property>
struct prefer_member_trait<T, Property>
    : an_expression<decltype(std::declval<T>().prefer(std::declval<Property>())),
                    noexcept(std::declval<T>().prefer(std::declval<Property>()))> {
};

template <typename T, typename Property>
struct require_concept_member_trait : no_expression {};
template <typename T, typename Property>
requires has_require_concept_member<T, Property>
struct require_concept_member_trait<T, Property>
    : an_expression<decltype(std::declval<T>().require_concept(std::declval<Property>())),
                    noexcept(std::declval<T>().require_concept(std::declval<Property>()))> {
};

template <typename T, typename Function>
struct execute_member_trait : no_expression {};
template <typename T, typename Function>
requires has_execute_member<T, Function>
struct execute_member_trait<T, Function>
    : an_expression<decltype(std::declval<T>().execute(std::declval<Function>())),
                    noexcept(std::declval<T>().execute(std::declval<Function>()))> {
};

template <typename T>
struct equality_comparable_trait : no_expression {};
template <typename T>
requires has_equality<T>
struct equality_comparable_trait<T>
    : an_expression<bool, noexcept(std::declval<const T>() == std::declval<const T>())&& noexcept(
                              std::declval<const T>() != std::declval<const T>())> {
};

template <typename T, typename Property>
struct query_free_trait : no_expression {};
template <typename T, typename Property>
requires query_free::exists<T, Property>
struct query_free_trait<T, Property>
    : an_expression<decltype(query_free::call(std::declval<T>(), std::declval<Property>())),
                    noexcept(query_free::call(std::declval<T>(), std::declval<Property>()))> {
};

template <typename T, typename Property>
struct require_free_trait : no_expression {};
template <typename T, typename Property>
requires require_free::exists<T, Property>
struct require_free_trait<T, Property>
    : an_expression<decltype(require_free::call(std::declval<T>(), std::declval<Property>())),
                    noexcept(require_free::call(std::declval<T>(), std::declval<Property>()))> {
};

template <typename T, typename Property>
struct prefer_free_trait : no_expression {};
template <typename T, typename Property>
requires prefer_free::exists<T, Property>
struct prefer_free_trait<T, Property>
    : an_expression<decltype(prefer_free::call(std::declval<T>(), std::declval<Property>())),
                    noexcept(prefer_free::call(std::declval<T>(), std::declval<Property>()))> {
};

template <typename T, typename Property>
struct require_concept_free_trait : no_expression {};
template <typename T, typename Property>
requires require_concept_free::exists<T, Property>
struct require_concept_free_trait<T, Property>
    : an_expression<
          decltype(require_concept_free::call(std::declval<T>(), std::declval<Property>())),
          noexcept(require_concept_free::call(std::declval<T>(), std::declval<Property>()))> {
};

// What is known without an object looks at the types as they are first, then at the decayed ones.

template <typename T, typename Property>
struct query_static_constexpr_member_trait : no_expression {};
template <typename T, typename Property>
requires has_static_query_member<T, Property>
struct query_static_constexpr_member_trait<T, Property>
    : an_expression<decltype(T::query(Property{})), noexcept(T::query(Property{}))> {
  static constexpr decltype(T::query(Property{})) value() noexcept(noexcept(T::query(Property{}))) {
    return T::query(Property{});
  }
};
template <typename T, typename Property>
requires(!has_static_query_member<T, Property> &&
         !(is_decayed_v<T> &&
           is_decayed_v<Property>)) struct query_static_constexpr_member_trait<T, Property>
    : traits::query_static_constexpr_member<std::decay_t<T>, std::decay_t<Property>> {
};

template <typename T, typename Property>
concept has_static_query_variable = requires {
  std::decay_t<Property>::template static_query_v<T>;
};

template <typename T, typename Property>
struct static_query_trait : no_expression {};
template <typename T, typename Property>
requires has_static_query_variable<T, Property>
struct static_query_trait<T, Property>
    : an_expression<decltype(std::decay_t<Property>::template static_query_v<T>), true> {
  using result_type = decltype(std::decay_t<Property>::template static_query_v<T>);
  static constexpr result_type value() noexcept {
    return std::decay_t<Property>::template static_query_v<T>;
  }
};
template <typename T, typename Property>
requires(!has_static_query_variable<T, Property> &&
         !(is_decayed_v<T> && is_decayed_v<Property>)) struct static_query_trait<T, Property>
    : traits::static_query<std::decay_t<T>, std::decay_t<Property>> {
};

// Whether T is known to have the property already.
template <typename T, typename Property>
concept has_statically = requires {
  typename std::enable_if_t<(std::decay_t<Property>::value() ==
                             traits::static_query<T, Property>::value())>;
};

struct has_it {
  static constexpr bool is_valid = true;
};
struct has_it_not {
  static constexpr bool is_valid = false;
};

template <typename T, typename Property>
struct static_require_trait : has_it_not {};
template <typename T, typename Property>
requires has_statically<T, Property>
struct static_require_trait<T, Property> : has_it {
};
template <typename T, typename Property>
requires(!has_statically<T, Property> &&
         !(is_decayed_v<T> && is_decayed_v<Property>)) struct static_require_trait<T, Property>
    : traits::static_require<std::decay_t<T>, std::decay_t<Property>> {
};

template <typename T, typename Property>
struct static_require_concept_trait : has_it_not {};
template <typename T, typename Property>
requires has_statically<T, Property>
struct static_require_concept_trait<T, Property> : has_it {
};
template <typename T, typename Property>
requires(!has_statically<T, Property> &&
         !(is_decayed_v<T> &&
           is_decayed_v<Property>)) struct static_require_concept_trait<T, Property>
    : traits::static_require_concept<std::decay_t<T>, std::decay_t<Property>> {
};

}  // namespace internal

namespace traits {

template <typename T, typename Property, typename>
struct query_member : internal::query_member_trait<T, Property> {};
template <typename T, typename Property, typename>
struct query_free : internal::query_free_trait<T, Property> {};
template <typename T, typename Property, typename>
struct query_static_constexpr_member : internal::query_static_constexpr_member_trait<T, Property> {
};
template <typename T, typename Property, typename>
struct static_query : internal::static_query_trait<T, Property> {};
template <typename T, typename Property, typename>
struct require_member : internal::require_member_trait<T, Property> {};
template <typename T, typename Property, typename>
struct require_free : internal::require_free_trait<T, Property> {};
template <typename T, typename Property, typename>
struct static_require : internal::static_require_trait<T, Property> {};
template <typename T, typename Property, typename>
struct prefer_member : internal::prefer_member_trait<T, Property> {};
template <typename T, typename Property, typename>
struct prefer_free : internal::prefer_free_trait<T, Property> {};
template <typename T, typename Property, typename>
struct require_concept_member : internal::require_concept_member_trait<T, Property> {};
template <typename T, typename Property, typename>
struct require_concept_free : internal::require_concept_free_trait<T, Property> {};
template <typename T, typename Property, typename>
struct static_require_concept : internal::static_require_concept_trait<T, Property> {};
template <typename T, typename Function, typename>
struct execute_member : internal::execute_member_trait<T, Function> {};
template <typename T, typename>
struct equality_comparable : internal::equality_comparable_trait<T> {};

}  // namespace traits
}  // namespace NET_NAMESPACE
