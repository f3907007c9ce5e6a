// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/local/endpoint.h"
#include "net/socket/fwd.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace NET_NAMESPACE::local {

// Connects two sockets of a protocol of this namespace with each other; see socketpair(2). They must
// not be open. On failure both are closed, unless one was open before: error::already_open.
template <typename Protocol, typename Executor, typename OtherExecutor>
void connect_pair(basic_socket<Protocol, Executor>& one,
                  basic_socket<Protocol, OtherExecutor>& other, error_code& ec) {
  static_assert(std::is_same_v<typename Protocol::endpoint, basic_endpoint<Protocol>>,
                "only unix-domain sockets can be connected in pairs");
  const Protocol protocol{};
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
template <typename Protocol, typename Executor, typename OtherExecutor>
void connect_pair(basic_socket<Protocol, Executor>& one,
                  basic_socket<Protocol, OtherExecutor>& other) {
  error_code ec;
  connect_pair(one, other, ec);
  NET_NAMESPACE::internal::throw_if(ec, "connect_pair");
}

}  // namespace NET_NAMESPACE::local
