// SPDX-License-Identifier: BSL-1.0
//
// A function that a fiber is to run for somebody who has a stop token of his own in its
// fiber_options: so the token that the user put there is obeyed by the function.
#pragma once

#include <stop_token>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sync/cancel_on_stop.h"

namespace NET_NAMESPACE::internal {

template <typename Function>
class task_function {
  static constexpr bool takes_token = std::is_invocable_v<Function&, std::stop_token>;

  static decltype(auto) call(Function& function) {
    if constexpr (takes_token) {
      return function(this_fiber::get_stop_token());
    } else {
      return function();
    }
  }

 public:
  using result = decltype(call(std::declval<Function&>()));

  // `stop` is the user's.
  template <typename F>
  task_function(std::stop_token stop, F&& function)
      : stop_(std::move(stop)), function_(std::forward<F>(function)) {}

  // On the fiber.
  result operator()() {
    const this_fiber::cancel_on_stop guard(std::move(stop_));
    return call(function_);
  }

 private:
  std::stop_token stop_;
  Function function_;
};

}  // namespace NET_NAMESPACE::internal
