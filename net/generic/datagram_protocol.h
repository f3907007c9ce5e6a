// SPDX-License-Identifier: BSL-1.0
//
// Datagrams of any family, given by number or made from a protocol that has a type here. The
// sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include <concepts>

#include "net/config.h"
#include "net/generic/endpoint.h"
#include "net/generic/protocol.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::generic {

class datagram_protocol : public internal::any_protocol<SOCK_DGRAM> {
 public:
  using endpoint = basic_endpoint<datagram_protocol>;
  using socket = basic_datagram_socket<datagram_protocol>;

  constexpr datagram_protocol(int family, int protocol) noexcept : any_protocol(family, protocol) {}
  // Throws std::bad_cast for one of another type.
  template <internal::protocol_like Protocol>
  requires(!std::same_as<Protocol, datagram_protocol>) constexpr datagram_protocol(
      const Protocol& source)
      : any_protocol(source) {}

  friend constexpr bool operator==(const datagram_protocol&,
                                   const datagram_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::generic
