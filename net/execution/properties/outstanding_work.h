// SPDX-License-Identifier: BSL-1.0
//
// Whether the executor itself counts as work, so that its context keeps running while it or a copy
// of it exists.
//
//   auto work = net::require(context.get_executor(), net::execution::outstanding_work.tracked);
#pragma once

#include "net/config.h"
#include "net/execution/properties/enumerated_property.h"

namespace NET_NAMESPACE::execution {

struct outstanding_work_t : internal::enumerated_property<outstanding_work_t> {
  // It does not count.
  struct untracked_t : internal::property_value<untracked_t, outstanding_work_t, 0, true, true> {};
  // It counts.
  struct tracked_t : internal::property_value<tracked_t, outstanding_work_t, 1, true, true> {};

  using values = internal::property_values<untracked_t, tracked_t>;
  using internal::enumerated_property<outstanding_work_t>::enumerated_property;

  static const untracked_t untracked;
  static const tracked_t tracked;
};

inline constexpr outstanding_work_t::untracked_t outstanding_work_t::untracked{};
inline constexpr outstanding_work_t::tracked_t outstanding_work_t::tracked{};
inline constexpr outstanding_work_t outstanding_work{};

}  // namespace NET_NAMESPACE::execution
