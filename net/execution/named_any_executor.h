// SPDX-License-Identifier: BSL-1.0
//
// What any_io_executor and any_completion_executor are but for their properties: an any_executor
// with a name of its own, which converting, requiring and preferring end in.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/executor.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::internal {

// `Named` is derived from this and inherits the constructors. `Base` is an any_executor.
template <typename Named, typename Base>
class named_any_executor : public Base {
 public:
  using base_type = Base;

  named_any_executor() noexcept = default;
  named_any_executor(std::nullptr_t) noexcept {}
  named_any_executor(std::nothrow_t, const Named& other) noexcept : base_type(other) {}
  named_any_executor(std::nothrow_t, Named&& other) noexcept : base_type(std::move(other)) {}

  template <typename... Others>
  requires(has_table_in_library<base_type, execution::any_executor<Others...>> ||
           std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      named_any_executor(const execution::any_executor<Others...>& other)
      : base_type(other) {}
  template <typename... Others>
  requires(has_table_in_library<base_type, execution::any_executor<Others...>> ||
           std::is_convertible_v<const execution::any_executor<Others...>&, base_type>)
      named_any_executor(std::nothrow_t, const execution::any_executor<Others...>& other)
  noexcept : base_type(std::nothrow, other) {}

  template <typename Executor>
  requires(has_table_in_library<base_type, Executor> ||
           (!std::is_base_of_v<any_executor_base, Executor> && execution::executor<Executor> &&
            std::is_convertible_v<Executor, base_type>)) named_any_executor(Executor executor)
      : base_type(std::move(executor)) {}
  template <typename Executor>
  requires(has_table_in_library<base_type, Executor> ||
           (!std::is_base_of_v<any_executor_base, Executor> && execution::executor<Executor> &&
            std::is_convertible_v<Executor, base_type>))
      named_any_executor(std::nothrow_t, Executor executor)
  noexcept : base_type(std::nothrow, std::move(executor)) {}

  void swap(Named& other) noexcept { base_type::swap(other); }

  template <typename Property>
  requires(has_require_member<const base_type&, const Property&>) Named
      require(const Property& property)
  const {
    Named result;
    this->require_into(property, result);
    return result;
  }
  template <typename Property>
  requires(has_prefer_member<const base_type&, const Property&>) Named
      prefer(const Property& property)
  const {
    Named result;
    this->prefer_into(property, result);
    return result;
  }
};

}  // namespace NET_NAMESPACE::internal
