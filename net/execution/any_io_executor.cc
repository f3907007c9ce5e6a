// SPDX-License-Identifier: BSL-1.0
#include "net/execution/any_io_executor.h"

#include "net/config.h"
#include "net/execution/any_executor.h"
#include "net/execution/execution_context.h"

namespace NET_NAMESPACE::internal {

template const table_of<any_io_executor_base>::type empty_table<any_io_executor_base>;

}  // namespace NET_NAMESPACE::internal
