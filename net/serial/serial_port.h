// SPDX-License-Identifier: BSL-1.0
//
// A serial port on whatever executor. See basic_serial_port.h.
#pragma once

#include "net/config.h"
#include "net/serial/basic_serial_port.h"

namespace NET_NAMESPACE {

using serial_port = basic_serial_port<>;

}  // namespace NET_NAMESPACE
