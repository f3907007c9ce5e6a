// SPDX-License-Identifier: BSL-1.0
//
// any_completion_executor holds any executor at all: what is needed to call a completion handler. It
// asks for less than any_io_executor, which converts to it.
//
//   net::any_completion_executor executor = net::get_associated_executor(handler);
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/named_any_executor.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer_only.h"
#include "net/execution/properties/relationship.h"

namespace NET_NAMESPACE {
namespace internal {

using any_completion_executor_base =
    execution::any_executor<execution::prefer_only<execution::outstanding_work_t::tracked_t>,
                            execution::prefer_only<execution::outstanding_work_t::untracked_t>,
                            execution::prefer_only<execution::relationship_t::fork_t>,
                            execution::prefer_only<execution::relationship_t::continuation_t>>;

// In the library, as are those for an any_io_executor.
extern template const table_of<any_completion_executor_base>::type
    empty_table<any_completion_executor_base>;
template <>
inline constexpr bool has_table_in_library<any_completion_executor_base, any_io_executor_base> =
    true;
extern template const erased_functions*
converted_table<any_completion_executor_base, any_io_executor_base>(
    const erased_functions&) noexcept;

}  // namespace internal

class any_completion_executor
    : public internal::named_any_executor<any_completion_executor,
                                          internal::any_completion_executor_base> {
 public:
  using named_any_executor::named_any_executor;

  any_completion_executor& operator=(std::nullptr_t) noexcept {
    base_type::operator=(nullptr);
    return *this;
  }
};

}  // namespace NET_NAMESPACE
