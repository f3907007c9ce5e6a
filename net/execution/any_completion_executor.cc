// SPDX-License-Identifier: BSL-1.0
#include "net/execution/any_completion_executor.h"

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/execution_context.h"

namespace NET_NAMESPACE::internal {

template const table_of<any_completion_executor_base>::type
    empty_table<any_completion_executor_base>;
template const erased_functions*
converted_table<any_completion_executor_base, any_io_executor_base>(
    const erased_functions&) noexcept;

}  // namespace NET_NAMESPACE::internal
