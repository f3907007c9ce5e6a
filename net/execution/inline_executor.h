// SPDX-License-Identifier: BSL-1.0
//
// The executor that calls what it is given, there and then, in the calling thread. It is what a
// handler has associated if neither the handler nor the caller says anything else.
#pragma once

#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

class inline_executor {
 public:
  template <typename Function>
  void execute(Function&& function) const {
    std::forward<Function>(function)();
  }

  friend bool operator==(const inline_executor&, const inline_executor&) noexcept = default;
};

}  // namespace NET_NAMESPACE
