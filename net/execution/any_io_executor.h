// SPDX-License-Identifier: BSL-1.0
//
// any_io_executor holds any executor that I/O objects can work with: one that belongs to an execution
// context and can execute without blocking. It is what they use unless told otherwise.
//
//   net::any_io_executor executor = context.get_executor();
//   net::steady_timer timer(executor);
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/named_any_executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context_as.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/relationship.h"

namespace NET_NAMESPACE {

class execution_context;

namespace internal {

using any_io_executor_base = execution::any_executor<
    execution::context_as_t<execution_context&>, execution::blocking_t::never_t,
    execution::prefer_only<execution::blocking_t::possibly_t>,
    execution::prefer_only<execution::outstanding_work_t::tracked_t>,
    execution::prefer_only<execution::outstanding_work_t::untracked_t>,
    execution::prefer_only<execution::relationship_t::fork_t>,
    execution::prefer_only<execution::relationship_t::continuation_t>>;

extern template const table_of<any_io_executor_base>::type empty_table<any_io_executor_base>;

}  // namespace internal

class any_io_executor
    : public internal::named_any_executor<any_io_executor, internal::any_io_executor_base> {
 public:
  using named_any_executor::named_any_executor;

  any_io_executor& operator=(std::nullptr_t) noexcept {
    base_type::operator=(nullptr);
    return *this;
  }
};

}  // namespace NET_NAMESPACE
