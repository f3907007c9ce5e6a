// SPDX-License-Identifier: BSL-1.0
//
// Signals to wait for, on whatever executor. See basic_signal_set.h.
#pragma once

#include "net/config.h"
#include "net/signal/basic_signal_set.h"

namespace NET_NAMESPACE {

using signal_set = basic_signal_set<>;

}  // namespace NET_NAMESPACE
