// SPDX-License-Identifier: BSL-1.0
//
// A connected stream of bytes. See basic_socket.h for what all operations have in common.
//
//   net::ip::tcp::socket socket(context);
//   socket.connect(endpoint);
//   std::size_t n = socket.read_some(net::buffer(data));
//
// read_some and write_some transfer at least one byte, unless the buffers are empty, which succeeds
// at once. The end of the stream is error::eof. At most 64 buffers of a sequence are used per call.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/socket/fwd.h"
#include "net/socket/transfer_socket.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_stream_socket : public internal::transfer_socket<Protocol, Executor> {
  using base = internal::transfer_socket<Protocol, Executor>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using typename base::message_flags;
  using typename base::native_handle_type;
  using typename base::protocol_type;
  template <typename Other>
  struct rebind_executor {
    using other = basic_stream_socket<Protocol, Other>;
  };

  using base::base;
  basic_stream_socket(basic_stream_socket&&) noexcept = default;
  basic_stream_socket& operator=(basic_stream_socket&&) noexcept = default;
  // From one of another protocol or executor that this one's can be made from.
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>)
      basic_stream_socket(basic_stream_socket<OtherProtocol, OtherExecutor>&& other)
      : base(std::move(other)) {}
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_stream_socket&
  operator=(basic_stream_socket<OtherProtocol, OtherExecutor>&& other) {
    this->take(std::move(other));
    return *this;
  }
  ~basic_stream_socket() = default;

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return internal::or_throw("read_some", [&](error_code& ec) { return read_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return receive(buffers, 0, ec);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers,
                                 Token&& token = default_completion_token_t<executor_type>()) {
    return async_receive(buffers, 0, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags flags = 0) {
    return internal::or_throw("receive",
                              [&](error_code& ec) { return receive(buffers, flags, ec); });
  }
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, message_flags flags, error_code& ec) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    return this->template transfer<internal::read_some_request<Buffers>>(
        ec, netpoll::transport::stream_socket, buffers, internal::buffers_per_call, flags);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_receive(const Buffers& buffers,
                    Token&& token = default_completion_token_t<executor_type>()) {
    return async_receive(buffers, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_receive(const Buffers& buffers, message_flags flags,
                               Token&& token = default_completion_token_t<executor_type>()) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiation(*this,
                             [](basic_stream_socket& self, auto&& handler, const Buffers& target,
                                message_flags how) {
                               internal::start_io<internal::read_some_request<Buffers>>(
                                   self.fd_, self.io_, internal::finish_transfer{self.is_open()},
                                   std::forward<decltype(handler)>(handler),
                                   netpoll::transport::stream_socket, target,
                                   internal::buffers_per_call, how);
                             }),
        token, buffers, flags);
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return internal::or_throw("write_some",
                              [&](error_code& ec) { return write_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return send(buffers, 0, ec);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers,
                                  Token&& token = default_completion_token_t<executor_type>()) {
    return async_send(buffers, 0, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags = 0) {
    return internal::or_throw("send", [&](error_code& ec) { return send(buffers, flags, ec); });
  }
  template <typename Buffers>
  std::size_t send(const Buffers& buffers, message_flags flags, error_code& ec) {
    return this->template transfer<internal::write_some_request<Buffers>>(
        ec, netpoll::transport::stream_socket, buffers, internal::buffers_per_call,
        netpoll::write_request::amount::some, flags);
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_convertible_v<Token, message_flags>) decltype(auto)
      async_send(const Buffers& buffers,
                 Token&& token = default_completion_token_t<executor_type>()) {
    return async_send(buffers, 0, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_send(const Buffers& buffers, message_flags flags,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        internal::initiation(
            *this,
            [](basic_stream_socket& self, auto&& handler, const Buffers& source,
               message_flags how) {
              internal::start_io<internal::write_some_request<Buffers>>(
                  self.fd_, self.io_, internal::finish_transfer{self.is_open()},
                  std::forward<decltype(handler)>(handler), netpoll::transport::stream_socket,
                  source, internal::buffers_per_call, netpoll::write_request::amount::some, how);
            }),
        token, buffers, flags);
  }
};

}  // namespace NET_NAMESPACE
