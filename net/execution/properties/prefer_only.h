// SPDX-License-Identifier: BSL-1.0
//
// prefer_only<Property> is a property that can be preferred and queried as Property can, but not
// required. In the list of a type erased executor it names what is used where it is there and not
// missed where it is not.
//
//   using erased = net::execution::any_executor<
//       net::execution::prefer_only<net::execution::relationship_t::continuation_t>>;
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Property>
struct erased_result_of {};
template <typename Property>
requires requires { typename Property::polymorphic_query_result_type; }
struct erased_result_of<Property> {
  using polymorphic_query_result_type = typename Property::polymorphic_query_result_type;
};

}  // namespace internal

namespace execution {

template <typename InnerProperty>
struct prefer_only : internal::erased_result_of<InnerProperty> {
  static constexpr bool is_requirable = false;
  static constexpr bool is_preferable = internal::preferable<InnerProperty>;

  InnerProperty property;

  constexpr prefer_only(const InnerProperty& inner) : property(inner) {}

  constexpr decltype(auto) value() const
      noexcept(noexcept(std::declval<const InnerProperty&>().value())) requires
      requires(const InnerProperty& inner) {
    inner.value();
  }
  { return property.value(); }

  template <typename T>
  requires(traits::static_query<T, InnerProperty>::is_valid) static constexpr const
      typename traits::static_query<T, InnerProperty>::result_type static_query_v =
          traits::static_query<T, InnerProperty>::value();

  // Each is for this very type, not for what converts to it.
  template <typename Executor, typename Property>
  requires(std::is_same_v<Property, InnerProperty>&& can_prefer<const Executor&, const InnerProperty&>::value) friend constexpr prefer_result_t<
      const Executor&,
      const InnerProperty&> prefer(const Executor& executor,
                                   const prefer_only<Property>&
                                       only) noexcept(is_nothrow_prefer<const Executor&,
                                                                        const InnerProperty&>::
                                                          value) {
    return NET_NAMESPACE::prefer(executor, only.property);
  }

  template <typename Executor, typename Property>
  requires(std::is_same_v<Property, InnerProperty>&& can_query<const Executor&, const InnerProperty&>::value) friend constexpr query_result_t<
      const Executor&,
      const InnerProperty&> query(const Executor& executor,
                                  const prefer_only<Property>&
                                      only) noexcept(is_nothrow_query<const Executor&,
                                                                      const InnerProperty&>::
                                                         value) {
    return NET_NAMESPACE::query(executor, only.property);
  }
};

}  // namespace execution

template <typename T, typename InnerProperty>
struct is_applicable_property<T, execution::prefer_only<InnerProperty>>
    : is_applicable_property<T, InnerProperty> {};

}  // namespace NET_NAMESPACE
