// SPDX-License-Identifier: BSL-1.0
//
// What the resolvers of a context share: the threads that ask for them, of which there are as many
// as the configuration says in "resolver.threads", or one.
#pragma once

#include <atomic>
#include <cstdint>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/ip/lookup_pool.h"

namespace NET_NAMESPACE::ip::internal {

class resolver_service final : public NET_NAMESPACE::internal::service_base<resolver_service> {
 public:
  explicit resolver_service(execution_context& context);

  lookup_pool& pool() noexcept { return pool_; }

  // Tells one resolver's waits from those of others. Never 0.
  std::uint64_t new_owner() noexcept {
    return last_owner_.fetch_add(1, std::memory_order_relaxed) + 1;  // relaxed: only a number
  }

 private:
  void shutdown() override;
  void notify_fork(execution_context::fork_event event) override;

  lookup_pool pool_;
  std::atomic<std::uint64_t> last_owner_{0};
};

}  // namespace NET_NAMESPACE::ip::internal
