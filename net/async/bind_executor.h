// SPDX-License-Identifier: BSL-1.0
//
// bind_executor(executor, target): the target, a handler or a completion token, wants to be called
// on that executor.
//
//   timer.async_wait(net::bind_executor(strand, [](std::error_code) { … }));
//   timer.async_wait(net::bind_executor(strand))([](std::error_code) { … });
//
// A target that says by uses_executor that it is constructed with an executor is. A binder has the
// threads and the lifetime of its target.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/binder.h"
#include "net/async/uses_executor.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T, typename Executor>
class executor_binder
    : public internal::binder<executor_binder, T, Executor, uses_executor<T, Executor>::value> {
  using base_type =
      internal::binder<executor_binder, T, Executor, uses_executor<T, Executor>::value>;

 public:
  using executor_type = Executor;

  using base_type::base_type;
  template <typename U>
  executor_binder(executor_arg_t, const executor_type& executor, U&& target)
      : base_type(executor, std::forward<U>(target)) {}

  executor_type get_executor() const noexcept { return this->bound(); }
};

template <typename T, typename Executor>
struct uses_executor<executor_binder<T, Executor>, Executor> : std::true_type {};

template <typename Executor>
struct partial_executor_binder : internal::partial_binder<executor_binder, Executor> {
  using internal::partial_binder<executor_binder, Executor>::partial_binder;
};

template <internal::some_executor Executor>
[[nodiscard]] partial_executor_binder<Executor> bind_executor(const Executor& executor) {
  return partial_executor_binder<Executor>(executor);
}
template <internal::some_executor Executor, typename T>
[[nodiscard]] executor_binder<std::decay_t<T>, Executor> bind_executor(const Executor& executor,
                                                                           T&& target) {
  return {executor_arg, executor, std::forward<T>(target)};
}
template <internal::context_type Context>
[[nodiscard]] partial_executor_binder<typename Context::executor_type> bind_executor(
    Context& context) {
  return partial_executor_binder<typename Context::executor_type>(context.get_executor());
}
template <internal::context_type Context, typename T>
[[nodiscard]] executor_binder<std::decay_t<T>, typename Context::executor_type> bind_executor(
    Context& context, T&& target) {
  return {executor_arg, context.get_executor(), std::forward<T>(target)};
}

}  // namespace NET_NAMESPACE
