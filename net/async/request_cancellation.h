// SPDX-License-Identifier: BSL-1.0
//
// How a cancellation slot ends one operation that waits in the reactor. While the operation is
// under way the slot's handler knows it; when either goes, the other forgets it, so a signal that is
// emitted when the operation is over finds nothing. What is about to complete cannot be cancelled
// any more.
//
// A signal must not be emitted while the operation starts or completes in another thread.
#pragma once

#include "net/async/associated_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/config.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

class request_canceller;

// Part of the operation.
class request_cancellation {
 public:
  request_cancellation() = default;
  request_cancellation(const request_cancellation&) = delete;
  request_cancellation& operator=(const request_cancellation&) = delete;
  ~request_cancellation() { forget(); }

  void listen(cancellation_slot slot, netpoll::waiter& to);
  void forget() noexcept;

 private:
  friend class request_canceller;
  request_canceller* canceller_ = nullptr;
};

// In the slot.
class request_canceller {
 public:
  request_canceller(request_cancellation& of, netpoll::waiter& what) noexcept
      : of_(&of), what_(what) {
    of.canceller_ = this;
  }
  request_canceller(const request_canceller&) = delete;
  request_canceller& operator=(const request_canceller&) = delete;
  ~request_canceller() {
    if (of_ != nullptr) {
      of_->canceller_ = nullptr;
    }
  }

  void operator()(cancellation_type type) {
    const auto any =
        cancellation_type::terminal | cancellation_type::partial | cancellation_type::total;
    if (of_ != nullptr && (type & any) != cancellation_type::none && what_.withdraw()) {
      what_.resume(netpoll::wake_reason::cancelled);
    }
  }

 private:
  friend class request_cancellation;
  request_cancellation* of_;
  netpoll::waiter& what_;
};

inline void request_cancellation::listen(cancellation_slot slot, netpoll::waiter& to) {
  if (slot.is_connected()) {
    slot.emplace<request_canceller>(*this, to);
  }
}

inline void request_cancellation::forget() noexcept {
  if (canceller_ != nullptr) {
    canceller_->of_ = nullptr;
    canceller_ = nullptr;
  }
}

// For a handler that may have a slot; nothing for one that has none.
template <typename Handler>
class slot_of_operation : request_cancellation {
 public:
  void listen(const Handler& handler, netpoll::waiter& to) {
    request_cancellation::listen(NET_NAMESPACE::get_associated_cancellation_slot(handler), to);
  }
};
template <typename Handler>
requires requires {
  typename associated_cancellation_slot<
      Handler, cancellation_slot>::asio_associated_cancellation_slot_is_unspecialised;
}
class slot_of_operation<Handler> {
 public:
  void listen(const Handler&, netpoll::waiter&) noexcept {}
};

}  // namespace NET_NAMESPACE::internal
