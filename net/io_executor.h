// SPDX-License-Identifier: BSL-1.0
//
// What an object that does I/O knows of where it belongs: its executor, and the run loop and the
// reactor of that executor's context. Of an executor of a context that has no loop of its own, that
// context gets one; see net/execution/loop_host.h.
//
// Copies are as good as the original. Thread-safe as other values are.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_host.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"
#include "net/execution/run_loop.h"
#include "net/io_context.h"
#include "netpoll/reactor.h"

namespace NET_NAMESPACE::internal {

// The context of an executor of either model.
template <typename Executor>
execution_context& context_of(const Executor& executor) {
  if constexpr (can_query<const Executor&, const execution::context_t&>::value) {
    return NET_NAMESPACE::query(executor, execution::context);
  } else {
    return executor.context();
  }
}

// Executors whose functions run where a completed operation is anyway: in the loop of an io_context.
template <typename Executor>
inline constexpr bool is_loop_executor = false;
template <typename Allocator, std::uintptr_t Bits>
inline constexpr bool is_loop_executor<io_context::basic_executor_type<Allocator, Bits>> = true;

template <typename Executor>
class io_executor {
 public:
  // Throws std::system_error if the context has no loop and cannot have one.
  explicit io_executor(const Executor& executor)
      : executor_(executor), host_(&loop_host::of(context_of(executor))) {
    if constexpr (std::is_same_v<Executor, any_io_executor>) {
      is_direct_ = executor_.template target<io_context::executor_type>() != nullptr;
    } else {
      is_direct_ = is_loop_executor<Executor>;
    }
  }
  template <typename Other>
  explicit io_executor(const io_executor<Other>& other)
      : executor_(other.get()), host_(&other.host()), is_direct_(other.is_direct()) {}

  const Executor& get() const noexcept { return executor_; }
  loop_host& host() const noexcept { return *host_; }
  run_loop& loop() const noexcept { return host_->loop(); }
  netpoll::reactor& reactor() const { return host_->open_reactor(); }

  // Whether a handler that asks for no executor may be called right away by the loop.
  bool is_direct() const noexcept { return is_direct_; }

 private:
  Executor executor_;
  loop_host* host_;
  bool is_direct_ = false;
};

// What an I/O object may be made with instead of an executor.
template <typename Context, typename Executor>
concept io_context_for = std::is_convertible_v<Context&, execution_context&> &&
    std::is_constructible_v<Executor, typename Context::executor_type>;

}  // namespace NET_NAMESPACE::internal
