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
#include <utility>

#include "net/config.h"
#include "net/socket/basic_socket.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE {

template <typename Protocol>
class basic_stream_socket : public basic_socket<Protocol> {
  using base = basic_socket<Protocol>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using lowest_layer_type = base;

  explicit basic_stream_socket(io_context& context) : base(context.get_executor()) {}
  explicit basic_stream_socket(const executor_type& executor) : base(executor) {}
  template <typename Where>
  basic_stream_socket(Where&& where, const Protocol& protocol) : basic_stream_socket(where) {
    this->open(protocol);
  }
  template <typename Where>
  basic_stream_socket(Where&& where, const endpoint_type& local) : basic_stream_socket(where) {
    this->open(local.protocol());
    this->bind(local);
  }
  template <typename Where>
  basic_stream_socket(Where&& where, const Protocol& protocol, int native)
      : basic_stream_socket(where) {
    this->assign(protocol, native);
  }
  basic_stream_socket(basic_stream_socket&&) noexcept = default;
  basic_stream_socket& operator=(basic_stream_socket&&) noexcept = default;
  ~basic_stream_socket() = default;

  lowest_layer_type& lowest_layer() noexcept { return *this; }

  endpoint_type remote_endpoint() const {
    error_code ec;
    const endpoint_type result = remote_endpoint(ec);
    internal::throw_if(ec, "remote_endpoint");
    return result;
  }
  endpoint_type remote_endpoint(error_code& ec) const {
    return this->endpoint_by(&netpoll::sys::get_peer_name, ec);
  }

  void shutdown(socket_base::shutdown_type what) {
    error_code ec;
    shutdown(what, ec);
    internal::throw_if(ec, "shutdown");
  }
  void shutdown(socket_base::shutdown_type what, error_code& ec) {
    ec = this->with_number([&](int number) { return netpoll::sys::shutdown(number, what); });
  }

  std::size_t available() const {
    error_code ec;
    const std::size_t count = available(ec);
    internal::throw_if(ec, "available");
    return count;
  }
  std::size_t available(error_code& ec) const {
    std::size_t count = 0;
    ec = this->with_number([&](int number) {
      const netpoll::sys::result answer = netpoll::sys::available(number);
      count = answer.ok() ? answer.bytes() : 0;
      return answer;
    });
    return count;
  }

  // Opens the socket first if it is not open.
  void connect(const endpoint_type& peer) {
    error_code ec;
    connect(peer, ec);
    internal::throw_if(ec, "connect");
  }
  void connect(const endpoint_type& peer, error_code& ec) {
    if (!this->is_open()) {
      this->open(peer.protocol(), ec);
      if (ec) {
        return;
      }
    }
    netpoll::connect_request request(peer.data(), static_cast<::socklen_t>(peer.size()));
    internal::perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
  }
  // handler(error_code)
  template <typename Token>
  decltype(auto) async_connect(const endpoint_type& peer, Token&& token) {
    return async_initiate<Token, void(error_code)>(
        [this, peer](auto&& handler) {
          error_code open_error;
          if (!this->is_open()) {
            this->open(peer.protocol(), open_error);
          }
          const auto finish = [open_error](const netpoll::io_request& request) {
            const error_code ec = open_error ? open_error : internal::socket_error(request.error());
            return [ec](auto& target) { std::move(target)(ec); };
          };
          internal::start_io<netpoll::connect_request>(
              this->fd_, this->executor_, finish, std::forward<decltype(handler)>(handler),
              peer.data(), static_cast<::socklen_t>(peer.size()));
        },
        token);
  }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = read_some(buffers, ec);
    internal::throw_if(ec, "read_some");
    return bytes;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return receive(buffers, 0, ec);
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_read_some(const Buffers& buffers, Token&& token) {
    return async_receive(buffers, 0, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, socket_base::message_flags flags = 0) {
    error_code ec;
    const std::size_t bytes = receive(buffers, flags, ec);
    internal::throw_if(ec, "receive");
    return bytes;
  }
  template <typename Buffers>
  std::size_t receive(const Buffers& buffers, socket_base::message_flags flags, error_code& ec) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    internal::read_some_request<Buffers> request(netpoll::transport::stream_socket, buffers,
                                                 internal::buffers_per_call, flags);
    internal::perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    return request.bytes();
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_receive(const Buffers& buffers, socket_base::message_flags flags,
                               Token&& token) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    return async_initiate<Token, void(error_code, std::size_t)>(
        [this, flags](auto&& handler, const Buffers& target) {
          internal::start_io<internal::read_some_request<Buffers>>(
              this->fd_, this->executor_, internal::finish_transfer{this->is_open()},
              std::forward<decltype(handler)>(handler), netpoll::transport::stream_socket, target,
              internal::buffers_per_call, flags);
        },
        token, buffers);
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = write_some(buffers, ec);
    internal::throw_if(ec, "write_some");
    return bytes;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return send(buffers, 0, ec);
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_write_some(const Buffers& buffers, Token&& token) {
    return async_send(buffers, 0, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t send(const Buffers& buffers, socket_base::message_flags flags = 0) {
    error_code ec;
    const std::size_t bytes = send(buffers, flags, ec);
    internal::throw_if(ec, "send");
    return bytes;
  }
  template <typename Buffers>
  std::size_t send(const Buffers& buffers, socket_base::message_flags flags, error_code& ec) {
    internal::write_some_request<Buffers> request(netpoll::transport::stream_socket, buffers,
                                                  internal::buffers_per_call,
                                                  netpoll::write_request::amount::some, flags);
    internal::perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    return request.bytes();
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_send(const Buffers& buffers, socket_base::message_flags flags,
                            Token&& token) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        [this, flags](auto&& handler, const Buffers& source) {
          internal::start_io<internal::write_some_request<Buffers>>(
              this->fd_, this->executor_, internal::finish_transfer{this->is_open()},
              std::forward<decltype(handler)>(handler), netpoll::transport::stream_socket, source,
              internal::buffers_per_call, netpoll::write_request::amount::some, flags);
        },
        token, buffers);
  }
};

}  // namespace NET_NAMESPACE
