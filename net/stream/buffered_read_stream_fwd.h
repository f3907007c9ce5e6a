// SPDX-License-Identifier: BSL-1.0
//
// The name of buffered_read_stream, for headers that only mention it.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename Stream>
class buffered_read_stream;

}  // namespace NET_NAMESPACE
