// SPDX-License-Identifier: BSL-1.0
#include "net/socket/basic_socket_streambuf.h"

#include <memory>

#include "net/execution/any_io_executor.h"
#include "net/execution/system_executor.h"
#include "net/fiber/wait.h"
#include "net/io_context.h"

namespace NET_NAMESPACE::internal {

any_io_executor streambuf_context::own_executor() {
  if (on_fiber()) {
    io_context* const current = io_context::current();
    return current != nullptr ? any_io_executor(current->get_executor())
                              : any_io_executor(system_executor());
  }
  context_ = std::make_shared<io_context>();
  return context_->get_executor();
}

}  // namespace NET_NAMESPACE::internal
