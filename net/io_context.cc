// SPDX-License-Identifier: BSL-1.0
#include "net/io_context.h"

#include <system_error>

#include "net/fiber/deadlock.h"
#include "net/fiber/fiber_state.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {

io_context::io_context() : loop_(*this, *this) {
#if !defined(NDEBUG)
  detect_deadlock(true);
#endif
  if (const int error = reactor_.open()) {
    throw std::system_error(error, std::system_category(),
                            "io_context: cannot create its epoll set");
  }
}

io_context::io_context(int /*concurrency_hint*/) : io_context() {}

io_context::~io_context() {
  netpoll::check(!loop_.runs_in_this_thread(), "an io_context was destroyed from inside its run()");
  loop_.stop();
  // What waits is resumed, and so queued; what is queued is destroyed, and may in doing so close,
  // post or wake something else: until nothing is left.
  for (;;) {
    reactor_.shut_down();
    const bool has_fibers = internal::fiber_state::unwind_all(loop_);
    const bool had_operations = loop_.destroy_queued();
    if (!has_fibers && !had_operations) {
      break;
    }
  }
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
  // Only io_contexts have run loops.
  return loop != nullptr ? static_cast<io_context*>(&loop->context()) : nullptr;
}

}  // namespace NET_NAMESPACE
