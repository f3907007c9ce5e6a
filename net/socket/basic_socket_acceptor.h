// SPDX-License-Identifier: BSL-1.0
//
// Accepts connections. See basic_socket.h for what all operations have in common.
//
//   net::ip::tcp::acceptor acceptor(context, {net::ip::tcp::v4(), 0});
//   net::ip::tcp::socket socket = acceptor.accept();
//
// Connections that ended before they were accepted are skipped, unless enable_connection_aborted is
// set. Running out of descriptors is reported (error::no_descriptors); net::listener backs off by
// itself instead.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/is_executor.h"
#include "net/socket/basic_socket.h"
#include "net/socket/fwd.h"
#include "net/socket/socket_handle.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_socket_acceptor : public socket_base,
                              private internal::socket_handle<Protocol, Executor> {
  using handle = internal::socket_handle<Protocol, Executor>;
  // What a connection is accepted into, on some executor.
  template <typename OtherExecutor>
  using socket_on =
      typename Protocol::socket::template rebind_executor<std::decay_t<OtherExecutor>>::other;
  template <typename Context>
  using executor_of = typename std::decay_t<Context>::executor_type;
  template <typename T>
  static constexpr bool is_context = std::is_convertible_v<T&, execution_context&>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_socket_acceptor<Protocol, Other>;
  };
  using protocol_type = Protocol;
  using endpoint_type = typename Protocol::endpoint;
  using native_handle_type = int;

  explicit basic_socket_acceptor(const executor_type& executor) : handle(executor) {}
  basic_socket_acceptor(const executor_type& executor, const Protocol& protocol)
      : handle(executor) {
    open(protocol);
  }
  // Opens, binds and listens.
  basic_socket_acceptor(const executor_type& executor, const endpoint_type& local,
                        bool reuse_address = true)
      : handle(executor) {
    open(local.protocol());
    // Of a file there is nothing to be used again.
    if (reuse_address && local.protocol().family() != AF_UNIX) {
      set_option(socket_base::reuse_address(true));
    }
    bind(local);
    listen();
  }
  basic_socket_acceptor(const executor_type& executor, const Protocol& protocol, int native)
      : handle(executor) {
    assign(protocol, native);
  }
  template <internal::io_context_for<executor_type> Context>
  explicit basic_socket_acceptor(Context& context)
      : basic_socket_acceptor(executor_type(context.get_executor())) {}
  template <internal::io_context_for<executor_type> Context>
  basic_socket_acceptor(Context& context, const Protocol& protocol)
      : basic_socket_acceptor(executor_type(context.get_executor()), protocol) {}
  template <internal::io_context_for<executor_type> Context>
  basic_socket_acceptor(Context& context, const endpoint_type& local, bool reuse_address = true)
      : basic_socket_acceptor(executor_type(context.get_executor()), local, reuse_address) {}
  template <internal::io_context_for<executor_type> Context>
  basic_socket_acceptor(Context& context, const Protocol& protocol, int native)
      : basic_socket_acceptor(executor_type(context.get_executor()), protocol, native) {}

  basic_socket_acceptor(basic_socket_acceptor&&) noexcept = default;
  basic_socket_acceptor& operator=(basic_socket_acceptor&&) noexcept = default;
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>)
      basic_socket_acceptor(basic_socket_acceptor<OtherProtocol, OtherExecutor>&& other)
      : handle(static_cast<internal::socket_handle<OtherProtocol, OtherExecutor>&&>(other)) {}
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_socket_acceptor&
  operator=(basic_socket_acceptor<OtherProtocol, OtherExecutor>&& other) {
    this->take(static_cast<internal::socket_handle<OtherProtocol, OtherExecutor>&&>(other));
    return *this;
  }
  ~basic_socket_acceptor() = default;

  using handle::assign;
  using handle::async_wait;
  using handle::bind;
  using handle::cancel;
  using handle::close;
  using handle::get_executor;
