// SPDX-License-Identifier: BSL-1.0
//
// The executor that a handler wants to be called on. It says so by a nested executor_type with
// get_executor(), as what bind_executor() makes does, or somebody specialises the trait or
// `associator` for it. Who has none is called on the executor that is asked with, which is
// inline_executor if there is no other.
//
//   auto executor = net::get_associated_executor(handler, socket.get_executor());
#pragma once

#include <type_traits>

#include "net/async/association.h"
#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/executor.h"
#include "net/execution/inline_executor.h"
#include "net/execution/is_executor.h"

namespace NET_NAMESPACE {
namespace internal {

struct executor_property {
  template <typename T>
  using type_in = typename T::executor_type;

  template <typename T>
  static auto get(const T& object) noexcept -> decltype(object.get_executor()) {
    return object.get_executor();
  }

  template <typename T, typename Executor>
  struct otherwise {
    using asio_associated_executor_is_unspecialised = void;
    using type = Executor;
    static type get(const T&) noexcept { return type(); }
    static const type& get(const T&, const type& executor) noexcept { return executor; }
  };
};

// An executor of either style.
template <typename T>
concept some_executor = execution::is_executor<T>::value || is_executor<T>::value;
template <typename T>
concept context_type = std::is_convertible_v<T&, execution_context&>;

}  // namespace internal

template <typename T, typename Executor = inline_executor>
struct associated_executor
    : internal::association<associated_executor, internal::executor_property, T, Executor> {};

template <typename T, typename Executor = inline_executor>
using associated_executor_t = typename associated_executor<T, Executor>::type;

template <typename T>
[[nodiscard]] associated_executor_t<T> get_associated_executor(const T& object) noexcept {
  return associated_executor<T>::get(object);
}
template <typename T, internal::some_executor Executor>
[[nodiscard]] auto get_associated_executor(const T& object, const Executor& otherwise) noexcept
    -> decltype(associated_executor<T, Executor>::get(object, otherwise)) {
  return associated_executor<T, Executor>::get(object, otherwise);
}
template <typename T, internal::context_type Context>
[[nodiscard]] associated_executor_t<T, typename Context::executor_type> get_associated_executor(
    const T& object, Context& otherwise) noexcept {
  return associated_executor<T, typename Context::executor_type>::get(object,
                                                                      otherwise.get_executor());
}

namespace internal {

// Whether T has an executor of its own.
template <typename T, typename Executor>
concept has_own_executor = !requires {
  typename associated_executor<T, Executor>::asio_associated_executor_is_unspecialised;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
