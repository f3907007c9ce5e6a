// SPDX-License-Identifier: BSL-1.0
//
// Accepts connections. See basic_socket.h for what all operations have in common.
//
//   net::ip::tcp::acceptor acceptor(context, {net::ip::tcp::v4(), 0});
//   net::ip::tcp::socket socket = acceptor.accept();
//
// Connections that ended before they were accepted are skipped. Running out of descriptors is
// reported (error::no_descriptors); net::listener backs off by itself instead.
#pragma once

#include <cstddef>
#include <utility>

#include "net/config.h"
#include "net/socket/basic_socket.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE {

template <typename Protocol>
class basic_socket_acceptor : public basic_socket<Protocol> {
  using base = basic_socket<Protocol>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;
  using socket_type = typename Protocol::socket;

  explicit basic_socket_acceptor(io_context& context) : base(context.get_executor()) {}
  explicit basic_socket_acceptor(const executor_type& executor) : base(executor) {}
  // Opens, binds and listens.
  template <typename Where>
  basic_socket_acceptor(Where&& where, const endpoint_type& local, bool reuse_address = true)
      : basic_socket_acceptor(where) {
    this->open(local.protocol());
    // Of a file there is nothing to be used again.
    if (reuse_address && local.protocol().family() != AF_UNIX) {
      this->set_option(socket_base::reuse_address(true));
    }
    this->bind(local);
    listen();
  }
  basic_socket_acceptor(basic_socket_acceptor&&) noexcept = default;
  basic_socket_acceptor& operator=(basic_socket_acceptor&&) noexcept = default;
  ~basic_socket_acceptor() = default;

  void listen(int backlog = socket_base::max_listen_connections) {
    error_code ec;
    listen(backlog, ec);
    internal::throw_if(ec, "listen");
  }
  void listen(int backlog, error_code& ec) {
    ec = this->with_number([&](int number) { return netpoll::sys::listen(number, backlog); });
  }

  // The new socket belongs to the acceptor's context.
  socket_type accept() {
    error_code ec;
    socket_type socket = accept(ec);
    internal::throw_if(ec, "accept");
    return socket;
  }
  socket_type accept(error_code& ec) {
    socket_type socket(this->executor_);
    accept(socket, ec);
    return socket;
  }
  // Into a socket that is not open, else error::already_open.
  void accept(socket_type& socket) {
    error_code ec;
    accept(socket, ec);
    internal::throw_if(ec, "accept");
  }
  void accept(socket_type& socket, error_code& ec) { accept_into(socket, nullptr, ec); }
  void accept(socket_type& socket, endpoint_type& peer) {
    error_code ec;
    accept(socket, peer, ec);
    internal::throw_if(ec, "accept");
  }
  void accept(socket_type& socket, endpoint_type& peer, error_code& ec) {
    accept_into(socket, &peer, ec);
  }

  // handler(error_code, socket)
  template <typename Token>
  decltype(auto) async_accept(Token&& token) {
    return async_initiate<Token, void(error_code, socket_type)>(
        [this](auto&& handler) {
          const auto finish = [executor = this->executor_, protocol = this->protocol_,
                               was_open = this->is_open()](netpoll::accept_request& request) {
            error_code ec = result_of(request, was_open);
            socket_type socket(executor);
            if (!ec) {
              socket.adopt(protocol, std::move(request.accepted()), ec);
            }
            return [ec, socket = std::move(socket)](auto& target) mutable {
              std::move(target)(ec, std::move(socket));
            };
          };
          internal::start_io<netpoll::accept_request>(this->fd_, this->executor_, finish,
                                                      std::forward<decltype(handler)>(handler));
        },
        token);
  }
  // handler(error_code); `socket` must stay until then.
  template <typename Token>
  decltype(auto) async_accept(socket_type& socket, Token&& token) {
    return async_initiate<Token, void(error_code)>(
        [this, &socket](auto&& handler) { start_accept(socket, nullptr, std::move(handler)); },
        token);
  }
  template <typename Token>
  decltype(auto) async_accept(socket_type& socket, endpoint_type& peer, Token&& token) {
    return async_initiate<Token, void(error_code)>(
        [this, &socket, &peer](auto&& handler) { start_accept(socket, &peer, std::move(handler)); },
        token);
  }

 private:
  static error_code result_of(const netpoll::accept_request& request, bool was_open) noexcept {
    return was_open ? internal::socket_error(request.error())
                    : make_error_code(error::bad_descriptor);
  }

  static void take(netpoll::accept_request& request, const Protocol& protocol, socket_type& socket,
                   endpoint_type* peer, error_code& ec) {
    if (ec) {
      return;
    }
    if (peer != nullptr) {
      *peer = endpoint_type(request.peer(), request.peer_size());
    }
    socket.adopt(protocol, std::move(request.accepted()), ec);
  }

  void accept_into(socket_type& socket, endpoint_type* peer, error_code& ec) {
    if (socket.is_open()) {
      ec = error::already_open;
      return;
    }
    netpoll::accept_request request;
    internal::perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    take(request, this->protocol_, socket, peer, ec);
  }

  template <typename Handler>
  void start_accept(socket_type& socket, endpoint_type* peer, Handler&& handler) {
    const auto finish = [&socket, peer, protocol = this->protocol_,
                         was_open = this->is_open()](netpoll::accept_request& request) {
      error_code ec =
          socket.is_open() ? make_error_code(error::already_open) : result_of(request, was_open);
      take(request, protocol, socket, peer, ec);
      return [ec](auto& target) { std::move(target)(ec); };
    };
    internal::start_io<netpoll::accept_request>(this->fd_, this->executor_, finish,
                                                std::forward<Handler>(handler));
  }
};

}  // namespace NET_NAMESPACE
