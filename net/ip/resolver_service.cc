// SPDX-License-Identifier: BSL-1.0
#include "net/ip/resolver_service.h"

#include <algorithm>
#include <cstddef>

#include "net/execution/config.h"

namespace NET_NAMESPACE::ip::internal {

resolver_service::resolver_service(execution_context& context)
    : service_base(context),
      pool_(std::max<std::size_t>(1, config(context).get<std::size_t>("resolver", "threads", 1))) {}

void resolver_service::shutdown() { pool_.shut_down(); }

void resolver_service::notify_fork(execution_context::fork_event event) {
  if (event == execution_context::fork_prepare) {
    pool_.before_fork();
  } else {
    pool_.after_fork();
  }
}

}  // namespace NET_NAMESPACE::ip::internal
