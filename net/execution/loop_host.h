// SPDX-License-Identifier: BSL-1.0
//
// A loop_host is what a context that runs function objects has for those who need more of it than
// an executor: its run loop, and the reactor the loop waits on. io_context, thread_pool and
// system_context are hosts of their own loops. Any other execution_context gets a host when somebody
// asks for it: a loop with a reactor and a thread of its own, which live as long as the context.
//
//   run_loop& loop = internal::loop_host::of(context).loop();
//
// All members may be called from any thread.
#pragma once

#include "net/config.h"
#include "net/execution/execution_context.h"

namespace netpoll {
class reactor;
}

namespace NET_NAMESPACE {

class run_loop;

namespace internal {

class loop_host {
 public:
  // Throws std::system_error if there is none yet and it cannot be made.
  static loop_host& of(execution_context& context) {
    loop_host* const own = context.host();
    return own != nullptr ? *own : make_for(context);
  }

  explicit loop_host(run_loop& loop) noexcept : loop_(loop) {}
  loop_host(const loop_host&) = delete;
  loop_host& operator=(const loop_host&) = delete;

  run_loop& loop() const noexcept { return loop_; }

  // The reactor that the loop waits on. If it has waited without one so far it gets one now; throws
  // std::system_error when the kernel refuses an epoll set or an eventfd.
  virtual netpoll::reactor& open_reactor() = 0;

 protected:
  ~loop_host() = default;

 private:
  static loop_host& make_for(execution_context& context);

  run_loop& loop_;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
