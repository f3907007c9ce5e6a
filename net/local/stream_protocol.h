// SPDX-License-Identifier: BSL-1.0
//
// Streams between processes of one machine, which are named by files: the types that go with them.
// The sockets are in net/socket, to be included by who makes one.
//
//   net::local::stream_protocol::acceptor acceptor(context, {"/run/service"});
//
// A file that an acceptor left behind is not removed, and in its place no other can be bound.
#pragma once

#include <sys/socket.h>

#include "net/config.h"
#include "net/local/endpoint.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE::local {

class stream_protocol {
 public:
  using endpoint = basic_endpoint<stream_protocol>;
  using socket = basic_stream_socket<stream_protocol>;
  using acceptor = basic_socket_acceptor<stream_protocol>;
  using iostream = basic_socket_iostream<stream_protocol>;

  constexpr int family() const noexcept { return AF_UNIX; }
  constexpr int type() const noexcept { return SOCK_STREAM; }
  constexpr int protocol() const noexcept { return 0; }

  friend constexpr bool operator==(const stream_protocol&,
                                   const stream_protocol&) noexcept = default;
};

}  // namespace NET_NAMESPACE::local
