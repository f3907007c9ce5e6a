// SPDX-License-Identifier: BSL-1.0
//
// UDP: the types that go with it. The sockets it names are in net/socket, to be included by who
// makes one.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/config.h"
#include "net/ip/endpoint.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::ip {

class udp {
 public:
  using endpoint = basic_endpoint<udp>;
  using socket = basic_datagram_socket<udp>;
  using resolver = basic_resolver<udp>;

  static constexpr udp v4() noexcept { return udp(AF_INET); }
  static constexpr udp v6() noexcept { return udp(AF_INET6); }

  constexpr int family() const noexcept { return family_; }
  constexpr int type() const noexcept { return SOCK_DGRAM; }
  constexpr int protocol() const noexcept { return IPPROTO_UDP; }

  friend constexpr bool operator==(const udp&, const udp&) noexcept = default;

 private:
  constexpr explicit udp(int family) noexcept : family_(family) {}

  int family_;
};

}  // namespace NET_NAMESPACE::ip
