// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber.h"

#include <thread>

namespace NET_NAMESPACE {

bool fiber::join_until(netpoll::nanotime until, error_code& ec) {
  netpoll::check(joinable(), "join() of a fiber that is not joinable");
  ec.clear();
  internal::fiber_state* const state = std::exchange(state_, nullptr);
  switch (state->join(until, on_cancel::stop_waiting)) {
    case wait_result::resumed: return true;
    case wait_result::cancelled: ec = error::operation_aborted; break;
    case wait_result::deadline: break;
  }
  state_ = state;
  return false;
}

void fiber::cancel_and_join() noexcept {
  if (!joinable()) {
    return;
  }
  netpoll::check(
      on_fiber(),
      "a joinable fiber's handle was lost on a plain thread: join() or detach() it first");
  state_->cancel();
  try {
    (void)std::exchange(state_, nullptr)->join(netpoll::never, on_cancel::ignore);
  } catch (...) {
    // Nobody asked how it would end.
  }
}

namespace this_fiber {

void yield() {
  if (internal::fiber_host* const host = internal::this_thread_state().host) {
    internal::fiber_state::yield(*host);
  } else {
    std::this_thread::yield();
  }
}

std::uint64_t get_id() noexcept {
  const internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr ? self->id() : 0;
}

bool is_cancelled() noexcept {
  const internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr && self->is_cancelled();
}

std::stop_token get_stop_token() {
  internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr ? self->stop_token() : std::stop_token();
}

std::size_t stack_size() noexcept {
  const internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr ? self->memory().size : 0;
}

std::size_t stack_high_water_bytes() noexcept {
  const internal::fiber_state* const self = internal::fiber_state::current();
  return self != nullptr ? netpoll::stack_high_water_bytes(self->memory()) : 0;
}

pin::pin() : fiber_(internal::fiber_state::current()) {
  if (fiber_ != nullptr) {
    fiber_->pin();
  }
}

pin::~pin() {
  if (fiber_ != nullptr) {
    fiber_->unpin();
  }
}

shield::shield() noexcept : fiber_(internal::fiber_state::current()) {
  if (fiber_ != nullptr) {
    fiber_->add_shield();
  }
}

shield::~shield() {
  if (fiber_ != nullptr) {
    fiber_->remove_shield();
  }
}

}  // namespace this_fiber
}  // namespace NET_NAMESPACE
