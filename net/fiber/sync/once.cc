// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/once.h"

#include <mutex>

#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {

class once_flag::waiter final : public internal::line_waiter {
 public:
  explicit waiter(once_flag& flag) noexcept : line_waiter(flag.line_), flag_(flag) {}
  void describe(netpoll::description& into) const noexcept override {
    into << "call_once";
    // relaxed: a number to look at.
    internal::describe_owner(into, flag_.caller_.load(std::memory_order_relaxed));
  }

  // Whether it is to call. While it waits, under the lock of the line.
  bool is_caller = false;

 private:
  bool try_pass() noexcept override {
    unsigned now = flag_.state_.load(std::memory_order_acquire);
    for (;;) {
      if (now == done) {
        return true;
      }
      if ((now & queued) != 0) {
        return false;
      }
      const bool takes = now == idle;
      if (flag_.state_.compare_exchange_weak(now, takes ? calling : now | queued,
                                             std::memory_order_acquire)) {
        is_caller = takes;
        return takes;
      }
    }
  }

  once_flag& flag_;
};

once_flag::~once_flag() {
  const unsigned now = state_.load(std::memory_order_relaxed);  // relaxed: nobody else may use it
  netpoll::check(now == idle || now == done,
                 "a once_flag was destroyed while its function was called");
}

wait_result once_flag::begin(on_cancel how, bool& is_caller) {
  const internal::owner_id me = internal::current_owner();
  netpoll::check(caller_.load(std::memory_order_relaxed) != me,  // relaxed: only ours matters
                 "call_once() was called again from inside its function");
  wait_result result = wait_result::resumed;
  unsigned expected = idle;
  is_caller = state_.compare_exchange_strong(expected, calling, std::memory_order_acquire);
  if (!is_caller && expected != done) {
    waiter self(*this);
    try {
      result = internal::wait_in_line(self, netpoll::never, how);
    } catch (...) {
      if (self.has_passed() && self.is_caller) {
        end(false);  // the fiber is unwound: it is up to the next one
      }
      throw;
    }
    is_caller = self.has_passed() && self.is_caller;
  }
  if (is_caller) {
    caller_.store(me, std::memory_order_relaxed);  // relaxed: as above
  }
  return result;
}

void once_flag::end(bool succeeded) noexcept {
  caller_.store(0, std::memory_order_relaxed);  // relaxed: only ours mattered
  internal::wait_line::admitted through;
  for (;;) {
    unsigned expected = calling;
    if (state_.compare_exchange_strong(expected, succeeded ? done : idle,
                                       std::memory_order_release)) {
      break;
    }
    const std::lock_guard lock(line_);
    if (!succeeded && !line_.empty()) {
      static_cast<waiter*>(line_.front())->is_caller = true;
      line_.admit_front(through);
    } else {
      line_.admit_all(through);
    }
    // relaxed: it is still ours, or that of one who is about to be resumed.
    state_.store(line_.empty() ? calling : calling | queued, std::memory_order_relaxed);
    if (!succeeded && through.any()) {
      break;
    }
  }
  through.resume();
}

}  // namespace NET_NAMESPACE
