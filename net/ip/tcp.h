// SPDX-License-Identifier: BSL-1.0
//
// TCP: the types that go with it, and its own option. The sockets it names are in net/socket, to be
// included by who makes one.
//
//   net::ip::tcp::acceptor acceptor(context, net::ip::tcp::endpoint(net::ip::tcp::v4(), 0));
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/config.h"
#include "net/ip/endpoint.h"
#include "net/ip/v6_only.h"
#include "net/socket/fwd.h"
#include "net/socket/socket_option.h"

namespace NET_NAMESPACE::ip {

class tcp {
 public:
  using endpoint = basic_endpoint<tcp>;
  using socket = basic_stream_socket<tcp>;
  using acceptor = basic_socket_acceptor<tcp>;
  using resolver = basic_resolver<tcp>;
  using iostream = basic_socket_iostream<tcp>;

  // Whether small writes are sent at once instead of being collected (TCP_NODELAY).
  using no_delay = socket_option::boolean<IPPROTO_TCP, TCP_NODELAY>;

  static constexpr tcp v4() noexcept { return tcp(AF_INET); }
  static constexpr tcp v6() noexcept { return tcp(AF_INET6); }

  constexpr int family() const noexcept { return family_; }
  constexpr int type() const noexcept { return SOCK_STREAM; }
  constexpr int protocol() const noexcept { return IPPROTO_TCP; }

  friend constexpr bool operator==(const tcp&, const tcp&) noexcept = default;

 private:
  constexpr explicit tcp(int family) noexcept : family_(family) {}

  int family_;
};

}  // namespace NET_NAMESPACE::ip
