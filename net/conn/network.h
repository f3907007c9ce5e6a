// SPDX-License-Identifier: BSL-1.0
//
// What listen and dial have in common: reading "tcp" and "host:port", and the socket options that
// every connection gets.
#pragma once

#include <string>
#include <string_view>

#include "net/config.h"
#include "net/conn/op_error.h"
#include "net/ip/tcp.h"

namespace NET_NAMESPACE::internal {

struct target {
  int family = 0;  // AF_UNSPEC, AF_INET, AF_INET6
  host_and_port where;
};

target parse_target(std::string_view network, std::string_view address, failure& why);

// Says in `why` that looking up the target failed.
void name_lookup(const target& what, failure& why);

// TCP_NODELAY and keep-alive (15 s idle, every 15 s, 9 times), as Go sets them. Failures do not
// matter.
void set_stream_defaults(int socket) noexcept;

ip::tcp::endpoint local_endpoint_of(int socket, error_code& ec) noexcept;

}  // namespace NET_NAMESPACE::internal
