// SPDX-License-Identifier: BSL-1.0
//
// Waits for the end of a fiber, which has room for one who does so. The states are at
// fiber_state::ending_.
#pragma once

#include "net/config.h"
#include "net/fiber/fiber_state.h"
#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

class fiber_state::join_waiter final : public netpoll::waiter {
 public:
  // `joiner` is null if it is a plain thread that waits.
  join_waiter(fiber_state& fiber, fiber_state* joiner) noexcept : fiber_(fiber), joiner_(joiner) {}

  bool commit() noexcept override {
    word expected = owned;
    const bool is_published = fiber_.ending_.compare_exchange_strong(
        expected, reinterpret_cast<word>(static_cast<netpoll::waiter*>(this)),
        std::memory_order_acq_rel, std::memory_order_acquire);
    netpoll::check(is_published || expected == ended, "a fiber is joined by two at once");
    return is_published;
  }

  bool withdraw() noexcept override {
    word expected = reinterpret_cast<word>(static_cast<netpoll::waiter*>(this));
    return fiber_.ending_.compare_exchange_strong(expected, owned, std::memory_order_acq_rel,
                                                  std::memory_order_acquire);
  }

  // Whom it waits for stays until it has gone on.
  void describe(netpoll::description& into) const noexcept override {
    into << "join fiber " << fiber_.id();
    if (*fiber_.name() != '\0') {
      into << " \"" << fiber_.name() << "\"";
    }
  }

 private:
  friend class fiber_state;

  fiber_state& fiber_;
  fiber_state* const joiner_;
};

}  // namespace NET_NAMESPACE::internal
