// SPDX-License-Identifier: BSL-1.0
//
// A function object that stands for any: what an executor must be able to execute to be one.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE::execution {

struct invocable_archetype {
  template <typename... Args>
  void operator()(Args&&...) {}
};

}  // namespace NET_NAMESPACE::execution
