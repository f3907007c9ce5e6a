// SPDX-License-Identifier: BSL-1.0
//
// A function object as an operation of a run loop. Its memory is free again, and the function on
// the stack, before it is called, so what it starts can use that memory.
#pragma once

#include <utility>

#include "net/async/handler_memory.h"
#include "net/config.h"
#include "net/execution/operation.h"

namespace NET_NAMESPACE::internal {

template <typename Function, typename Allocator>
class function_operation final : public operation {
 public:
  template <typename F>
  function_operation(F&& function, const Allocator& allocator)
      : operation(&run_function), function_(std::forward<F>(function)), allocator_(allocator) {}

 private:
  static bool run_function(operation& base, run_loop* loop) {
    auto& self = static_cast<function_operation&>(base);
    Function function(std::move(self.function_));
    const Allocator allocator(self.allocator_);
    destroy_operation(allocator, &self);
    if (loop != nullptr) {
      std::move(function)();
    }
    return true;
  }

  Function function_;
  [[no_unique_address]] Allocator allocator_;
};

template <typename Function, typename Allocator>
operation& make_function_operation(Function&& function, const Allocator& allocator) {
  using type = function_operation<std::decay_t<Function>, Allocator>;
  return *make_operation<type>(allocator, std::forward<Function>(function), allocator);
}

}  // namespace NET_NAMESPACE::internal
