// SPDX-License-Identifier: BSL-1.0
//
// Sequenced packets of any family, given by number or made from a protocol that has a type here. The
// sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include <concepts>

#include "net/config.h"
#include "net/generic/endpoint.h"
#include "net/generic/protocol.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::generic {

class seq_packet_protocol : public internal::any_protocol<SOCK_SEQPACKET> {
 public:
  using endpoint = basic_endpoint<seq_packet_protocol>;
  using socket = basic_seq_packet_socket<seq_packet_protocol>;

  constexpr seq_packet_protocol(int family, int protocol) noexcept
      : any_protocol(family, protocol) {}
  // Throws std::bad_cast for one of another type.
  template <internal::protocol_like Protocol>
  requires(!std::same_as<Protocol, seq_packet_protocol>) constexpr seq_packet_protocol(
      const Protocol& source)
      : any_protocol(source) {}

  friend constexpr bool operator==(const seq_packet_protocol&,
                                   const seq_packet_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::generic
