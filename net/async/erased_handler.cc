// SPDX-License-Identifier: BSL-1.0
#include "net/async/erased_handler.h"

#include <functional>

namespace NET_NAMESPACE::internal {

void throw_bad_function_call() { throw std::bad_function_call(); }

}  // namespace NET_NAMESPACE::internal
