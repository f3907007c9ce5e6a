// SPDX-License-Identifier: BSL-1.0
//
// The execution context that an executor belongs to, as a type of which one is sure; what a type
// erased executor, which cannot know the type, is asked for.
//
//   auto& context = net::query(executor, net::execution::context_as<net::execution_context&>);
#pragma once

#include <type_traits>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::execution {

template <typename T>
struct context_as_t {
  template <typename U>
  static constexpr bool is_applicable_property_v = is_executor<U>::value;
  static constexpr bool is_requirable = false;
  static constexpr bool is_preferable = false;
  using polymorphic_query_result_type = T;

  constexpr context_as_t() = default;
  constexpr context_as_t(context_t) noexcept {}

  template <typename E>
  requires(internal::has_static_query_member<E, context_t>) static constexpr const
      typename internal::query_static_constexpr_member_trait<E, context_t>::result_type
      static_query_v = internal::query_static_constexpr_member_trait<E, context_t>::value();

  template <typename Executor, typename U>
  requires(
      std::is_same_v<T, U>&& can_query<const Executor&, const context_t&>::value) friend constexpr U
      query(const Executor& executor, const context_as_t<U>&) noexcept(
          is_nothrow_query<const Executor&, const context_t&>::value) {
    return NET_NAMESPACE::query(executor, context);
  }
};

template <typename T>
inline constexpr context_as_t<T> context_as{};

}  // namespace NET_NAMESPACE::execution
