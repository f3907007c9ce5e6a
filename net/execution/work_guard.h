// SPDX-License-Identifier: BSL-1.0
//
// A work guard keeps a context's run functions from returning for lack of work.
//
//   auto guard = net::make_work_guard(context);
//   …
//   guard.reset();
#pragma once

#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Executor>
class executor_work_guard {
 public:
  using executor_type = Executor;

  explicit executor_work_guard(const Executor& executor) noexcept : executor_(executor) {
    executor_.on_work_started();
  }
  executor_work_guard(const executor_work_guard& other) noexcept
      : executor_(other.executor_), owns_(other.owns_) {
    if (owns_) {
      executor_.on_work_started();
    }
  }
  executor_work_guard(executor_work_guard&& other) noexcept
      : executor_(other.executor_), owns_(std::exchange(other.owns_, false)) {}
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
  Executor executor_;
  bool owns_ = true;
};

// For an executor, or for anything that has one.
template <typename T>
auto make_work_guard(T& what) {
  if constexpr (requires { what.get_executor(); }) {
    return executor_work_guard<decltype(what.get_executor())>(what.get_executor());
  } else {
    return executor_work_guard<T>(what);
  }
}
template <typename Executor>
requires requires(const Executor& executor) { executor.on_work_started(); }
executor_work_guard<Executor> make_work_guard(const Executor& executor) {
  return executor_work_guard<Executor>(executor);
}

}  // namespace NET_NAMESPACE
