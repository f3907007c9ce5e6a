// SPDX-License-Identifier: BSL-1.0
//
// What sockets and acceptors have in common: the descriptor, opening and closing it, its options,
// its deadlines, its own address, and waiting until it is ready. See basic_socket.h for what holds
// for all operations.
#pragma once

#include <sys/poll.h>

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
#include "net/socket/no_deadline.h"
#include "net/socket/io_control.h"
#include "net/socket/option_access.h"
#include "net/socket/socket_base.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/fd.h"

namespace NET_NAMESPACE::internal {

template <typename Protocol, typename Executor>
class socket_handle {
 public:
  using executor_type = Executor;
  using endpoint_type = typename Protocol::endpoint;
  using wait_type = socket_base::wait_type;

  const executor_type& get_executor() const noexcept { return io_.get(); }

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

  // Takes over an open descriptor, and makes it non-blocking.
  void assign(const Protocol& protocol, int native) {
    or_throw("assign", [&](error_code& ec) { assign(protocol, native, ec); });
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
    is_non_blocking_ = false;
    is_native_non_blocking_ = false;
    ec = netpoll::system_error_code(fd_.open(io_.reactor(), std::move(number)));
  }

  // Gives the descriptor away, ending all operations with error::operation_aborted.
  int release() {
    return or_throw("release", [&](error_code& ec) { return release(ec); });
  }
  int release(error_code& ec) {
    const int number = fd_.release();
    ec = number >= 0 ? error_code() : make_error_code(error::bad_descriptor);
    return number;
  }

  bool is_open() const noexcept { return fd_.is_open(); }
  int native_handle() const noexcept { return fd_.native_handle(); }

  // Closing what is closed is no error.
  void close() { (void)fd_.close(); }
  void close(error_code& ec) {
    close();
    ec.clear();
  }

  void cancel() {
    or_throw("cancel", [&](error_code& ec) { cancel(ec); });
  }
  void cancel(error_code& ec) {
    ec = is_open() ? error_code() : make_error_code(error::bad_descriptor);
    fd_.cancel();
  }

  void bind(const endpoint_type& endpoint) {
    or_throw("bind", [&](error_code& ec) { bind(endpoint, ec); });
  }
  void bind(const endpoint_type& endpoint, error_code& ec) {
    ec = with_number([&](int number) {
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
    ec = options_.set(fd_, protocol_, option);
  }
  template <typename Option>
  void get_option(Option& option) const {
    or_throw("get_option", [&](error_code& ec) { get_option(option, ec); });
  }
  template <typename Option>
  void get_option(Option& option, error_code& ec) const {
    ec = options_.get(fd_, protocol_, option);
  }

  template <typename Command>
  void io_control(Command& command) {
    or_throw("io_control", [&](error_code& ec) { io_control(command, ec); });
  }
  template <typename Command>
  void io_control(Command& command, error_code& ec) {
    ec = internal::io_control(fd_, command.name(), command.data());
  }

  // Whether synchronous operations report would_block instead of waiting.
  bool non_blocking() const noexcept { return is_non_blocking_; }
  void non_blocking(bool on) {
    or_throw("non_blocking", [&](error_code& ec) { non_blocking(on, ec); });
  }
  void non_blocking(bool on, error_code& ec) {
    ec = is_open() ? error_code() : make_error_code(error::bad_descriptor);
    if (!ec) {
      is_non_blocking_ = on;
    }
  }
  // Whether the descriptor is said not to block to who calls the kernel with it. The socket's own
  // operations never block in the kernel, whatever is set here; set to false it ends non_blocking().
  bool native_non_blocking() const noexcept { return is_native_non_blocking_; }
  void native_non_blocking(bool on) {
    or_throw("native_non_blocking", [&](error_code& ec) { native_non_blocking(on, ec); });
  }
  void native_non_blocking(bool on, error_code& ec) {
    if (!on && is_non_blocking_) {
      ec = error::invalid_argument;
      return;
    }
    ec = with_number([&](int number) { return netpoll::sys::set_non_blocking(number, true); });
    if (!ec) {
      is_native_non_blocking_ = on;
    }
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
    ec = if_open(fd_.set_trigger(how));
  }

  // Waits for readiness without transferring anything. Waiting for wait_error, which out-of-band
  // data ends, goes on beside a read that waits at the same time.
  void wait(wait_type what) {
    or_throw("wait", [&](error_code& ec) { wait(what, ec); });
  }
  void wait(wait_type what, error_code& ec) {
    netpoll::readiness_request request(direction_of(what), events_of(what));
    perform_on_socket(request, fd_, !is_non_blocking_, ec);
  }
  // handler(error_code)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(wait_type what,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code)>(
        initiation(*this,
                   [](socket_handle& self, auto&& handler, wait_type which) {
                     start_io<netpoll::readiness_request>(self.fd_, self.io_,
                                                          finish_plain{self.is_open()},
                                                          std::forward<decltype(handler)>(handler),
                                                          direction_of(which), events_of(which));
                   }),
        token, what);
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
  explicit socket_handle(const executor_type& executor) : io_(executor) {}
  // The executor stays with the one that was moved from, too.
  socket_handle(socket_handle&& other) noexcept
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        protocol_(other.protocol_),
        options_(other.options_),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  template <typename OtherProtocol, typename OtherExecutor>
  explicit socket_handle(socket_handle<OtherProtocol, OtherExecutor>&& other)
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        protocol_(other.protocol_),
        options_(other.options_),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  socket_handle& operator=(socket_handle&& other) noexcept {
    if (this != &other) {
      take(std::move(other));
    }
    return *this;
  }
  ~socket_handle() = default;

  template <typename OtherProtocol, typename OtherExecutor>
  void take(socket_handle<OtherProtocol, OtherExecutor>&& other) {
    io_ = io_executor<Executor>(other.io_);
    fd_ = std::move(other.fd_);
    protocol_ = other.protocol_;
    options_ = other.options_;
    is_non_blocking_ = other.is_non_blocking_;
    is_native_non_blocking_ = other.is_native_non_blocking_;
  }

  template <typename Use>
  error_code with_number(Use use) const {
    return if_open(fd_.with_number(use));
  }

  template <typename Query>
  endpoint_type endpoint_by(Query query, error_code& ec) const {
    ::sockaddr_storage storage{};
    ::socklen_t size = sizeof(storage);
    ec = with_number(
        [&](int number) { return query(number, reinterpret_cast<::sockaddr*>(&storage), &size); });
    return ec ? endpoint_type() : endpoint_type(storage, size);
  }

  io_executor<Executor> io_;
  netpoll::fd fd_;
  Protocol protocol_ = endpoint_type().protocol();
  socket_options options_;
  bool is_non_blocking_ = false;
  bool is_native_non_blocking_ = false;

 private:
  template <typename, typename>
  friend class socket_handle;

  static error_code if_open(const error_code& ec) noexcept {
    return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
  }
  static netpoll::direction direction_of(wait_type what) noexcept {
    return what == socket_base::wait_write   ? netpoll::direction::write
           : what == socket_base::wait_error ? netpoll::direction::urgent
                                             : netpoll::direction::read;
  }
  static short events_of(wait_type what) noexcept {
    return what == socket_base::wait_read    ? POLLIN
           : what == socket_base::wait_write ? POLLOUT
                                             : POLLPRI;
  }
  void set_deadline_of(netpoll::directions which, std::chrono::steady_clock::time_point when) {
    throw_if(if_open(fd_.set_deadline(which, netpoll::to_nanotime(when))), "set_deadline");
  }
};

}  // namespace NET_NAMESPACE::internal
