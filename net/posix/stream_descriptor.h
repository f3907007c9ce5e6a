// SPDX-License-Identifier: BSL-1.0
//
// A stream of bytes on whatever executor. See basic_stream_descriptor.h.
#pragma once

#include "net/config.h"
#include "net/posix/basic_stream_descriptor.h"

namespace NET_NAMESPACE::posix {

using stream_descriptor = basic_stream_descriptor<>;

}  // namespace NET_NAMESPACE::posix
