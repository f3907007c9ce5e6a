// SPDX-License-Identifier: BSL-1.0
//
// Connections between processes of one machine that keep messages apart: the types that go with
// them. The sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include "net/config.h"
#include "net/local/endpoint.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::local {

class seq_packet_protocol {
 public:
  using endpoint = basic_endpoint<seq_packet_protocol>;
  using socket = basic_seq_packet_socket<seq_packet_protocol>;
  using acceptor = basic_socket_acceptor<seq_packet_protocol>;

  constexpr int family() const noexcept { return AF_UNIX; }
  constexpr int type() const noexcept { return SOCK_SEQPACKET; }
  constexpr int protocol() const noexcept { return 0; }

  friend constexpr bool operator==(const seq_packet_protocol&,
                                   const seq_packet_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::local
