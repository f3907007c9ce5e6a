// SPDX-License-Identifier: BSL-1.0
//
// A work guard keeps a context's run functions from returning for lack of work.
//
//   auto guard = net::make_work_guard(context);
//   …
//   guard.reset();
//
// It is for executors of both models: those with on_work_started(), and those that can be preferred
// to have outstanding_work.tracked.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/submit_to.h"

namespace NET_NAMESPACE {

template <typename Executor>
class executor_work_guard {
 public:
  using executor_type = Executor;

  explicit executor_work_guard(const executor_type& executor) noexcept
      : executor_(executor), work_(tracked(executor)) {}
  executor_work_guard(const executor_work_guard& other) noexcept = default;
  executor_work_guard(executor_work_guard&& other) noexcept
      : executor_(std::move(other.executor_)), work_(std::move(other.work_)) {
    other.work_.reset();
  }
  executor_work_guard& operator=(const executor_work_guard&) = delete;
  ~executor_work_guard() = default;

  executor_type get_executor() const noexcept { return executor_; }
  bool owns_work() const noexcept { return work_.has_value(); }
  void reset() noexcept { work_.reset(); }

 private:
  static auto tracked(const executor_type& executor) noexcept {
    return NET_NAMESPACE::prefer(executor, execution::outstanding_work.tracked);
  }

  executor_type executor_;
  std::optional<std::decay_t<decltype(tracked(std::declval<const executor_type&>()))>> work_;
};

template <internal::ts_executor Executor>
class executor_work_guard<Executor> {
 public:
  using executor_type = Executor;

  explicit executor_work_guard(const executor_type& executor) noexcept : executor_(executor) {
    executor_.on_work_started();
  }
  executor_work_guard(const executor_work_guard& other) noexcept
      : executor_(other.executor_), owns_(other.owns_) {
    if (owns_) {
      executor_.on_work_started();
    }
  }
  executor_work_guard(executor_work_guard&& other) noexcept
      : executor_(std::move(other.executor_)), owns_(std::exchange(other.owns_, false)) {}
  executor_work_guard& operator=(const executor_work_guard&) = delete;
  ~executor_work_guard() { reset(); }

  executor_type get_executor() const noexcept { return executor_; }
  bool owns_work() const noexcept { return owns_; }

  void reset() noexcept {
    if (std::exchange(owns_, false)) {
      executor_.on_work_finished();
    }
  }

 private:
  executor_type executor_;
  bool owns_ = true;
};

// For an executor, a context, or the executor that is associated with an object; with a second
// argument, that is what counts if the object has none.
//
// The results of the last three are not spelled out, as that would instantiate associations of what
// they are not for.
template <internal::any_executor_model Executor>
[[nodiscard]] executor_work_guard<Executor> make_work_guard(const Executor& executor) {
  return executor_work_guard<Executor>(executor);
}
template <internal::context_type Context>
[[nodiscard]] executor_work_guard<typename Context::executor_type> make_work_guard(
    Context& context) {
  return executor_work_guard<typename Context::executor_type>(context.get_executor());
}
template <typename T>
requires(!internal::any_executor_model<T> && !internal::context_type<T>)
    [[nodiscard]] auto make_work_guard(const T& object) {
  return executor_work_guard<associated_executor_t<T>>(associated_executor<T>::get(object));
}
template <typename T, internal::any_executor_model Executor>
[[nodiscard]] auto make_work_guard(const T& object, const Executor& otherwise) {
  return executor_work_guard<associated_executor_t<T, Executor>>(
      associated_executor<T, Executor>::get(object, otherwise));
}
template <typename T, internal::context_type Context>
requires(!internal::any_executor_model<T> && !internal::context_type<T>)
    [[nodiscard]] auto make_work_guard(const T& object, Context& otherwise) {
  return make_work_guard(object, otherwise.get_executor());
}

}  // namespace NET_NAMESPACE
