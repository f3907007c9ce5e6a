// SPDX-License-Identifier: BSL-1.0
//
// A descriptor of any kind on whatever executor. See basic_descriptor.h.
#pragma once

#include "net/config.h"
#include "net/posix/basic_descriptor.h"

namespace NET_NAMESPACE::posix {

using descriptor = basic_descriptor<>;

}  // namespace NET_NAMESPACE::posix
