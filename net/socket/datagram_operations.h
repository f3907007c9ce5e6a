// SPDX-License-Identifier: BSL-1.0
//
// What datagram and raw sockets do: messages to and from one peer or any. They differ in nothing but
// their names.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/default_completion_token.h"
#include "net/buffer/buffer.h"
#include "net/config.h"
#include "net/error.h"
#include "net/socket/message_request.h"
#include "net/socket/socket_operation.h"
#include "net/socket/transfer_socket.h"
#include "netpoll/iovec_cursor.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

template <typename Protocol, typename Executor>
class datagram_operations : public transfer_socket<Protocol, Executor> {
  using base = transfer_socket<Protocol, Executor>;

 public:
  using base::base;
  using typename base::endpoint_type;
  using typename base::executor_type;
  using typename base::message_flags;

  // To the peer that the socket is connected to.
  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags = 0) {
    return or_throw("send", [&](error_code& ec) { return send(buffers, flags, ec); });
  }
  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags, error_code& ec) {
    return this->template transfer<send_request<Buffers>>(ec, netpoll::transport::message_socket,
                                                          buffers, every_buffer, some, flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_send(const Buffers& buffers,
                 Token&& token = default_completion_token_t<executor_type>()) {
    return async_send(buffers, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_send(const Buffers& buffers, message_flags flags,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<send_request<Buffers>>(
        token, netpoll::transport::message_socket, buffers, every_buffer, some, flags);
  }

  // To any peer.
  template <typename Buffers>
  std::size_t send_to(const Buffers& buffers, const endpoint_type& peer, message_flags flags = 0) {
    return or_throw("send_to", [&](error_code& ec) { return send_to(buffers, peer, flags, ec); });
  }
  template <typename Buffers>
  std::size_t send_to(const Buffers& buffers, const endpoint_type& peer, message_flags flags,
                      error_code& ec) {
    return this->template transfer<to_request<Buffers>>(ec, buffers, peer, flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_send_to(const Buffers& buffers, const endpoint_type& peer,
                    Token&& token = default_completion_token_t<executor_type>()) {
    return async_send_to(buffers, peer, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_send_to(const Buffers& buffers, const endpoint_type& peer,
                               message_flags flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<to_request<Buffers>>(token, buffers, peer, flags);
  }

  // One message, from the peer that the socket is connected to, or from whomever.
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags flags = 0) {
    return or_throw("receive", [&](error_code& ec) { return receive(buffers, flags, ec); });
  }
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags flags, error_code& ec) {
    return this->template transfer<receive_request<Buffers>>(ec, netpoll::transport::message_socket,
                                                             buffers, netpoll::max_buffers, flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_receive(const Buffers& buffers,
                    Token&& token = default_completion_token_t<executor_type>()) {
    return async_receive(buffers, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_receive(const Buffers& buffers, message_flags flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<receive_request<Buffers>>(
        token, netpoll::transport::message_socket, buffers, netpoll::max_buffers, flags);
  }

  // Tells whom it is from. `sender` must stay until an asynchronous operation is over.
  template <typename Buffers>
  std::size_t receive_from(const Buffers& buffers, endpoint_type& sender, message_flags flags = 0) {
    return or_throw("receive_from",
                    [&](error_code& ec) { return receive_from(buffers, sender, flags, ec); });
  }
  template <typename Buffers>
  std::size_t receive_from(const Buffers& buffers, endpoint_type& sender, message_flags flags,
                           error_code& ec) {
    return this->template transfer<from_request<Buffers>>(ec, buffers, &sender, flags);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_receive_from(const Buffers& buffers, endpoint_type& sender,
                         Token&& token = default_completion_token_t<executor_type>()) {
    return async_receive_from(buffers, sender, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_receive_from(const Buffers& buffers, endpoint_type& sender,
                                    message_flags flags,
                                    Token&& token = default_completion_token_t<executor_type>()) {
    return this->template async_transfer<from_request<Buffers>>(token, buffers, &sender, flags);
  }

 protected:
  datagram_operations(datagram_operations&&) noexcept = default;
  datagram_operations& operator=(datagram_operations&&) noexcept = default;
  ~datagram_operations() = default;

 private:
  static constexpr std::size_t every_buffer = 0;
  static constexpr auto some = netpoll::write_request::amount::some;

  template <const_buffer_sequence Buffers>
  using send_request = write_some_request<Buffers>;
  template <const_buffer_sequence Buffers>
  using to_request = writing<Buffers, send_to_request<Buffers, endpoint_type>>;
  template <mutable_buffer_sequence Buffers>
  using receive_request = read_some_request<Buffers>;
  template <mutable_buffer_sequence Buffers>
  using from_request = reading<Buffers, receive_from_request<Buffers, endpoint_type>>;
};

}  // namespace NET_NAMESPACE::internal
