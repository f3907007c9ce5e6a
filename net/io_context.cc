// SPDX-License-Identifier: BSL-1.0
#include "net/io_context.h"

#include <system_error>

#include "net/fiber/deadlock.h"
#include "net/fiber/fiber_state.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {

io_context::io_context() : io_context(config_from_concurrency_hint()) {}

io_context::io_context(int concurrency_hint)
    : io_context(config_from_concurrency_hint(concurrency_hint)) {}

io_context::io_context(const service_maker& initial_services)
    : execution_context(initial_services), loop_host(loop_) {
  open();
}

void io_context::open() {
  set_host(*this);
#if !defined(NDEBUG)
  detect_deadlock(true);
#endif
  if (const int error = reactor_.open()) {
    throw std::system_error(error, std::system_category(),
                            "io_context: cannot create its epoll set");
  }
}

void io_context::notify_loop_of_fork(fork_event event) {
  if (event != fork_child) {
    return;
  }
  loop_.forget_other_threads();
  if (const int error = reactor_.reopen()) {
    throw std::system_error(error, std::system_category(),
                            "io_context: cannot create the epoll set of a child process");
  }
}

io_context::~io_context() {
  netpoll::check(!loop_.runs_in_this_thread(), "an io_context was destroyed from inside its run()");
  loop_.stop();
  // What waits is resumed, and so queued; what is queued is destroyed, and may in doing so close,
  // post or wake something else: until nothing is left.
  const auto destroy_all = [this] {
    for (bool any = true; any;) {
      reactor_.shut_down();
      any = internal::fiber_state::unwind_all(loop_);
      any |= loop_.destroy_queued();
    }
  };
  shutdown();
  destroy_all();
  // Handlers may need services, and services the loop.
  destroy();
  destroy_all();
}

int io_context::native_handle() {
  int error = 0;
  const int handle = reactor_.native_handle(error);
  if (error != 0) {
    throw std::system_error(error, std::system_category(),
                            "io_context: cannot create the timer of its native handle");
  }
  loop_.embed();
  return handle;
}

void io_context::detect_deadlock(bool on) noexcept {
  loop_.set_idle_check(on ? &internal::abort_if_deadlocked : nullptr);
}

io_context* io_context::current() noexcept {
  run_loop* const loop = run_loop::current();
  return loop != nullptr ? dynamic_cast<io_context*>(&loop->context()) : nullptr;
}

void io_context::service::shutdown() {}

void io_context::service::notify_fork(fork_event /*event*/) {}


namespace internal {

template const erased_functions& choose_table<any_io_executor_base>(
    const io_context::executor_type&);
template const erased_functions& choose_table<any_io_executor_base>(
    const tracked_io_context_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE
