// SPDX-License-Identifier: BSL-1.0
//
// How many functions an executor can be expected to run at the same time, such as the number of
// threads of a pool.
//
//   std::size_t pieces = net::query(executor, net::execution::occupancy);
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::execution {

struct occupancy_t {
  template <typename T>
  static constexpr bool is_applicable_property_v = is_executor<T>::value;
  static constexpr bool is_requirable = false;
  static constexpr bool is_preferable = false;
  using polymorphic_query_result_type = std::size_t;

  template <typename T>
  requires(internal::has_static_query_member<T, occupancy_t>) static constexpr const
      typename internal::query_static_constexpr_member_trait<T, occupancy_t>::result_type
      static_query_v = internal::query_static_constexpr_member_trait<T, occupancy_t>::value();
};

inline constexpr occupancy_t occupancy{};

}  // namespace NET_NAMESPACE::execution
