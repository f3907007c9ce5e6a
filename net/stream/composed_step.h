// SPDX-License-Identifier: BSL-1.0
//
// What every link in a chain of handlers has in common: it is called on the executor of the handler
// that waits at its end, uses that handler's allocator, and passes on to each step what is asked of
// the handler's cancellation slot, as far as that is terminal or partial.
#pragma once

#include <cstddef>
#include <utility>

#include "net/async/associator.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"
#include "net/async/operation_cancellation.h"
#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::internal {

// A handler that is wrapped and keeps all its associations.
template <typename Handler>
class wrapped_handler {
 public:
  using forwarded_handler_type = Handler;

  template <typename H>
  explicit wrapped_handler(std::in_place_t, H&& handler) : handler_(std::forward<H>(handler)) {}

  const Handler& forwarded_handler() const noexcept { return handler_; }

 protected:
  // Calls the handler, which is not called again.
  void complete(const error_code& ec, const std::size_t& bytes) { std::move(handler_)(ec, bytes); }

 private:
  Handler handler_;
};

template <typename Handler>
class composed_step : public wrapped_handler<Handler>, public operation_cancellation<Handler> {
 public:
  template <typename H>
  explicit composed_step(std::in_place_t tag, H&& handler)
      : wrapped_handler<Handler>(tag, std::forward<H>(handler)),
        operation_cancellation<Handler>(this->forwarded_handler(), enable_partial_cancellation()) {}

 protected:
  bool is_cancelled() const noexcept { return this->cancelled() != cancellation_type::none; }
};

}  // namespace NET_NAMESPACE::internal
