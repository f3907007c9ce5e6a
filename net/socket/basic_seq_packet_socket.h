// SPDX-License-Identifier: BSL-1.0
//
// A connected sequence of records that keep their bounds. See basic_socket.h for what all operations
// have in common.
//
//   net::local::seq_packet_protocol::socket socket(context);
//   socket.connect(endpoint);
//   net::socket_base::message_flags flags = 0;
//   std::size_t n = socket.receive(net::buffer(data), flags);
//
// All buffers of a sequence are one record. Of one that is longer than the buffers the rest is lost,
// which shows in the flags as MSG_TRUNC; see recvmsg(2). The end is 0 bytes without an error, as is an
// empty record.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/default_completion_token.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/socket/fwd.h"
#include "net/socket/message_request.h"
#include "net/socket/socket_operation.h"
#include "net/socket/transfer_socket.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_seq_packet_socket : public internal::transfer_socket<Protocol, Executor> {
  using base = internal::transfer_socket<Protocol, Executor>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using typename base::message_flags;
  using typename base::native_handle_type;
  using typename base::protocol_type;
  template <typename Other>
  struct rebind_executor {
    using other = basic_seq_packet_socket<Protocol, Other>;
  };

  using base::base;
  basic_seq_packet_socket(basic_seq_packet_socket&&) noexcept = default;
  basic_seq_packet_socket& operator=(basic_seq_packet_socket&&) noexcept = default;
  // From one of another protocol or executor that this one's can be made from.
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>)
      basic_seq_packet_socket(basic_seq_packet_socket<OtherProtocol, OtherExecutor>&& other)
      : base(std::move(other)) {}
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_seq_packet_socket&
  operator=(basic_seq_packet_socket<OtherProtocol, OtherExecutor>&& other) {
    this->take(std::move(other));
    return *this;
  }
  ~basic_seq_packet_socket() = default;

  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags) {
    return internal::or_throw("send", [&](error_code& ec) { return send(buffers, flags, ec); });
  }
  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags, error_code& ec) {
    return this->template transfer<send_request<Buffers>>(ec, netpoll::transport::message_socket,
                                                          buffers, every_buffer, some, flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_send(const Buffers& buffers, message_flags flags,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<send_request<Buffers>>(
        token, netpoll::transport::message_socket, buffers, every_buffer, some, flags);
  }

  // `out_flags`: what the kernel says about the record. It must stay until an asynchronous operation
  // is over.
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags& out_flags) {
    return receive(buffers, 0, out_flags);
  }
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags in_flags, message_flags& out_flags) {
    return internal::or_throw(
        "receive", [&](error_code& ec) { return receive(buffers, in_flags, out_flags, ec); });
  }
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags in_flags, message_flags& out_flags,
                      error_code& ec) {
    return this->template transfer<receive_request<Buffers>>(ec, buffers, in_flags, &out_flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_receive(const Buffers& buffers, message_flags& out_flags,
                    Token&& token = default_completion_token_t<executor_type>()) {
    return async_receive(buffers, 0, out_flags, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_receive(const Buffers& buffers, message_flags in_flags,
                               message_flags& out_flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<receive_request<Buffers>>(token, buffers, in_flags,
                                                                   &out_flags);
  }

 private:
  static constexpr std::size_t every_buffer = 0;
  static constexpr auto some = netpoll::write_request::amount::some;

  template <const_buffer_sequence Buffers>
  using send_request = internal::write_some_request<Buffers>;
  template <mutable_buffer_sequence Buffers>
  using receive_request = internal::reading<Buffers, internal::receive_flags_request<Buffers>>;
};

}  // namespace NET_NAMESPACE
