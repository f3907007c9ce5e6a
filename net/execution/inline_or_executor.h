// SPDX-License-Identifier: BSL-1.0
//
// An executor that calls what it is given at once, as inline_executor does, but has the context of
// another one, and leaves to that what must not be called at once:
//
//   auto executor = net::inline_or(context);
//   executor.execute(f);                                                     // f() is called here
//   net::require(executor, net::execution::blocking.never).execute(g);       // the context calls g()
//
// All other properties are those of the inner executor.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/inline_executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/inline_exception_handling.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"
#include "net/execution/submit_to.h"

namespace NET_NAMESPACE {

template <typename Executor, typename Blocking = execution::blocking_t::always_t,
          typename InlineExceptionHandling = execution::inline_exception_handling_t::propagate_t>
class inline_or_executor {
  template <typename Property>
  static constexpr bool is_of_this =
      std::is_convertible_v<Property, execution::blocking_t> ||
      std::is_convertible_v<Property, execution::inline_exception_handling_t>;

 public:
  using inner_executor_type = Executor;

  inline_or_executor() = default;
  template <typename OtherExecutor>
  requires(!std::is_same_v<OtherExecutor, inline_or_executor> &&
           std::is_convertible_v<
               OtherExecutor, Executor>) explicit inline_or_executor(const OtherExecutor& executor)
      : executor_(executor) {}
  template <typename OtherExecutor>
  inline_or_executor(
      const inline_or_executor<OtherExecutor, Blocking, InlineExceptionHandling>& other) noexcept
      : executor_(other.executor_) {}
  template <typename OtherExecutor>
  inline_or_executor(
      inline_or_executor<OtherExecutor, Blocking, InlineExceptionHandling>&& other) noexcept
      : executor_(std::move(other.executor_)) {}
  template <typename OtherExecutor>
  inline_or_executor& operator=(
      const inline_or_executor<OtherExecutor, Blocking, InlineExceptionHandling>& other) noexcept {
    executor_ = other.executor_;
    return *this;
  }
  template <typename OtherExecutor>
  inline_or_executor& operator=(
      inline_or_executor<OtherExecutor, Blocking, InlineExceptionHandling>&& other) noexcept {
    executor_ = std::move(other.executor_);
    return *this;
  }

  inner_executor_type get_inner_executor() const noexcept { return executor_; }

  decltype(auto) context() const noexcept requires internal::ts_executor<Executor> {
    return executor_.context();
  }
  void on_work_started() const noexcept requires internal::ts_executor<Executor> {
    executor_.on_work_started();
  }
  void on_work_finished() const noexcept requires internal::ts_executor<Executor> {
    executor_.on_work_finished();
  }

  template <typename Function>
  requires(internal::has_execute_member<const Executor&, Function>) void execute(
      Function&& function) const {
    if constexpr (std::is_same_v<Blocking, execution::blocking_t::never_t>) {
      NET_NAMESPACE::require(executor_, execution::blocking.never)
          .execute(std::forward<Function>(function));
    } else {
      internal::call_inline<InlineExceptionHandling>(std::forward<Function>(function));
    }
  }

  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator&) const {
    internal::call_inline<void>(std::forward<Function>(function));
  }
  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    executor_.post(std::forward<Function>(function), allocator);
  }
  template <typename Function, typename Allocator>
  void defer(Function&& function, const Allocator& allocator) const {
    executor_.defer(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const inline_or_executor& left, const inline_or_executor& right) noexcept {
    return left.executor_ == right.executor_;
  }

  auto require(const execution::blocking_t::possibly_t& to) const noexcept { return change(to); }
  auto require(const execution::blocking_t::always_t& to) const noexcept { return change(to); }
  auto require(const execution::blocking_t::never_t& to) const noexcept { return change(to); }
  auto require(const execution::inline_exception_handling_t::propagate_t& to) const noexcept {
    return change_exceptions(to);
  }
  auto require(const execution::inline_exception_handling_t::terminate_t& to) const noexcept {
    return change_exceptions(to);
  }
  template <typename Property>
  requires(!is_of_this<Property> && can_require<const Executor&, Property>::value) auto require(
      const Property& property) const
      noexcept(is_nothrow_require<const Executor&, Property>::value) {
    using inner = std::decay_t<require_result_t<const Executor&, Property>>;
    return inline_or_executor<inner, Blocking, InlineExceptionHandling>(
        NET_NAMESPACE::require(executor_, property));
  }
  template <typename Property>
  requires(!is_of_this<Property> &&
           can_prefer<const Executor&, Property>::value) auto prefer(const Property& property) const
      noexcept(is_nothrow_prefer<const Executor&, Property>::value) {
    using inner = std::decay_t<prefer_result_t<const Executor&, Property>>;
    return inline_or_executor<inner, Blocking, InlineExceptionHandling>(
        NET_NAMESPACE::prefer(executor_, property));
  }

  static constexpr execution::blocking_t query(execution::blocking_t) noexcept {
    return Blocking();
  }
  static constexpr execution::inline_exception_handling_t query(
      execution::inline_exception_handling_t) noexcept {
    return InlineExceptionHandling();
  }
  template <typename Property>
  requires(!is_of_this<Property> && can_query<const Executor&, Property>::value)
      query_result_t<const Executor&, Property> query(const Property& property)
  const noexcept(is_nothrow_query<const Executor&, Property>::value) {
    return NET_NAMESPACE::query(executor_, property);
  }

 private:
  template <typename, typename, typename>
  friend class inline_or_executor;

  template <typename NewBlocking>
  auto change(NewBlocking) const noexcept {
    return inline_or_executor<Executor, NewBlocking, InlineExceptionHandling>(executor_);
  }
  template <typename NewHandling>
  auto change_exceptions(NewHandling) const noexcept {
    return inline_or_executor<Executor, Blocking, NewHandling>(executor_);
  }

  Executor executor_;
};

template <internal::any_executor_model Executor>
inline_or_executor<Executor> inline_or(const Executor& executor) {
  return inline_or_executor<Executor>(executor);
}
template <typename Context>
requires std::is_convertible_v<Context&, execution_context&>
    inline_or_executor<typename Context::executor_type> inline_or(Context& context) {
  return inline_or_executor<typename Context::executor_type>(context.get_executor());
}

}  // namespace NET_NAMESPACE
