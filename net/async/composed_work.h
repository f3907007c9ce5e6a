// SPDX-License-Identifier: BSL-1.0
//
// What keeps the contexts of a composed operation's executors at work until it completes, although
// it may for a while be running an operation on none of them.
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/system_executor.h"
#include "net/execution/work_guard.h"

namespace NET_NAMESPACE::internal {

// For one executor: one that counts as work if there is such, else a guard.
template <typename Executor>
class composed_work_guard {
 public:
  using executor_type =
      std::decay_t<prefer_result_t<const Executor&, execution::outstanding_work_t::tracked_t>>;

  explicit composed_work_guard(const Executor& executor)
      : executor_(NET_NAMESPACE::prefer(executor, execution::outstanding_work.tracked)) {}

  executor_type get_executor() const noexcept { return *executor_; }
  void reset() noexcept { executor_.reset(); }

 private:
  std::optional<executor_type> executor_;
};

template <typename Executor>
requires(!execution::executor<Executor>) class composed_work_guard<Executor>
    : public executor_work_guard<Executor> {
 public:
  explicit composed_work_guard(const Executor& executor)
      : executor_work_guard<Executor>(executor) {}
};

template <>
class composed_work_guard<system_executor> {
 public:
  using executor_type = system_executor;

  explicit composed_work_guard(const system_executor&) noexcept {}

  executor_type get_executor() const noexcept { return {}; }
  void reset() noexcept {}
};

// For all of them. The first is that of the operation.
template <typename First = system_executor, typename... Others>
class composed_work {
 public:
  using executor_type = typename composed_work_guard<First>::executor_type;

  composed_work() noexcept requires(sizeof...(Others) == 0) : guards_(First()) {}
  explicit composed_work(const std::tuple<First, Others...>& executors) : guards_(executors) {}

  executor_type get_executor() const noexcept { return std::get<0>(guards_).get_executor(); }

  void reset() noexcept {
    std::apply([](auto&... each) { (each.reset(), ...); }, guards_);
  }

 private:
  std::tuple<composed_work_guard<First>, composed_work_guard<Others>...> guards_;
};

// The executor that is meant by an argument: itself, or that of an object or context.
template <typename T>
decltype(auto) composed_executor(const T& executor_or_object) {
  return executor_or_object;
}
template <typename T>
requires(!execution::executor<T>) && requires(T& object) { object.get_executor(); }
auto composed_executor(T& object) { return object.get_executor(); }

}  // namespace NET_NAMESPACE::internal
