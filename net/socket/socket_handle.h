// SPDX-License-Identifier: BSL-1.0
//
// What sockets and acceptors have in common beyond io_handle: the protocol, opening, the options,
// the own address, and waiting until the socket is ready. See basic_socket.h for what holds for all
// operations.
#pragma once

#include <sys/socket.h>

#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/socket/io_handle.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_base.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/error.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

template <typename Protocol, typename Executor>
class socket_handle : public io_handle<Executor> {
  using base = io_handle<Executor>;

 public:
  using executor_type = Executor;
  using endpoint_type = typename Protocol::endpoint;
  using wait_type = socket_base::wait_type;

  using base::is_open;

  // error::already_open if it is open.
  void open(const Protocol& protocol = Protocol()) {
    or_throw("open", [&](error_code& ec) { open(protocol, ec); });
  }
  void open(const Protocol& protocol, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    const netpoll::sys::result created =
        netpoll::sys::socket(protocol.family(), protocol.type(), protocol.protocol());
    if (!created.ok()) {
      ec = netpoll::system_error_code(created.error);
      return;
    }
    adopt(protocol, netpoll::unique_fd(static_cast<int>(created.value)), ec);
  }

  // Takes over an open descriptor, and makes it non-blocking. It stays the caller's if that fails.
  void assign(const Protocol& protocol, int native) {
    or_throw("assign", [&](error_code& ec) { assign(protocol, native, ec); });
  }
  void assign(const Protocol& protocol, int native, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    base::take_over(native, ec);
    if (!ec) {
      protocol_ = protocol;
      options_ = {};
    }
  }

  // The same for one that does not block already; closes it if it cannot be taken over.
  void adopt(const Protocol& protocol, netpoll::unique_fd number, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    protocol_ = protocol;
    options_ = {};
    base::adopt(std::move(number), ec);
  }

  // Gives the descriptor away, ending all operations with error::operation_aborted.
  int release() {
    return or_throw("release", [&](error_code& ec) { return release(ec); });
  }
  int release(error_code& ec) {
    const int number = this->fd_.release();
    ec = number >= 0 ? error_code() : make_error_code(error::bad_descriptor);
    return number;
  }

  void bind(const endpoint_type& endpoint) {
    or_throw("bind", [&](error_code& ec) { bind(endpoint, ec); });
  }
  void bind(const endpoint_type& endpoint, error_code& ec) {
    ec = this->with_number([&](int number) {
      return netpoll::sys::bind(number, endpoint.data(), static_cast<::socklen_t>(endpoint.size()));
    });
  }

  endpoint_type local_endpoint() const {
    return or_throw("local_endpoint", [&](error_code& ec) { return local_endpoint(ec); });
  }
  endpoint_type local_endpoint(error_code& ec) const {
    return endpoint_by(&netpoll::sys::get_socket_name, ec);
  }

  template <typename Option>
  void set_option(const Option& option) {
    or_throw("set_option", [&](error_code& ec) { set_option(option, ec); });
  }
  template <typename Option>
  void set_option(const Option& option, error_code& ec) {
    ec = options_.set(this->fd_, protocol_, option);
  }
  template <typename Option>
  void get_option(Option& option) const {
    or_throw("get_option", [&](error_code& ec) { get_option(option, ec); });
  }
  template <typename Option>
  void get_option(Option& option, error_code& ec) const {
    ec = options_.get(this->fd_, protocol_, option);
  }

  // How the kernel reports that the socket is ready: `edge` unless set otherwise, which is right
  // for every socket. `level` and `one_shot` are for descriptors of other kinds that were assigned;
  // `exclusive` is for acceptors of several contexts that share one listening socket (dup(2) and
  // assign()): a new connection wakes one of them instead of all. To be set before the first
  // operation that has to wait; std::errc::device_or_resource_busy afterwards.
  void set_trigger(socket_base::trigger_type how) {
    or_throw("set_trigger", [&](error_code& ec) { set_trigger(how, ec); });
  }
  void set_trigger(socket_base::trigger_type how, error_code& ec) {
    ec = base::if_open(this->fd_.set_trigger(how));
  }

  // Waits for readiness without transferring anything. Waiting for wait_error, which out-of-band
  // data ends, goes on beside a read that waits at the same time.
  void wait(wait_type what) {
    or_throw("wait", [&](error_code& ec) { wait(what, ec); });
  }
  void wait(wait_type what, error_code& ec) {
    netpoll::readiness_request request(base::direction_of(what), base::events_of(what));
    perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
  }
  // handler(error_code)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(wait_type what,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code)>(
        initiation(*this,
                   [](socket_handle& self, auto&& handler, wait_type which) {
                     start_io<netpoll::readiness_request>(
                         self.fd_, self.io_, finish_plain{self.is_open()},
                         std::forward<decltype(handler)>(handler), base::direction_of(which),
                         base::events_of(which));
                   }),
        token, what);
  }

 protected:
  explicit socket_handle(const executor_type& executor) : base(executor) {}
  socket_handle(socket_handle&&) noexcept = default;
  socket_handle& operator=(socket_handle&&) noexcept = default;
  template <typename OtherProtocol, typename OtherExecutor>
  explicit socket_handle(socket_handle<OtherProtocol, OtherExecutor>&& other)
      : base(static_cast<io_handle<OtherExecutor>&&>(other)),
        protocol_(other.protocol_),
        options_(other.options_) {}
  ~socket_handle() = default;

  template <typename OtherProtocol, typename OtherExecutor>
  void take(socket_handle<OtherProtocol, OtherExecutor>&& other) {
    base::take(static_cast<io_handle<OtherExecutor>&&>(other));
    protocol_ = other.protocol_;
    options_ = other.options_;
  }

  template <typename Query>
  endpoint_type endpoint_by(Query query, error_code& ec) const {
    ::sockaddr_storage storage{};
    ::socklen_t size = sizeof(storage);
    ec = this->with_number(
        [&](int number) { return query(number, reinterpret_cast<::sockaddr*>(&storage), &size); });
    return ec ? endpoint_type() : endpoint_type(storage, size);
  }

  Protocol protocol_ = endpoint_type().protocol();
  socket_options options_;

 private:
  template <typename, typename>
  friend class socket_handle;
};

}  // namespace NET_NAMESPACE::internal
