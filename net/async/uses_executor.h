// SPDX-License-Identifier: BSL-1.0
//
// Constructors that take an executor before their other arguments: `executor_arg` announces it, and
// a specialisation of uses_executor says that a type has such constructors. bind_executor() then
// constructs what it binds with the executor.
#pragma once

#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE {

struct executor_arg_t {
  constexpr executor_arg_t() noexcept = default;
};
inline constexpr executor_arg_t executor_arg;

template <typename T, typename Executor>
struct uses_executor : std::false_type {};

}  // namespace NET_NAMESPACE
