// SPDX-License-Identifier: BSL-1.0
//
// The execution context that an executor belongs to.
//
//   net::execution_context& context = net::query(executor, net::execution::context);
#pragma once

#include <any>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::execution {

struct context_t {
  template <typename T>
  static constexpr bool is_applicable_property_v = is_executor<T>::value;
  static constexpr bool is_requirable = false;
  static constexpr bool is_preferable = false;
  using polymorphic_query_result_type = std::any;

  template <typename T>
  requires(internal::has_static_query_member<T, context_t>) static constexpr const
      typename internal::query_static_constexpr_member_trait<T, context_t>::result_type
      static_query_v = internal::query_static_constexpr_member_trait<T, context_t>::value();
};

inline constexpr context_t context{};

}  // namespace NET_NAMESPACE::execution
