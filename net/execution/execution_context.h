// SPDX-License-Identifier: BSL-1.0
//
// An execution_context is a place where function objects run. It is the common base of the
// contexts, so that an executor can say where it belongs without naming the concrete type.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

class execution_context {
 public:
  execution_context(const execution_context&) = delete;
  execution_context& operator=(const execution_context&) = delete;
  virtual ~execution_context() = default;

 protected:
  execution_context() = default;
};

}  // namespace NET_NAMESPACE
