// SPDX-License-Identifier: BSL-1.0
//
// What a composed operation keeps between the slot of its handler and those of the operations it
// consists of: it filters the requests on their way in and out, hands them on through a slot of its
// own, and remembers the last one.
//
//   net::cancellation_state state(net::get_associated_cancellation_slot(handler),
//                                 net::enable_total_cancellation());
//   socket.async_read_some(buffer, net::bind_cancellation_slot(state.slot(), step));
//   …
//   if (state.cancelled() != net::cancellation_type::none) …
//
// The state lives in the slot it was made from, as that slot's handler: it is gone when the slot is
// given another one. Copies share it. No thread-safety beyond that of the slot.
#pragma once

#include <utility>

#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/config.h"

namespace NET_NAMESPACE {

// Lets pass what is in `Mask`.
template <cancellation_type Mask>
struct cancellation_filter {
  constexpr cancellation_type operator()(cancellation_type type) const noexcept {
    return type & Mask;
  }
};

using disable_cancellation = cancellation_filter<cancellation_type::none>;
using enable_terminal_cancellation = cancellation_filter<cancellation_type::terminal>;
using enable_partial_cancellation =
    cancellation_filter<cancellation_type::terminal | cancellation_type::partial>;
using enable_total_cancellation =
    cancellation_filter<cancellation_type::terminal | cancellation_type::partial |
                        cancellation_type::total>;

class cancellation_state {
 public:
  constexpr cancellation_state() noexcept = default;

  // Filters are called with a cancellation_type and return one. By default, only terminal requests
  // pass; one filter alone is used in both directions. Nothing is installed if `slot` is not
  // connected.
  template <typename CancellationSlot>
  constexpr explicit cancellation_state(CancellationSlot slot)
      : cancellation_state(slot, enable_terminal_cancellation(), enable_terminal_cancellation()) {}
  template <typename CancellationSlot, typename Filter>
  constexpr cancellation_state(CancellationSlot slot, Filter filter)
      : cancellation_state(slot, filter, filter) {}
  template <typename CancellationSlot, typename InFilter, typename OutFilter>
  constexpr cancellation_state(CancellationSlot slot, InFilter in_filter, OutFilter out_filter)
      : shared_(slot.is_connected() ? &slot.template emplace<filtering<InFilter, OutFilter>>(
                                          std::move(in_filter), std::move(out_filter))
                                    : nullptr) {}

  // For the operations inside; not connected if the state is not.
  constexpr cancellation_slot slot() const noexcept {
    return shared_ != nullptr ? shared_->signal.slot() : cancellation_slot();
  }

  // What the last request left after the filter at the entrance.
  cancellation_type cancelled() const noexcept {
    return shared_ != nullptr ? shared_->cancelled : cancellation_type::none;
  }
  void clear(cancellation_type mask = cancellation_type::all) noexcept {
    if (shared_ != nullptr) {
      shared_->cancelled &= ~mask;
    }
  }

 private:
  struct shared_part {
    cancellation_signal signal;
    cancellation_type cancelled = cancellation_type::none;
  };

  template <typename InFilter, typename OutFilter>
  class filtering : public shared_part {
   public:
    filtering(InFilter in, OutFilter out) : in_(std::move(in)), out_(std::move(out)) {}

    void operator()(cancellation_type type) {
      this->cancelled = in_(type);
      const cancellation_type passed = out_(this->cancelled);
      if (passed != cancellation_type::none) {
        this->signal.emit(passed);
      }
    }

   private:
    [[no_unique_address]] InFilter in_;
    [[no_unique_address]] OutFilter out_;
  };

  shared_part* shared_ = nullptr;
};

}  // namespace NET_NAMESPACE
