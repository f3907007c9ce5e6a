// SPDX-License-Identifier: BSL-1.0
//
// What stream sockets and acceptors have in common: an open descriptor on an io_context, its
// options, addresses and deadlines. Not used by itself.
//
// Every operation comes as a throwing form and an error_code& form; those that may wait also as an
// async_ form with a handler. Synchronous forms park the fiber when called on one and block the
// thread when not. Operations in different directions, close() and cancel() may overlap in any
// threads; open, move, assign and destroy may not overlap with anything.
//
// close() and cancel() end pending operations with error::operation_aborted, a deadline ends them
// with error::deadline_exceeded. What was transferred before is reported or stays in the socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_context.h"
#include "net/socket/fwd.h"
#include "net/socket/io_control.h"
#include "net/socket/no_deadline.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_base.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/fd.h"

namespace NET_NAMESPACE {

template <typename Protocol>
class basic_socket : public socket_base {
 public:
  using executor_type = io_context::executor_type;
  using protocol_type = Protocol;
  using endpoint_type = typename Protocol::endpoint;
  using native_handle_type = int;

  executor_type get_executor() const noexcept { return executor_; }

  // error::already_open if it is open.
  void open(const Protocol& protocol = Protocol()) {
    error_code ec;
    open(protocol, ec);
    internal::throw_if(ec, "open");
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

  // Takes over an open descriptor, and makes it non-blocking.
  void assign(const Protocol& protocol, int native) {
    error_code ec;
    assign(protocol, native, ec);
    internal::throw_if(ec, "assign");
  }
  void assign(const Protocol& protocol, int native, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    const netpoll::sys::result set = netpoll::sys::set_non_blocking(native, true);
    if (!set.ok()) {
      ec = netpoll::system_error_code(set.error);
      return;
    }
    adopt(protocol, netpoll::unique_fd(native), ec);
  }

  // The same for one that does not block already; closes it if it cannot be taken over.
  void adopt(const Protocol& protocol, netpoll::unique_fd number, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    protocol_ = protocol;
    options_ = {};
    ec = netpoll::system_error_code(fd_.open(executor_.context().reactor(), std::move(number)));
  }

  bool is_open() const noexcept { return fd_.is_open(); }
  int native_handle() const noexcept { return fd_.native_handle(); }

  void close() {
    error_code ec;
    close(ec);
    internal::throw_if(ec, "close");
  }
  // Closing what is closed is no error.
  void close(error_code& ec) {
    (void)fd_.close();
    ec.clear();
  }

  void cancel() {
    error_code ec;
    cancel(ec);
    internal::throw_if(ec, "cancel");
  }
  void cancel(error_code& ec) {
    ec = is_open() ? error_code() : make_error_code(error::bad_descriptor);
    fd_.cancel();
  }

  void bind(const endpoint_type& endpoint) {
    error_code ec;
    bind(endpoint, ec);
    internal::throw_if(ec, "bind");
  }
  void bind(const endpoint_type& endpoint, error_code& ec) {
    ec = with_number([&](int number) {
      return netpoll::sys::bind(number, endpoint.data(), static_cast<::socklen_t>(endpoint.size()));
    });
  }

  endpoint_type local_endpoint() const {
    error_code ec;
    const endpoint_type result = local_endpoint(ec);
    internal::throw_if(ec, "local_endpoint");
    return result;
  }
  endpoint_type local_endpoint(error_code& ec) const {
    return endpoint_by(&netpoll::sys::get_socket_name, ec);
  }

  template <typename Option>
  void set_option(const Option& option) {
    error_code ec;
    set_option(option, ec);
    internal::throw_if(ec, "set_option");
  }
  template <typename Option>
  void set_option(const Option& option, error_code& ec) {
    ec = options_.set(fd_, protocol_, option);
  }
  template <typename Option>
  void get_option(Option& option) const {
    error_code ec;
    get_option(option, ec);
    internal::throw_if(ec, "get_option");
  }
  template <typename Option>
  void get_option(Option& option, error_code& ec) const {
    ec = options_.get(fd_, protocol_, option);
  }

  template <typename Command>
  void io_control(Command& command) {
    error_code ec;
    io_control(command, ec);
    internal::throw_if(ec, "io_control");
  }
  template <typename Command>
  void io_control(Command& command, error_code& ec) {
    ec = internal::io_control(fd_, command.name(), command.data());
  }

  // Whether synchronous operations report would_block instead of waiting.
  bool non_blocking() const noexcept { return is_non_blocking_; }
  void non_blocking(bool on) { is_non_blocking_ = on; }
  void non_blocking(bool on, error_code& ec) {
    is_non_blocking_ = on;
    ec.clear();
  }

  // How the kernel reports that the socket is ready: `edge` unless set otherwise, which is right
  // for every socket. `level` and `one_shot` are for descriptors of other kinds that were assigned;
  // `exclusive` is for acceptors of several contexts that share one listening socket (dup(2) and
  // assign()): a new connection wakes one of them instead of all. To be set before the first
  // operation that has to wait; std::errc::device_or_resource_busy afterwards.
  void set_trigger(trigger_type how) {
    error_code ec;
    set_trigger(how, ec);
    internal::throw_if(ec, "set_trigger");
  }
  void set_trigger(trigger_type how, error_code& ec) {
    ec = fd_.set_trigger(how);
    if (ec == netpoll::errc::closed) {
      ec = error::bad_descriptor;
    }
  }

  // Waits for readiness without transferring anything. Waiting for wait_error, which out-of-band
  // data ends, goes on beside a read that waits at the same time.
  void wait(wait_type what) {
    error_code ec;
    wait(what, ec);
    internal::throw_if(ec, "wait");
  }
  void wait(wait_type what, error_code& ec) {
    netpoll::readiness_request request(direction_of(what), events_of(what));
    internal::perform_on_socket(request, fd_, !is_non_blocking_, ec);
  }
  template <typename Token>
  decltype(auto) async_wait(wait_type what, Token&& token) {
    return async_initiate<Token, void(error_code)>(
        [this, what](auto&& handler) {
          internal::start_io<netpoll::readiness_request>(
              fd_, executor_, internal::finish_plain{is_open()},
              std::forward<decltype(handler)>(handler), direction_of(what), events_of(what));
        },
        token);
  }

  // Deadlines: absolute, for the operation under way and all later ones, until set anew;
  // no_deadline clears. One in the past ends pending operations at once.
  void set_deadline(std::chrono::steady_clock::time_point when) {
    set_deadline_of(netpoll::directions::both, when);
  }
  void set_read_deadline(std::chrono::steady_clock::time_point when) {
    set_deadline_of(netpoll::directions::read, when);
  }
  void set_write_deadline(std::chrono::steady_clock::time_point when) {
    set_deadline_of(netpoll::directions::write, when);
  }

 protected:
  explicit basic_socket(const executor_type& executor) noexcept : executor_(executor) {}
  basic_socket(basic_socket&&) noexcept = default;
  basic_socket& operator=(basic_socket&&) noexcept = default;
  ~basic_socket() = default;

  template <typename Use>
  error_code with_number(Use use) const {
    const error_code ec = fd_.with_number(use);
    return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
  }

  template <typename Query>
  endpoint_type endpoint_by(Query query, error_code& ec) const {
    ::sockaddr_storage storage{};
    ::socklen_t size = sizeof(storage);
    ec = with_number(
        [&](int number) { return query(number, reinterpret_cast<::sockaddr*>(&storage), &size); });
    return ec ? endpoint_type() : endpoint_type(storage, size);
  }

  executor_type executor_;
  netpoll::fd fd_;
  Protocol protocol_ = endpoint_type().protocol();
  internal::socket_options options_;
  bool is_non_blocking_ = false;

 private:
  static netpoll::direction direction_of(wait_type what) noexcept {
    return what == wait_write   ? netpoll::direction::write
           : what == wait_error ? netpoll::direction::urgent
                                : netpoll::direction::read;
  }
  static short events_of(wait_type what) noexcept {
    return what == wait_read ? POLLIN : what == wait_write ? POLLOUT : POLLPRI;
  }
  void set_deadline_of(netpoll::directions which, std::chrono::steady_clock::time_point when) {
    const error_code ec = fd_.set_deadline(which, netpoll::to_nanotime(when));
    internal::throw_if(ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec,
                       "set_deadline");
  }
};

}  // namespace NET_NAMESPACE
