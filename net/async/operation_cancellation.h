// SPDX-License-Identifier: BSL-1.0
//
// The base of operations that are made of others: between the slot of the handler and those of the
// operations inside it stands a cancellation_state, which filters. It costs nothing for a handler
// that has no slot.
#pragma once

#include <utility>

#include "net/async/associated_cancellation_slot.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename Handler>
class operation_cancellation {
 public:
  using cancellation_slot_type = cancellation_slot;

  cancellation_slot_type get_cancellation_slot() const noexcept { return state_.slot(); }
  cancellation_state get_cancellation_state() const noexcept { return state_; }

  // What has been asked for, after the filter at the entrance.
  cancellation_type cancelled() const noexcept { return state_.cancelled(); }

 protected:
  // `filters`: see cancellation_state. One stands for both directions.
  template <typename... Filters>
  explicit operation_cancellation(const Handler& handler, Filters&&... filters)
      : state_(NET_NAMESPACE::get_associated_cancellation_slot(handler),
               std::forward<Filters>(filters)...) {}

  template <typename... Filters>
  void replace_filters(const Handler& handler, Filters&&... filters) {
    state_ = cancellation_state(NET_NAMESPACE::get_associated_cancellation_slot(handler),
                                std::forward<Filters>(filters)...);
  }

 private:
  cancellation_state state_;
};

template <typename Handler>
requires requires {
  typename associated_cancellation_slot<
      Handler, cancellation_slot>::asio_associated_cancellation_slot_is_unspecialised;
}
class operation_cancellation<Handler> {
 public:
  cancellation_state get_cancellation_state() const noexcept { return {}; }
  constexpr cancellation_type cancelled() const noexcept { return cancellation_type::none; }

 protected:
  template <typename... Filters>
  explicit operation_cancellation(const Handler&, Filters&&...) {}

  template <typename... Filters>
  void replace_filters(const Handler&, Filters&&...) {}
};

}  // namespace NET_NAMESPACE::internal
