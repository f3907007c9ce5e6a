// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <netinet/in.h>

#include "net/config.h"
#include "net/socket/socket_option.h"

namespace NET_NAMESPACE::ip {

// Whether an IPv6 socket takes IPv6 only (IPV6_V6ONLY).
using v6_only = socket_option::boolean<IPPROTO_IPV6, IPV6_V6ONLY>;

}  // namespace NET_NAMESPACE::ip
