// SPDX-License-Identifier: BSL-1.0
//
// Another name of thread_pool.
#pragma once

#include "net/config.h"
#include "net/execution/thread_pool.h"

namespace NET_NAMESPACE {

using static_thread_pool = thread_pool;

}  // namespace NET_NAMESPACE
