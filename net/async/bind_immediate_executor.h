// SPDX-License-Identifier: BSL-1.0
//
// bind_immediate_executor(executor, target): the target, a
// handler or a completion token, is called on that executor if its operation completes in the
// function that starts it.
//
//   timer.async_wait(net::bind_immediate_executor(net::inline_executor(), handler));
//   timer.async_wait(net::bind_immediate_executor(net::inline_executor()))(handler);
//
// A binder has the threads and the lifetime of its target.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/binder.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T, typename Executor>
class immediate_executor_binder : public internal::binder<immediate_executor_binder, T, Executor> {
 public:
  using immediate_executor_type = Executor;

  using internal::binder<immediate_executor_binder, T, Executor>::binder;

  immediate_executor_type get_immediate_executor() const noexcept { return this->bound(); }
};

template <typename Executor>
struct partial_immediate_executor_binder
    : internal::partial_binder<immediate_executor_binder, Executor> {
  using internal::partial_binder<immediate_executor_binder, Executor>::partial_binder;
};

template <typename Executor>
[[nodiscard]] partial_immediate_executor_binder<Executor> bind_immediate_executor(
    const Executor& executor) {
  return partial_immediate_executor_binder<Executor>(executor);
}
template <typename Executor, typename T>
[[nodiscard]] immediate_executor_binder<std::decay_t<T>, Executor> bind_immediate_executor(
    const Executor& executor, T&& target) {
  return {executor, std::forward<T>(target)};
}

}  // namespace NET_NAMESPACE
