// SPDX-License-Identifier: BSL-1.0
#include "net/socket/socket_option.h"

#include <stdexcept>

namespace NET_NAMESPACE::socket_option::internal {

void throw_wrong_size() { throw std::length_error("socket option of another size"); }

}  // namespace NET_NAMESPACE::socket_option::internal
