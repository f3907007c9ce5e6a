// SPDX-License-Identifier: BSL-1.0
//
// any_io_executor holds any executor that I/O objects can work with: one that belongs to an execution
// context and can execute without blocking. It is what they use unless told otherwise.
//
//   net::any_io_executor executor = context.get_executor();
//   net::steady_timer timer(executor);
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context_as.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {

class execution_context;

class any_io_executor
    : public execution::any_executor<
          execution::context_as_t<execution_context&>, execution::blocking_t::never_t,
          execution::prefer_only<execution::blocking_t::possibly_t>,
          execution::prefer_only<execution::outstanding_work_t::tracked_t>,
          execution::prefer_only<execution::outstanding_work_t::untracked_t>,
          execution::prefer_only<execution::relationship_t::fork_t>,
          execution::prefer_only<execution::relationship_t::continuation_t>> {
 public:
  using base_type =
      execution::any_executor<execution::context_as_t<execution_context&>,
                              execution::blocking_t::never_t,
                              execution::prefer_only<execution::blocking_t::possibly_t>,
                              execution::prefer_only<execution::outstanding_work_t::tracked_t>,
                              execution::prefer_only<execution::outstanding_work_t::untracked_t>,
                              execution::prefer_only<execution::relationship_t::fork_t>,
                              execution::prefer_only<execution::relationship_t::continuation_t>>;

  any_io_executor() noexcept = default;
  any_io_executor(std::nullptr_t) noexcept {}
  any_io_executor(const any_io_executor& other) noexcept = default;
  any_io_executor(any_io_executor&& other) noexcept = default;
  any_io_executor(std::nothrow_t, const any_io_executor& other) noexcept : base_type(other) {}
  any_io_executor(std::nothrow_t, any_io_executor&& other) noexcept : base_type(std::move(other)) {}

  template <typename... Others>
  requires(std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      any_io_executor(const execution::any_executor<Others...>& other)
      : base_type(other) {}
  template <typename... Others>
  requires(std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      any_io_executor(std::nothrow_t, const execution::any_executor<Others...>& other)
  noexcept : base_type(std::nothrow, other) {}

  template <typename Executor>
  requires(!std::is_base_of_v<internal::any_executor_base, Executor> &&
           execution::executor<Executor> && std::is_convertible_v<Executor, base_type>)
      any_io_executor(Executor executor)
      : base_type(std::move(executor)) {}
  template <typename Executor>
  requires(!std::is_base_of_v<internal::any_executor_base, Executor> &&
           execution::executor<Executor> && std::is_convertible_v<Executor, base_type>)
      any_io_executor(std::nothrow_t, Executor executor)
  noexcept : base_type(std::nothrow, std::move(executor)) {}

  any_io_executor& operator=(const any_io_executor& other) noexcept = default;
  any_io_executor& operator=(any_io_executor&& other) noexcept = default;
  any_io_executor& operator=(std::nullptr_t) noexcept {
    base_type::operator=(nullptr);
    return *this;
  }

  void swap(any_io_executor& other) noexcept { base_type::swap(other); }

  template <typename Property>
  requires(internal::has_require_member<const base_type&, const Property&>) any_io_executor
      require(const Property& property)
  const {
    any_io_executor result;
    this->require_into(property, result);
    return result;
  }

  template <typename Property>
  requires(internal::has_prefer_member<const base_type&, const Property&>) any_io_executor
      prefer(const Property& property)
  const {
    any_io_executor result;
    this->prefer_into(property, result);
    return result;
  }
};

}  // namespace NET_NAMESPACE
