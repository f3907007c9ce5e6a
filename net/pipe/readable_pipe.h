// SPDX-License-Identifier: BSL-1.0
//
// The end of a pipe that is read, on whatever executor. See basic_readable_pipe.h.
#pragma once

#include "net/config.h"
#include "net/pipe/basic_readable_pipe.h"

namespace NET_NAMESPACE {

using readable_pipe = basic_readable_pipe<>;

}  // namespace NET_NAMESPACE
