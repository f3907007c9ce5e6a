// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/event.h"

#include <mutex>
#include <utility>

#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {

class event::waiter final : public internal::line_waiter {
 public:
  explicit waiter(event& what) noexcept : line_waiter(what.line_), event_(what) {}
  void describe(netpoll::description& into) const noexcept override { into << "event"; }

 private:
  bool try_pass() noexcept override { return event_.pass(); }

  event& event_;
};

event::~event() {
  netpoll::check(line_.empty(), "an event was destroyed while it was waited for");
}

void event::set() noexcept {
  internal::wait_line::admitted through;
  {
    const std::lock_guard lock(line_);
    if (how_ == event_reset::manual) {
      is_set_ = true;
      line_.admit_all(through);
    } else if (line_.empty()) {
      is_set_ = true;
    } else {
      line_.admit_front(through);
    }
  }
  through.resume();
}

bool event::reset() noexcept {
  const std::lock_guard lock(line_);
  return std::exchange(is_set_, false);
}

bool event::is_set() const noexcept {
  const std::lock_guard lock(line_);
  return is_set_;
}

bool event::pass() noexcept {
  return how_ == event_reset::manual ? is_set_ : std::exchange(is_set_, false);
}

bool event::try_wait() noexcept {
  const std::lock_guard lock(line_);
  return pass();
}

wait_result event::wait_to_pass(netpoll::nanotime until, on_cancel how) {
  if (try_wait()) {
    return wait_result::resumed;
  }
  waiter self(*this);
  try {
    return internal::wait_in_line(self, until, how);
  } catch (...) {
    if (self.has_passed() && how_ == event_reset::automatic) {
      set();  // the fiber is unwound: somebody else may pass
    }
    throw;
  }
}

}  // namespace NET_NAMESPACE
