// SPDX-License-Identifier: BSL-1.0
//
// The slot through which the operation behind a handler may be cancelled. The handler says so by a
// nested cancellation_slot_type with get_cancellation_slot(), as what bind_cancellation_slot() makes
// does, or somebody specialises the trait or `associator` for it. The default is a slot that is not
// connected: such an operation installs nothing.
//
//   auto slot = net::get_associated_cancellation_slot(handler);
//   if (slot.is_connected()) { slot.assign([this](net::cancellation_type) { … }); }
#pragma once

#include "net/async/association.h"
#include "net/async/cancellation_signal.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

struct cancellation_slot_property {
  template <typename T>
  using type_in = typename T::cancellation_slot_type;

  template <typename T>
  static auto get(const T& object) noexcept -> decltype(object.get_cancellation_slot()) {
    return object.get_cancellation_slot();
  }

  template <typename T, typename CancellationSlot>
  struct otherwise {
    using asio_associated_cancellation_slot_is_unspecialised = void;
    using type = CancellationSlot;
    static type get(const T&) noexcept { return type(); }
    static const type& get(const T&, const type& slot) noexcept { return slot; }
  };
};

}  // namespace internal

template <typename T, typename CancellationSlot = cancellation_slot>
struct associated_cancellation_slot
    : internal::association<associated_cancellation_slot, internal::cancellation_slot_property, T,
                            CancellationSlot> {};

template <typename T, typename CancellationSlot = cancellation_slot>
using associated_cancellation_slot_t =
    typename associated_cancellation_slot<T, CancellationSlot>::type;

template <typename T>
[[nodiscard]] associated_cancellation_slot_t<T> get_associated_cancellation_slot(
    const T& object) noexcept {
  return associated_cancellation_slot<T>::get(object);
}
template <typename T, typename CancellationSlot>
[[nodiscard]] auto get_associated_cancellation_slot(const T& object,
                                                    const CancellationSlot& otherwise) noexcept
    -> decltype(associated_cancellation_slot<T, CancellationSlot>::get(object, otherwise)) {
  return associated_cancellation_slot<T, CancellationSlot>::get(object, otherwise);
}

}  // namespace NET_NAMESPACE
