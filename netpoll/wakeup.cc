// SPDX-License-Identifier: BSL-1.0
#include "netpoll/wakeup.h"

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"

namespace netpoll {

int wakeup::open() noexcept {
  const sys::result created = sys::event_fd();
  if (created.ok()) {
    event_.reset(static_cast<int>(created.value));
  }
  return created.error;
}

bool wakeup::begin_sleep() noexcept {
  state expected = state::awake;
  if (state_.compare_exchange_strong(expected, state::asleep, std::memory_order_seq_cst)) {
    return true;
  }
  state_.store(state::awake, std::memory_order_seq_cst);
  return false;
}

void wakeup::end_sleep() noexcept { state_.store(state::awake, std::memory_order_seq_cst); }

void wakeup::drain() noexcept {
  std::uint64_t count = 0;
  sys::read(event_.get(), &count, sizeof(count));
}

void wakeup::notify() noexcept {
  // A load first: while the sleeper is busy, all but the first notifier only read.
  if (state_.load(std::memory_order_seq_cst) != state::notified &&
      state_.exchange(state::notified, std::memory_order_seq_cst) == state::asleep) {
    signal();
  }
}

void wakeup::notify_if_asleep() noexcept {
  state expected = state::asleep;
  if (state_.load(std::memory_order_seq_cst) == state::asleep &&
      state_.compare_exchange_strong(expected, state::notified, std::memory_order_seq_cst)) {
    signal();
  }
}

void wakeup::signal() noexcept {
  const std::uint64_t one = 1;
  const sys::result written = sys::write(event_.get(), &one, sizeof(one));
  // A full counter is as readable as any.
  check(written.ok() || sys::would_block(written.error),
        "the reactor's eventfd cannot be written: was it closed from outside the library?");
}

}  // namespace netpoll
