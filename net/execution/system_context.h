// SPDX-License-Identifier: BSL-1.0
//
// The context of the whole process, with threads of its own that run whatever is given to a
// system_executor. There is one; it is made on first use and destroyed with the program's static
// objects.
#pragma once

#include <cstddef>
#include <memory>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/pool_loop.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/relationship.h"

namespace NET_NAMESPACE {

template <typename Blocking, typename Relationship, typename Allocator>
class basic_system_executor;

class system_context : public execution_context {
 public:
  using executor_type =
      basic_system_executor<execution::blocking_t::possibly_t, execution::relationship_t::fork_t,
                            std::allocator<void>>;

  ~system_context();

  executor_type get_executor() noexcept;

  // Has the threads end as soon as they can, with what is queued undone.
  void stop() noexcept { pool_.loop().stop(); }
  bool stopped() const noexcept { return pool_.loop().stopped(); }
  // Waits until there is nothing left to do, or the context is stopped. Once.
  void join();

  std::size_t thread_count() const noexcept { return pool_.size(); }

  // What the rest of the library works on.
  run_loop& loop() const noexcept { return pool_.loop(); }

 private:
  template <typename, typename, typename>
  friend class basic_system_executor;

  system_context();
  static system_context& of_process();
  void notify_loop_of_fork(fork_event event) override { pool_.notify_fork(event); }

  internal::pool_loop pool_{*this};
  bool is_joinable_ = true;
};

}  // namespace NET_NAMESPACE

#include "net/execution/system_executor.h"  // completes executor_type
