// SPDX-License-Identifier: BSL-1.0
//
// While there is one, the fiber that made it is cancelled when a stop is requested of its token, at
// once if it has been already.
//
//   net::go([token] { const net::this_fiber::cancel_on_stop guard(token); … });
//
// A fiber that is spawned for a token can have it from the start: fiber_options::stop. Once
// cancelled a fiber stays so. On a plain thread this does nothing.
#pragma once

#include <stop_token>
#include <utility>

#include "net/config.h"
#include "net/fiber/fiber_state.h"

namespace NET_NAMESPACE::this_fiber {

class cancel_on_stop {
 public:
  explicit cancel_on_stop(std::stop_token stop)
      : on_stop_(std::move(stop), canceller{internal::fiber_state::current()}) {}
  cancel_on_stop(const cancel_on_stop&) = delete;
  cancel_on_stop& operator=(const cancel_on_stop&) = delete;

 private:
  struct canceller {
    internal::fiber_state* fiber;
    void operator()() const noexcept {
      if (fiber != nullptr) {
        fiber->cancel();
      }
    }
  };

  std::stop_callback<canceller> on_stop_;
};

}  // namespace NET_NAMESPACE::this_fiber
