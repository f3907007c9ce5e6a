// SPDX-License-Identifier: BSL-1.0
#include "net/conn/run.h"

#include <mutex>

namespace NET_NAMESPACE {

io_context& current_context() {
  if (io_context* const current = io_context::current()) {
    return *current;
  }
  // Never destroyed: connections in static objects may outlive every other static.
  static auto* const of_process = new io_context;
  return *of_process;
}

void internal::run_on_threads(io_context& context, std::size_t threads) {
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto work = [&] {
    try {
      context.run();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first_error) {
        first_error = std::current_exception();
      }
      context.stop();
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.emplace_back(work);
  }
  work();
  for (std::thread& each : others) {
    each.join();
  }
  if (first_error) {
    std::rethrow_exception(first_error);
  }
}

}  // namespace NET_NAMESPACE
