// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace NET_NAMESPACE::local {

// Connects two sockets, which must not be open, with each other; see socketpair(2). On failure both
// are closed.
template <typename Socket, typename Other>
void connect_pair(Socket& one, Other& other, error_code& ec) {
  const typename Socket::protocol_type protocol{};
  if (one.is_open() || other.is_open()) {
    ec = error::already_open;
    return;
  }
  int ends[2] = {-1, -1};
  const netpoll::sys::result made =
      netpoll::sys::socket_pair(protocol.family(), protocol.type(), ends);
  if (!made.ok()) {
    ec = netpoll::system_error_code(made.error);
    return;
  }
  netpoll::unique_fd first(ends[0]);
  netpoll::unique_fd second(ends[1]);
  one.adopt(protocol, std::move(first), ec);
  if (!ec) {
    other.adopt(protocol, std::move(second), ec);
    if (ec) {
      error_code ignored;
      one.close(ignored);
    }
  }
}
template <typename Socket, typename Other>
void connect_pair(Socket& one, Other& other) {
  error_code ec;
  connect_pair(one, other, ec);
  NET_NAMESPACE::internal::throw_if(ec, "connect_pair");
}

}  // namespace NET_NAMESPACE::local
