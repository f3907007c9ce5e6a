// SPDX-License-Identifier: BSL-1.0
#include "net/execution/thread_pool.h"

#include <limits>
#include <stdexcept>
#include <utility>

namespace NET_NAMESPACE {

thread_pool::thread_pool() { start(internal::pool_loop::default_size()); }

thread_pool::thread_pool(std::size_t threads)
    : thread_pool(threads, config_from_concurrency_hint(threads == 1 ? 1 : 0)) {}

thread_pool::thread_pool(std::size_t threads, const service_maker& initial_services)
    : execution_context(initial_services) {
  start(threads);
}

void thread_pool::start(std::size_t threads) {
  if (threads > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::out_of_range("a thread_pool of so many threads");
  }
  set_host(pool_);
  loop().work_started();  // until join()
  pool_.start(threads);
}

thread_pool::~thread_pool() {
  stop();
  join();
  shutdown();
  pool_.destroy_all();
  // Handlers may need services, and services the loop.
  destroy();
}

void thread_pool::join() {
  if (std::exchange(is_joinable_, false)) {
    loop().work_finished();
    pool_.join();
  }
}


namespace internal {

template const erased_functions& choose_table<any_io_executor_base>(
    const thread_pool::executor_type&);
template const erased_functions& choose_table<any_io_executor_base>(
    const tracked_thread_pool_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE
