// SPDX-License-Identifier: BSL-1.0
#include "net/execution/system_context.h"

#include <utility>

namespace NET_NAMESPACE {

system_context::system_context() {
  set_host(pool_);
  loop().work_started();  // until join()
  pool_.start(internal::pool_loop::default_size());
}

system_context::~system_context() {
  stop();
  join();
  shutdown();
  pool_.destroy_all();
  destroy();
}

void system_context::join() {
  if (std::exchange(is_joinable_, false)) {
    loop().work_finished();
    pool_.join();
  }
}

system_context& system_context::of_process() {
  static system_context context;
  return context;
}


namespace internal {

template const erased_functions& choose_table<any_io_executor_base>(const system_executor&);
template const erased_functions& choose_table<any_io_executor_base>(
    const posting_system_executor&);
template const erased_functions& choose_table<any_io_executor_base>(
    const continuing_system_executor&);
template const erased_functions& choose_table<any_io_executor_base>(
    const posting_continuing_system_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE
