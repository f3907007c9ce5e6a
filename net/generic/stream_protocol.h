// SPDX-License-Identifier: BSL-1.0
//
// Streams of any family, given by number or made from a protocol that has a type here. The
// sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include <concepts>

#include "net/config.h"
#include "net/generic/endpoint.h"
#include "net/generic/protocol.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::generic {

class stream_protocol : public internal::any_protocol<SOCK_STREAM> {
 public:
  using endpoint = basic_endpoint<stream_protocol>;
  using socket = basic_stream_socket<stream_protocol>;
  using iostream = basic_socket_iostream<stream_protocol>;

  constexpr stream_protocol(int family, int protocol) noexcept : any_protocol(family, protocol) {}
  // Throws std::bad_cast for one of another type.
  template <internal::protocol_like Protocol>
  requires(!std::same_as<Protocol, stream_protocol>) constexpr stream_protocol(
      const Protocol& source)
      : any_protocol(source) {}

  friend constexpr bool operator==(const stream_protocol&,
                                   const stream_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::generic