#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#endif
  using handle::get_option;
  using handle::io_control;
  using handle::is_open;
  using handle::local_endpoint;
  using handle::native_handle;
  using handle::native_non_blocking;
  using handle::non_blocking;
  using handle::open;
  using handle::release;
  using handle::set_deadline;
  using handle::set_option;
  using handle::set_read_deadline;
  using handle::set_trigger;
  using handle::wait;

  void listen(int backlog = socket_base::max_listen_connections) {
    internal::or_throw("listen", [&](error_code& ec) { listen(backlog, ec); });
  }
  void listen(int backlog, error_code& ec) {
    ec = this->with_number([&](int number) { return netpoll::sys::listen(number, backlog); });
  }

  // A new socket, on the acceptor's executor, another one or that of a context; `peer` gets the
  // address of the other end.
  socket_on<Executor> accept() { return accept_on<Executor>(get_executor(), nullptr); }
  socket_on<Executor> accept(error_code& ec) {
    return accept_on<Executor>(get_executor(), nullptr, ec);
  }
  socket_on<Executor> accept(endpoint_type& peer) {
    return accept_on<Executor>(get_executor(), &peer);
  }
  socket_on<Executor> accept(endpoint_type& peer, error_code& ec) {
    return accept_on<Executor>(get_executor(), &peer, ec);
  }
  template <internal::some_executor Other>
  socket_on<Other> accept(const Other& executor) {
    return accept_on<Other>(executor, nullptr);
  }
  template <internal::some_executor Other>
  socket_on<Other> accept(const Other& executor, error_code& ec) {
    return accept_on<Other>(executor, nullptr, ec);
  }
  template <internal::some_executor Other>
  socket_on<Other> accept(const Other& executor, endpoint_type& peer) {
    return accept_on<Other>(executor, &peer);
  }
  template <internal::some_executor Other>
  socket_on<Other> accept(const Other& executor, endpoint_type& peer, error_code& ec) {
    return accept_on<Other>(executor, &peer, ec);
  }
  template <internal::context_type Context>
  socket_on<executor_of<Context>> accept(Context& context) {
    return accept(context.get_executor());
  }
  template <internal::context_type Context>
  socket_on<executor_of<Context>> accept(Context& context, error_code& ec) {
    return accept(context.get_executor(), ec);
  }
  template <internal::context_type Context>
  socket_on<executor_of<Context>> accept(Context& context, endpoint_type& peer) {
    return accept(context.get_executor(), peer);
  }
  template <internal::context_type Context>
  socket_on<executor_of<Context>> accept(Context& context, endpoint_type& peer, error_code& ec) {
    return accept(context.get_executor(), peer, ec);
  }

  // Into a socket that is not open, else error::already_open.
  template <typename P, typename E>
  void accept(basic_socket<P, E>& socket) {
    internal::or_throw("accept", [&](error_code& ec) { accept(socket, ec); });
  }
  template <typename P, typename E>
  void accept(basic_socket<P, E>& socket, error_code& ec) {
    accept_into(socket, nullptr, ec);
  }
  template <typename P, typename E>
  void accept(basic_socket<P, E>& socket, endpoint_type& peer) {
    internal::or_throw("accept", [&](error_code& ec) { accept(socket, peer, ec); });
  }
  template <typename P, typename E>
  void accept(basic_socket<P, E>& socket, endpoint_type& peer, error_code& ec) {
    accept_into(socket, &peer, ec);
  }

  // handler(error_code, socket), the socket on the acceptor's executor, another one or that of a
  // context; `peer` must stay until then.
  template <typename Token = default_completion_token_t<executor_type>>
  requires(!internal::some_executor<std::decay_t<Token>> && !is_context<Token> &&
           !std::is_same_v<std::decay_t<Token>, endpoint_type>) decltype(auto)
      async_accept(Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<Executor>(get_executor(), nullptr, token);
  }
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_accept(endpoint_type& peer,
                              Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<Executor>(get_executor(), &peer, token);
  }
  template <internal::some_executor Other,
            typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_same_v<std::decay_t<Token>, endpoint_type>) decltype(auto)
      async_accept(const Other& executor,
                   Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<Other>(executor, nullptr, token);
  }
  template <internal::some_executor Other,
            typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_accept(const Other& executor, endpoint_type& peer,
                              Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<Other>(executor, &peer, token);
  }
  template <internal::context_type Context,
            typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_same_v<std::decay_t<Token>, endpoint_type>) decltype(auto)
      async_accept(Context& context, Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<executor_of<Context>>(context.get_executor(), nullptr, token);
  }
  template <internal::context_type Context,
            typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_accept(Context& context, endpoint_type& peer,
                              Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_on<executor_of<Context>>(context.get_executor(), &peer, token);
  }

  // handler(error_code); `socket` and `peer` must stay until then.
  template <typename P, typename E, typename Token = default_completion_token_t<executor_type>>
  requires(!std::is_same_v<std::decay_t<Token>, endpoint_type>) decltype(auto)
      async_accept(basic_socket<P, E>& socket,
                   Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_into(socket, nullptr, token);
  }
  template <typename P, typename E, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_accept(basic_socket<P, E>& socket, endpoint_type& peer,
                              Token&& token = default_completion_token_t<executor_type>()) {
    return async_accept_into(socket, &peer, token);
  }

 private:
  using request = netpoll::accept_request;

  // What came of accepting: into `socket`, if all is well.
  template <typename Socket>
  static void take_over(request& done, bool was_open, const Protocol& protocol, Socket& socket,
                        endpoint_type* peer, error_code& ec) {
    ec = was_open ? internal::socket_error(done.error()) : make_error_code(error::bad_descriptor);
    if (ec) {
      return;
    }
    if (peer != nullptr) {
      *peer = endpoint_type(done.peer(), done.peer_size());
    }
    socket.adopt(protocol, std::move(done.accepted()), ec);
  }

  template <typename Socket>
  void accept_into(Socket& socket, endpoint_type* peer, error_code& ec) {
    if (socket.is_open()) {
      ec = error::already_open;
      return;
    }
    request accepting(exhaustion(), aborted());
    internal::perform_on_socket(accepting, this->fd_, !this->is_non_blocking_, ec);
    if (!ec) {
      take_over(accepting, true, this->protocol_, socket, peer, ec);
    }
  }

  template <typename Other>
  socket_on<Other> accept_on(const Other& executor, endpoint_type* peer, error_code& ec) {
    socket_on<Other> socket(executor);
    accept_into(socket, peer, ec);
    return socket;
  }
  template <typename Other>
  socket_on<Other> accept_on(const Other& executor, endpoint_type* peer) {
    return internal::or_throw("accept",
                              [&](error_code& ec) { return accept_on<Other>(executor, peer, ec); });
  }

  template <typename Other, typename Token>
  decltype(auto) async_accept_on(const Other& executor, endpoint_type* peer, Token& token) {
    return async_initiate<Token, void(error_code, socket_on<Other>)>(
        internal::initiation(
            *this,
            [](basic_socket_acceptor& self, auto&& handler, const Other& on, endpoint_type* from) {
              auto finish = [socket = socket_on<Other>(on), from, protocol = self.protocol_,
                             was_open = self.is_open()](request& done) mutable {
                error_code ec;
                take_over(done, was_open, protocol, socket, from, ec);
                return [ec, socket = std::move(socket)](auto& target) mutable {
                  std::move(target)(ec, std::move(socket));
                };
              };
              start(self.fd_, self, std::move(finish), std::forward<decltype(handler)>(handler));
            }),
        token, executor, peer);
  }

  template <typename Socket, typename Token>
  decltype(auto) async_accept_into(Socket& socket, endpoint_type* peer, Token& token) {
    return async_initiate<Token, void(error_code)>(
        internal::initiation(
            *this,
            [](basic_socket_acceptor& self, auto&& handler, Socket* into, endpoint_type* from) {
              auto finish = [into, from, protocol = self.protocol_,
                             was_open = self.is_open()](request& done) {
                error_code ec = error::already_open;
                if (!into->is_open()) {
                  take_over(done, was_open, protocol, *into, from, ec);
                }
                return [ec](auto& target) { std::move(target)(ec); };
              };
              // A socket that is open already need not wait for a connection to fail: of a descriptor
              // that is not there, the operation ends at once.
              const netpoll::fd nowhere;
              start(into->is_open() ? nowhere : self.fd_, self, std::move(finish),
                    std::forward<decltype(handler)>(handler));
            }),
        token, &socket, peer);
  }

  template <typename Finish, typename Handler>
  static void start(const netpoll::fd& listening, const basic_socket_acceptor& self, Finish finish,
                    Handler&& handler) {
    internal::start_io<request>(listening, self.io_, std::move(finish),
                                std::forward<Handler>(handler), exhaustion(), self.aborted());
  }

  static request::when_exhausted exhaustion() noexcept { return request::when_exhausted::report; }
  request::when_aborted aborted() const noexcept {
    return this->options_.reports_aborted() ? request::when_aborted::report
                                            : request::when_aborted::skip;
  }
};

}  // namespace NET_NAMESPACE
