// SPDX-License-Identifier: BSL-1.0
//
// Messages that keep their bounds, to and from any number of peers; connected, to and from one. See
// basic_socket.h for what all operations have in common.
//
//   net::ip::udp::socket socket(context, net::ip::udp::endpoint(net::ip::udp::v4(), 5353));
//   net::ip::udp::endpoint sender;
//   std::size_t n = socket.receive_from(net::buffer(data), sender);
//   socket.send_to(net::buffer(data, n), sender);
//
// All buffers of a sequence are one message. Of one that is longer than the buffers the rest is lost,
// and no error is reported. A message may be empty: receiving 0 bytes is no end.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/socket/datagram_operations.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_datagram_socket : public internal::datagram_operations<Protocol, Executor> {
  using base = internal::datagram_operations<Protocol, Executor>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using typename base::native_handle_type;
  using typename base::protocol_type;
  template <typename Other>
  struct rebind_executor {
    using other = basic_datagram_socket<Protocol, Other>;
  };

  using base::base;
  basic_datagram_socket(basic_datagram_socket&&) noexcept = default;
  basic_datagram_socket& operator=(basic_datagram_socket&&) noexcept = default;
  // From one of another protocol or executor that this one's can be made from.
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>)
      basic_datagram_socket(basic_datagram_socket<OtherProtocol, OtherExecutor>&& other)
      : base(std::move(other)) {}
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_datagram_socket&
  operator=(basic_datagram_socket<OtherProtocol, OtherExecutor>&& other) {
    this->take(std::move(other));
    return *this;
  }
  ~basic_datagram_socket() = default;
};

}  // namespace NET_NAMESPACE
