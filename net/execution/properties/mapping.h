// SPDX-License-Identifier: BSL-1.0
//
// What functions are executed on.
//
//   net::query(executor, net::execution::mapping) == net::execution::mapping.thread
#pragma once

#include "net/config.h"
#include "net/execution/properties/enumerated_property.h"

namespace NET_NAMESPACE::execution {

struct mapping_t : internal::enumerated_property<mapping_t> {
  // Threads, each of which executes many functions.
  struct thread_t : internal::property_value<thread_t, mapping_t, 0, true, true> {};
  // A new thread for each function.
  struct new_thread_t : internal::property_value<new_thread_t, mapping_t, 1, true, true> {};
  // Something that is no std::thread, such as a fiber.
  struct other_t : internal::property_value<other_t, mapping_t, 2, true, true> {};

  using values = internal::property_values<thread_t, new_thread_t, other_t>;
  using internal::enumerated_property<mapping_t>::enumerated_property;

  static const thread_t thread;
  static const new_thread_t new_thread;
  static const other_t other;
};

inline constexpr mapping_t::thread_t mapping_t::thread{};
inline constexpr mapping_t::new_thread_t mapping_t::new_thread{};
inline constexpr mapping_t::other_t mapping_t::other{};
inline constexpr mapping_t mapping{};

}  // namespace NET_NAMESPACE::execution
