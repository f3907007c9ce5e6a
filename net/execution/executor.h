// SPDX-License-Identifier: BSL-1.0
//
// What an executor is: a value that is copied and compared without exceptions, and whose execute(f)
// arranges for f() to be called. Everything else about it is a property, see net/execution/properties.
//
//   template <net::execution::executor Executor> void run_on(const Executor& executor);
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/invocable_archetype.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {
namespace internal {

// execute() is looked at first: most types that are no executor end here.
template <typename T, typename Function>
concept executor_of = has_execute_member<std::add_const_t<T>, Function> &&
                      std::is_invocable_v < std::decay_t<Function>
& > &&std::is_constructible_v<std::decay_t<Function>,
                              Function>&& std::is_move_constructible_v<std::decay_t<Function>>&&
        std::is_nothrow_copy_constructible_v<T>&& std::is_nothrow_destructible_v<T>&&
            traits::equality_comparable<T>::is_valid&& traits::equality_comparable<T>::is_noexcept;

}  // namespace internal

namespace execution {

template <typename T>
struct is_executor : std::bool_constant<internal::executor_of<T, invocable_archetype>> {};

template <typename T>
inline constexpr bool is_executor_v = is_executor<T>::value;

template <typename T>
concept executor = is_executor<T>::value;

}  // namespace execution
}  // namespace NET_NAMESPACE
