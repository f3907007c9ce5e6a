// SPDX-License-Identifier: BSL-1.0
//
// Datagrams between processes of one machine, which neither get lost nor change their order: the
// types that go with them. The sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include "net/config.h"
#include "net/local/endpoint.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::local {

class datagram_protocol {
 public:
  using endpoint = basic_endpoint<datagram_protocol>;
  using socket = basic_datagram_socket<datagram_protocol>;

  constexpr int family() const noexcept { return AF_UNIX; }
  constexpr int type() const noexcept { return SOCK_DGRAM; }
  constexpr int protocol() const noexcept { return 0; }

  friend constexpr bool operator==(const datagram_protocol&,
                                   const datagram_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::local
