// SPDX-License-Identifier: BSL-1.0
//
// Raw packets of any family, given by number or made from a protocol that has a type here. The
// sockets are in net/socket, to be included by who makes one.
#pragma once

#include <sys/socket.h>

#include <concepts>

#include "net/config.h"
#include "net/generic/endpoint.h"
#include "net/generic/protocol.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::generic {

class raw_protocol : public internal::any_protocol<SOCK_RAW> {
 public:
  using endpoint = basic_endpoint<raw_protocol>;
  using socket = basic_raw_socket<raw_protocol>;

  constexpr raw_protocol(int family, int protocol) noexcept : any_protocol(family, protocol) {}
  // Throws std::bad_cast for one of another type.
  template <internal::protocol_like Protocol>
  requires(!std::same_as<Protocol, raw_protocol>) constexpr raw_protocol(const Protocol& source)
      : any_protocol(source) {}

  friend constexpr bool operator==(const raw_protocol&, const raw_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::generic
