// SPDX-License-Identifier: BSL-1.0
#include "net/generic/protocol.h"

#include <typeinfo>

namespace NET_NAMESPACE::generic::internal {

void throw_bad_cast() { throw std::bad_cast(); }

}  // namespace NET_NAMESPACE::generic::internal
