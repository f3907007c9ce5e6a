// SPDX-License-Identifier: BSL-1.0
//
// A thread_pool is a context with threads of its own.
//
//   net::thread_pool pool(4);
//   net::post(pool, [] { … });
//   pool.join();                        // when all is done
//
// What a function throws ends the program. The destructor stops the pool, waits for what runs, and
// destroys what does not run yet. The members may be called from any thread but, for join(), wait()
// and the destructor, those of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/config.h"
#include "net/execution/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_executor.h"
#include "net/execution/pool_loop.h"
#include "net/execution/properties/properties.h"

namespace NET_NAMESPACE {

class thread_pool : public execution_context {
 public:
  template <typename Allocator, std::uintptr_t Bits>
  using basic_executor_type = internal::loop_executor<thread_pool, Allocator, Bits>;
  using executor_type = basic_executor_type<std::allocator<void>, 0>;

  // Twice as many threads as the machine can run, or so many; std::out_of_range if that is more
  // than an int can count. Throw std::system_error when the threads cannot be had.
  thread_pool();
  explicit thread_pool(std::size_t threads);
  thread_pool(std::size_t threads, const service_maker& initial_services);
  // What the pool allocates for itself and its services comes from `memory`.
  template <typename Allocator>
  thread_pool(std::allocator_arg_t, const Allocator& memory)
      : execution_context(std::allocator_arg, memory) {
    start(internal::pool_loop::default_size());
  }
  template <typename Allocator>
  thread_pool(std::allocator_arg_t, const Allocator& memory, std::size_t threads)
      : thread_pool(std::allocator_arg, memory, threads,
                    config_from_concurrency_hint(threads == 1 ? 1 : 0)) {}
  template <typename Allocator>
  thread_pool(std::allocator_arg_t, const Allocator& memory, std::size_t threads,
              const service_maker& initial_services)
      : execution_context(std::allocator_arg, memory, initial_services) {
    start(threads);
  }
  ~thread_pool();

  executor_type get_executor() noexcept { return executor_type(*this); }
  executor_type executor() noexcept { return executor_type(*this); }

  // Has the threads end as soon as they can, with what is queued undone.
  void stop() noexcept { pool_.loop().stop(); }
  // Makes the calling thread one of the pool's, until the pool is stopped or joined and has nothing
  // left to do.
  void attach() { pool_.attach(); }
  // Waits until there is nothing left to do, or the pool is stopped, and the threads have ended.
  void join();
  void wait() { join(); }

  // How many threads there are, those attached included.
  std::size_t thread_count() const noexcept { return pool_.size(); }

  // What the rest of the library works on.
  run_loop& loop() const noexcept { return pool_.loop(); }

 private:
  template <typename, typename, std::uintptr_t>
  friend class internal::loop_executor;
  struct executor_policy {
    using inline_exceptions = execution::inline_exception_handling_t::terminate_t;
    static constexpr bool has_threads = true;
  };

  void start(std::size_t threads);
  void notify_loop_of_fork(fork_event event) override { pool_.notify_fork(event); }

  internal::pool_loop pool_{*this};
  bool is_joinable_ = true;
};


namespace internal {

// In the library.
using tracked_thread_pool_executor =
    thread_pool::basic_executor_type<std::allocator<void>, loop_executor_bits::tracked>;
template <>
inline constexpr bool
    has_table_in_library<any_io_executor_base, thread_pool::executor_type> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const thread_pool::executor_type&);
template <>
inline constexpr bool
    has_table_in_library<any_io_executor_base, tracked_thread_pool_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const tracked_thread_pool_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE
