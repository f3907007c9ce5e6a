// SPDX-License-Identifier: BSL-1.0
//
// any_completion_executor holds any executor at all: what is needed to call a completion handler. It
// asks for less than any_io_executor, which converts to it.
//
//   net::any_completion_executor executor = net::get_associated_executor(handler);
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/executor.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE {

class any_completion_executor
    : public execution::any_executor<
          execution::prefer_only<execution::outstanding_work_t::tracked_t>,
          execution::prefer_only<execution::outstanding_work_t::untracked_t>,
          execution::prefer_only<execution::relationship_t::fork_t>,
          execution::prefer_only<execution::relationship_t::continuation_t>> {
 public:
  using base_type =
      execution::any_executor<execution::prefer_only<execution::outstanding_work_t::tracked_t>,
                              execution::prefer_only<execution::outstanding_work_t::untracked_t>,
                              execution::prefer_only<execution::relationship_t::fork_t>,
                              execution::prefer_only<execution::relationship_t::continuation_t>>;

  any_completion_executor() noexcept = default;
  any_completion_executor(std::nullptr_t) noexcept {}
  any_completion_executor(const any_completion_executor& other) noexcept = default;
  any_completion_executor(any_completion_executor&& other) noexcept = default;
  any_completion_executor(std::nothrow_t, const any_completion_executor& other) noexcept
      : base_type(other) {}
  any_completion_executor(std::nothrow_t, any_completion_executor&& other) noexcept
      : base_type(std::move(other)) {}

  template <typename... Others>
  requires(std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      any_completion_executor(const execution::any_executor<Others...>& other)
      : base_type(other) {}
  template <typename... Others>
  requires(std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      any_completion_executor(std::nothrow_t, const execution::any_executor<Others...>& other)
  noexcept : base_type(std::nothrow, other) {}

  template <typename Executor>
  requires(!std::is_base_of_v<internal::any_executor_base, Executor> &&
           execution::executor<Executor> && std::is_convertible_v<Executor, base_type>)
      any_completion_executor(Executor executor)
      : base_type(std::move(executor)) {}
  template <typename Executor>
  requires(!std::is_base_of_v<internal::any_executor_base, Executor> &&
           execution::executor<Executor> && std::is_convertible_v<Executor, base_type>)
      any_completion_executor(std::nothrow_t, Executor executor)
  noexcept : base_type(std::nothrow, std::move(executor)) {}

  any_completion_executor& operator=(const any_completion_executor& other) noexcept = default;
  any_completion_executor& operator=(any_completion_executor&& other) noexcept = default;
  any_completion_executor& operator=(std::nullptr_t) noexcept {
    base_type::operator=(nullptr);
    return *this;
  }

  void swap(any_completion_executor& other) noexcept { base_type::swap(other); }

  template <typename Property>
  requires(internal::has_require_member<const base_type&, const Property&>) any_completion_executor
      require(const Property& property)
  const {
    any_completion_executor result;
    this->require_into(property, result);
    return result;
  }

  template <typename Property>
  requires(internal::has_prefer_member<const base_type&, const Property&>) any_completion_executor
      prefer(const Property& property)
  const {
    any_completion_executor result;
    this->prefer_into(property, result);
    return result;
  }
};

}  // namespace NET_NAMESPACE
