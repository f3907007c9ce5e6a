// SPDX-License-Identifier: BSL-1.0
//
// Whether a type is an executor in the style of the Networking TS: with context(), the counting of
// work, and dispatch(), post() and defer() that take an allocator. net::execution::is_executor is
// about the other kind, the one with execute().
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/invocable_archetype.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T>
concept networking_ts_executor = std::is_class_v<T> &&
    requires(T& executor, execution::invocable_archetype function, std::allocator<void> allocator) {
  executor.context();
  executor.on_work_started();
  executor.on_work_finished();
  executor.dispatch(std::move(function), allocator);
  executor.post(std::move(function), allocator);
  executor.defer(std::move(function), allocator);
};

}  // namespace internal

template <typename T>
struct is_executor : std::bool_constant<internal::networking_ts_executor<T>> {};

}  // namespace NET_NAMESPACE
