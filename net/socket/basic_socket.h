// SPDX-License-Identifier: BSL-1.0
//
// What all sockets that carry data have in common: an open descriptor with its protocol, options,
// addresses and deadlines, and connecting. Not used by itself, but as the lowest_layer() of others.
//
// Every operation comes as a throwing form and an error_code& form; those that may wait also as an
// async_ form with a completion token. Synchronous forms park the fiber when called on one and block
// the thread when not. Operations in different directions, close() and cancel() may overlap in any
// threads; open, move, assign and destroy may not overlap with anything.
//
// close() and cancel() end pending operations with error::operation_aborted, a deadline ends them
// with error::deadline_exceeded; a single one is ended by its cancellation slot, of any type. What
// was transferred before is reported or stays in the socket. A socket that was moved from is closed
// and keeps its executor.
#pragma once

#include <chrono>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_executor.h"
#include "net/socket/fwd.h"
#include "net/socket/io_control.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_base.h"
#include "net/socket/socket_handle.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor>
class basic_socket : public socket_base, protected internal::socket_handle<Protocol, Executor> {
  using handle = internal::socket_handle<Protocol, Executor>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_socket<Protocol, Other>;
  };
  using protocol_type = Protocol;
  using endpoint_type = typename Protocol::endpoint;
  using native_handle_type = int;
  using lowest_layer_type = basic_socket;

  using handle::adopt;
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
  using handle::set_write_deadline;
  using handle::wait;

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

  endpoint_type remote_endpoint() const {
    return internal::or_throw("remote_endpoint",
                              [&](error_code& ec) { return remote_endpoint(ec); });
  }
  endpoint_type remote_endpoint(error_code& ec) const {
    return this->endpoint_by(&netpoll::sys::get_peer_name, ec);
  }

  void shutdown(shutdown_type what) {
    internal::or_throw("shutdown", [&](error_code& ec) { shutdown(what, ec); });
  }
  void shutdown(shutdown_type what, error_code& ec) {
    ec = this->with_number([&](int number) { return netpoll::sys::shutdown(number, what); });
  }

  // How many bytes can be read without waiting.
  std::size_t available() const {
    return internal::or_throw("available", [&](error_code& ec) { return available(ec); });
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

  // Whether the next byte to be read is the one at the out-of-band mark.
  bool at_mark() const {
    return internal::or_throw("at_mark", [&](error_code& ec) { return at_mark(ec); });
  }
  bool at_mark(error_code& ec) const { return internal::is_at_mark(this->fd_, ec); }

  // Opens the socket first if it is not open.
  void connect(const endpoint_type& peer) {
    internal::or_throw("connect", [&](error_code& ec) { connect(peer, ec); });
  }
  void connect(const endpoint_type& peer, error_code& ec) {
    ec.clear();
    if (!is_open()) {
      open(peer.protocol(), ec);
    }
    if (!ec) {
      netpoll::connect_request request(peer.data(), static_cast<::socklen_t>(peer.size()));
      internal::perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    }
  }
  // handler(error_code)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_connect(const endpoint_type& peer,
                               Token&& token = default_completion_token_t<executor_type>()) {
    error_code ec;
    if (!is_open()) {
      open(peer.protocol(), ec);
    }
    return async_initiate<Token, void(error_code)>(
        internal::initiation(
            *this,
            [](basic_socket& self, auto&& handler, const endpoint_type& to, error_code failure) {
              internal::start_io<netpoll::connect_request>(
                  self.fd_, self.io_, internal::finish_with_open_error{failure},
                  std::forward<decltype(handler)>(handler), to.data(),
                  static_cast<::socklen_t>(to.size()));
            }),
        token, peer, ec);
  }

  // Sockets of any class of this protocol can be moved to one another through this.
  basic_socket& operator=(basic_socket&&) noexcept = default;
  template <typename OtherProtocol, typename OtherExecutor>
  requires(std::is_convertible_v<OtherProtocol, Protocol>&&
               std::is_convertible_v<OtherExecutor, Executor>) basic_socket&
  operator=(basic_socket<OtherProtocol, OtherExecutor>&& other) {
    take(std::move(other));
    return *this;
  }

 protected:
  explicit basic_socket(const executor_type& executor) : handle(executor) {}
  basic_socket(basic_socket&&) noexcept = default;
  template <typename OtherProtocol, typename OtherExecutor>
  explicit basic_socket(basic_socket<OtherProtocol, OtherExecutor>&& other)
      : handle(
            std::move(static_cast<internal::socket_handle<OtherProtocol, OtherExecutor>&>(other))) {
  }
  // Protected: nobody deletes a socket by this.
  ~basic_socket() = default;

  template <typename OtherProtocol, typename OtherExecutor>
  void take(basic_socket<OtherProtocol, OtherExecutor>&& other) {
    handle::take(
        std::move(static_cast<internal::socket_handle<OtherProtocol, OtherExecutor>&>(other)));
  }

 private:
  template <typename, typename>
  friend class basic_socket;
  template <typename, typename>
  friend class internal::initiation;
};

}  // namespace NET_NAMESPACE
