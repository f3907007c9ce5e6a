// SPDX-License-Identifier: BSL-1.0
//
// What an object gives to async_initiate() to begin one of its operations: a function that is called
// with the object, the handler and the arguments, and the object's executor for whoever asks.
//
//   return async_initiate<Token, void(error_code)>(
//       internal::initiation(*this, [](auto& self, auto&& handler, int level) { … }), token, level);
//
// The object must be there when the operation begins, which a token may put off.
#pragma once

#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename Object, typename Function>
class initiation : private Function {
 public:
  using executor_type = typename Object::executor_type;

  initiation(Object& self, Function function) : Function(std::move(function)), self_(&self) {}

  executor_type get_executor() const noexcept { return self_->get_executor(); }

  template <typename Handler, typename... Args>
  void operator()(Handler&& handler, Args&&... args) const {
    static_cast<const Function&> (*this)(*self_, std::forward<Handler>(handler),
                                         std::forward<Args>(args)...);
  }

 private:
  Object* self_;
};

}  // namespace NET_NAMESPACE::internal
