// SPDX-License-Identifier: BSL-1.0
#include "netpoll/fork_count.h"

#include <pthread.h>

#include "netpoll/census.h"

namespace netpoll {

int fork_count() noexcept {
  [[maybe_unused]] static const int registered = ::pthread_atfork(nullptr, nullptr, [] {
    internal::forks.fetch_add(1, std::memory_order_relaxed);  // relaxed: as in the header
    bystander::forget_all();
  });
  return known_fork_count();
}

}  // namespace netpoll
