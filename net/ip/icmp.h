// SPDX-License-Identifier: BSL-1.0
//
// ICMP: the types that go with it. The sockets it names are in net/socket, to be included by who
// makes one; the kernel gives them to privileged processes only, see raw(7).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/config.h"
#include "net/ip/endpoint.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::ip {

class icmp {
 public:
  using endpoint = basic_endpoint<icmp>;
  using socket = basic_raw_socket<icmp>;
  using resolver = basic_resolver<icmp>;

  static constexpr icmp v4() noexcept { return icmp(AF_INET, IPPROTO_ICMP); }
  static constexpr icmp v6() noexcept { return icmp(AF_INET6, IPPROTO_ICMPV6); }

  constexpr int family() const noexcept { return family_; }
  constexpr int type() const noexcept { return SOCK_RAW; }
  constexpr int protocol() const noexcept { return protocol_; }

  friend constexpr bool operator==(const icmp&, const icmp&) noexcept = default;

 private:
  constexpr icmp(int family, int protocol) noexcept : family_(family), protocol_(protocol) {}

  int family_;
  int protocol_;
};

}  // namespace NET_NAMESPACE::ip
