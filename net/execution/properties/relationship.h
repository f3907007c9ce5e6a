// SPDX-License-Identifier: BSL-1.0
//
// Whether what is executed continues what its caller is doing, so it may be kept for this thread
// until the caller is done, or is new work beside it.
//
//   net::prefer(executor, net::execution::relationship.continuation).execute(next_step);
#pragma once

#include "net/config.h"
#include "net/execution/properties/enumerated_property.h"

namespace NET_NAMESPACE::execution {

struct relationship_t : internal::enumerated_property<relationship_t> {
  // Work of its own.
  struct fork_t : internal::property_value<fork_t, relationship_t, 0, true, true> {};
  // The caller's next step.
  struct continuation_t : internal::property_value<continuation_t, relationship_t, 1, true, true> {
  };

  using values = internal::property_values<fork_t, continuation_t>;
  using internal::enumerated_property<relationship_t>::enumerated_property;

  static const fork_t fork;
  static const continuation_t continuation;
};

inline constexpr relationship_t::fork_t relationship_t::fork{};
inline constexpr relationship_t::continuation_t relationship_t::continuation{};
inline constexpr relationship_t relationship{};

}  // namespace NET_NAMESPACE::execution
