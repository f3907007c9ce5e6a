// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::ip {

// The name of this machine.
std::string host_name();
std::string host_name(error_code& ec);

}  // namespace NET_NAMESPACE::ip
