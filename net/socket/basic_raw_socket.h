// SPDX-License-Identifier: BSL-1.0
//
// Packets of a protocol below or beside UDP and TCP, such as ICMP. The operations are those of
// basic_datagram_socket.h; IPv4 packets are received with their header, see raw(7).
//
//   net::ip::icmp::socket socket(context, net::ip::icmp::v4());
//   socket.send_to(net::buffer(echo_request), host);
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/socket/datagram_operations.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_raw_socket : public internal::datagram_operations<Protocol, Executor> {
  using base = internal::datagram_operations<Protocol, Executor>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using typename base::native_handle_type;
  using typename base::protocol_type;
  template <typename Other>
  struct rebind_executor {
    using other = basic_raw_socket<Protocol, Other>;
  };

  using base::base;
  basic_raw_socket(basic_raw_socket&&) noexcept = default;
  basic_raw_socket& operator=(basic_raw_socket&&) noexcept = default;
  // From one of another protocol or executor that this one's can be made from.
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>)
      basic_raw_socket(basic_raw_socket<OtherProtocol, OtherExecutor>&& other)
      : base(std::move(other)) {}
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_raw_socket&
  operator=(basic_raw_socket<OtherProtocol, OtherExecutor>&& other) {
    this->take(std::move(other));
    return *this;
  }
  ~basic_raw_socket() = default;
};

}  // namespace NET_NAMESPACE
