// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/wait_line.h"

#include <mutex>

namespace NET_NAMESPACE::internal {

void wait_line::admit_front(admitted& through) noexcept {
  line_waiter& who = *waiters_.front();
  waiters_.remove(who);
  who.state_ = line_waiter::state::passed;
  through.queue_.push(who);
}

void wait_line::admit_all(admitted& through) noexcept {
  while (!waiters_.empty()) {
    admit_front(through);
  }
}

bool line_waiter::commit() noexcept {
  const std::lock_guard lock(line_);
  if (try_pass()) {
    state_ = state::passed;
    return false;
  }
  line_.waiters_.add(*this);
  state_ = state::queued;
  return true;
}

bool line_waiter::withdraw() noexcept {
  wait_line::admitted through;
  {
    const std::lock_guard lock(line_);
    if (state_ != state::queued) {
      return false;
    }
    line_.waiters_.remove(*this);
    state_ = state::outside;
    make_way(through);
  }
  through.resume();
  return true;
}

}  // namespace NET_NAMESPACE::internal
