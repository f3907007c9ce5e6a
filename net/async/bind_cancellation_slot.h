// SPDX-License-Identifier: BSL-1.0
//
// bind_cancellation_slot(slot, target): the operation behind
// the target, a handler or a completion token, is cancelled through that slot.
//
//   timer.async_wait(net::bind_cancellation_slot(signal.slot(), handler));
//   timer.async_wait(net::bind_cancellation_slot(signal.slot()))(handler);
//
// A binder has the threads and the lifetime of its target.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/binder.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T, typename CancellationSlot>
class cancellation_slot_binder
    : public internal::binder<cancellation_slot_binder, T, CancellationSlot> {
 public:
  using cancellation_slot_type = CancellationSlot;

  using internal::binder<cancellation_slot_binder, T, CancellationSlot>::binder;

  cancellation_slot_type get_cancellation_slot() const noexcept { return this->bound(); }
};

template <typename CancellationSlot>
struct partial_cancellation_slot_binder
    : internal::partial_binder<cancellation_slot_binder, CancellationSlot> {
  using internal::partial_binder<cancellation_slot_binder, CancellationSlot>::partial_binder;
};

template <typename CancellationSlot>
[[nodiscard]] partial_cancellation_slot_binder<CancellationSlot> bind_cancellation_slot(
    const CancellationSlot& slot) {
  return partial_cancellation_slot_binder<CancellationSlot>(slot);
}
template <typename CancellationSlot, typename T>
[[nodiscard]] cancellation_slot_binder<std::decay_t<T>, CancellationSlot> bind_cancellation_slot(
    const CancellationSlot& slot, T&& target) {
  return {slot, std::forward<T>(target)};
}

}  // namespace NET_NAMESPACE
