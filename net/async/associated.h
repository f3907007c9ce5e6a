// SPDX-License-Identifier: BSL-1.0
//
// What a handler asks of those who call it: the executor to be called on and the allocator for
// memory on its behalf. A handler type says so by a nested executor_type with get_executor(), or
// allocator_type with get_allocator(); or somebody specialises the trait for it.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T, typename Executor>
struct associated_executor {
  using asio_associated_executor_is_unspecialised = void;
  using type = Executor;
  static type get(const T&, const Executor& otherwise) noexcept { return otherwise; }
};

template <typename T, typename Executor>
  requires requires { typename T::executor_type; }
struct associated_executor<T, Executor> {
  using type = typename T::executor_type;
  static type get(const T& object, const Executor&) noexcept { return object.get_executor(); }
};

template <typename T, typename Executor>
using associated_executor_t = typename associated_executor<T, Executor>::type;

template <typename T, typename Executor>
associated_executor_t<T, Executor> get_associated_executor(const T& object,
                                                           const Executor& otherwise) noexcept {
  return associated_executor<T, Executor>::get(object, otherwise);
}

template <typename T, typename Allocator = std::allocator<void>>
struct associated_allocator {
  using type = Allocator;
  static type get(const T&, const Allocator& otherwise) noexcept { return otherwise; }
};

template <typename T, typename Allocator>
  requires requires { typename T::allocator_type; }
struct associated_allocator<T, Allocator> {
  using type = typename T::allocator_type;
  static type get(const T& object, const Allocator&) noexcept { return object.get_allocator(); }
};

template <typename T, typename Allocator = std::allocator<void>>
using associated_allocator_t = typename associated_allocator<T, Allocator>::type;

template <typename T, typename Allocator = std::allocator<void>>
associated_allocator_t<T, Allocator> get_associated_allocator(
    const T& object, const Allocator& otherwise = Allocator()) noexcept {
  return associated_allocator<T, Allocator>::get(object, otherwise);
}

namespace internal {

// Whether T asked for an executor of its own.
template <typename T, typename Executor>
concept has_own_executor = !requires {
  typename associated_executor<T, Executor>::asio_associated_executor_is_unspecialised;
};

}  // namespace internal

// A handler with an executor: what bind_executor() makes.
template <typename T, typename Executor>
class executor_binder {
 public:
  using target_type = T;
  using executor_type = Executor;

  template <typename U>
  executor_binder(const Executor& executor, U&& target)
      : executor_(executor), target_(std::forward<U>(target)) {}

  executor_type get_executor() const noexcept { return executor_; }
  T& get() noexcept { return target_; }
  const T& get() const noexcept { return target_; }

  template <typename... Args>
  decltype(auto) operator()(Args&&... args) {
    return target_(std::forward<Args>(args)...);
  }
  template <typename... Args>
  decltype(auto) operator()(Args&&... args) const {
    return target_(std::forward<Args>(args)...);
  }

 private:
  Executor executor_;
  T target_;
};

template <typename T, typename Executor, typename Allocator>
struct associated_allocator<executor_binder<T, Executor>, Allocator> {
  using type = associated_allocator_t<T, Allocator>;
  static type get(const executor_binder<T, Executor>& binder, const Allocator& otherwise) noexcept {
    return get_associated_allocator(binder.get(), otherwise);
  }
};

// Returns `target` wrapped so that it is called on `executor`.
template <typename Executor, typename T>
executor_binder<std::decay_t<T>, Executor> bind_executor(const Executor& executor, T&& target) {
  return {executor, std::forward<T>(target)};
}

}  // namespace NET_NAMESPACE
