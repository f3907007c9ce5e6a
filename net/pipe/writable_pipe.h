// SPDX-License-Identifier: BSL-1.0
//
// The end of a pipe that is written, on whatever executor. See basic_writable_pipe.h.
#pragma once

#include "net/config.h"
#include "net/pipe/basic_writable_pipe.h"

namespace NET_NAMESPACE {

using writable_pipe = basic_writable_pipe<>;

}  // namespace NET_NAMESPACE
