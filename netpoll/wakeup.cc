// SPDX-License-Identifier: BSL-1.0
#include "netpoll/wakeup.h"

namespace netpoll {

bool wakeup::begin_sleep() noexcept {
  state expected = state::awake;
  if (state_.compare_exchange_strong(expected, state::asleep, std::memory_order_seq_cst)) {
    return true;
  }
  state_.store(state::awake, std::memory_order_seq_cst);
  return false;
}

void wakeup::end_sleep() noexcept { state_.store(state::awake, std::memory_order_seq_cst); }

void wakeup::notify() noexcept {
  // A load first: while the sleeper is busy, all but the first notifier only read.
  if (state_.load(std::memory_order_seq_cst) != state::notified &&
      state_.exchange(state::notified, std::memory_order_seq_cst) == state::asleep) {
    event_.signal();
  }
}

void wakeup::notify_if_asleep() noexcept {
  state expected = state::asleep;
  if (state_.load(std::memory_order_seq_cst) == state::asleep &&
      state_.compare_exchange_strong(expected, state::notified, std::memory_order_seq_cst)) {
    event_.signal();
  }
}

}  // namespace netpoll
