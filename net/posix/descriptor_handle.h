// SPDX-License-Identifier: BSL-1.0
//
// What descriptors, pipes and serial ports have in common: a number that is read and written with
// read(2) and write(2), taken over and given away, its deadlines, and waiting until it is ready.
//
// Every operation comes as a throwing form and an error_code& form; those that may wait also as an
// async_ form with a completion token. Synchronous forms park the fiber when called on one and block
// the thread when not. Operations in different directions, close() and cancel() may overlap in any
// threads; move, assign and destroy may not overlap with anything.
//
// close() and cancel() end pending operations with error::operation_aborted, a deadline ends them
// with error::deadline_exceeded; a single one is ended by its cancellation slot, of any type.
//
// What epoll cannot poll, a regular file for one, can be assigned as well. Reading and writing it
// never wait; who asks to be told when it is ready, or would have to wait, gets
// error::operation_not_supported.
#pragma once

#include <sys/poll.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/async/io_operation.h"
#include "net/buffer/buffer.h"
#include "net/buffer/null_buffers.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_executor.h"
#include "net/posix/descriptor_base.h"
#include "net/socket/io_control.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/direction.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

// Only a descriptor that nothing can tell to be ready reports that it is not.
inline error_code descriptor_error(const error_code& ec) noexcept {
  return ec == error::would_block ? make_error_code(error::operation_not_supported)
                                  : socket_error(ec);
}

// Calls handler(error_code, bytes) with the outcome of a transfer.
struct finish_descriptor_transfer {
  bool was_open = true;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec =
        was_open ? descriptor_error(request.error()) : make_error_code(error::bad_descriptor);
    return [ec, bytes = request.bytes()](auto& handler) { std::move(handler)(ec, bytes); };
  }
};

// The same for who only waits, with handler(error_code) or, having been asked to read or write
// nothing, handler(error_code, 0).
template <bool CountsBytes>
struct finish_readiness {
  error_code failure;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec = failure ? failure : socket_error(request.error());
    return [ec](auto& handler) {
      if constexpr (CountsBytes) {
        std::move(handler)(ec, std::size_t{0});
      } else {
        std::move(handler)(ec);
      }
    };
  }
};

template <typename Executor>
class descriptor_handle {
 public:
  using executor_type = Executor;
  using wait_type = posix::descriptor_base::wait_type;

  const executor_type& get_executor() const noexcept { return io_.get(); }

  // Takes over an open descriptor, and makes it non-blocking. It stays the caller's if that fails.
  void assign(int native) {
    or_throw("assign", [&](error_code& ec) { assign(native, ec); });
  }
  void assign(int native, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    const netpoll::sys::result set = netpoll::sys::set_non_blocking(native, true);
    if (!set.ok()) {
      ec = netpoll::system_error_code(set.error);
      return;
    }
    ec = netpoll::system_error_code(fd_.open(io_.reactor(), netpoll::unique_fd(native)));
    if (ec) {
      return;
    }
    is_non_blocking_ = false;
    is_native_non_blocking_ = false;
    // Now, not when somebody has to wait: so that it is known what can be waited for.
    ec = fd_.with_number([&](int) {
      const int error = fd_.descriptor()->ensure_reported(netpoll::direction::read);
      return netpoll::sys::result{0, error == EPERM ? 0 : error};
    });
    if (ec) {
      (void)fd_.release();
    }
  }

  // Gives the descriptor away, ending all operations with error::operation_aborted. -1 if it is
  // closed, which is no error.
  int release() { return fd_.release(); }
  int release(error_code& ec) {
    ec.clear();
    return release();
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
  // Whether the descriptor is said not to block to who calls the kernel with it. Its own operations
  // never block in the kernel, whatever is set here.
  bool native_non_blocking() const noexcept { return is_native_non_blocking_; }
  void native_non_blocking(bool on) {
    or_throw("native_non_blocking", [&](error_code& ec) { native_non_blocking(on, ec); });
  }
  void native_non_blocking(bool on, error_code& ec) {
    if (!is_open()) {
      ec = error::bad_descriptor;
    } else if (!on && is_non_blocking_) {
      ec = error::invalid_argument;
    } else {
      ec.clear();
      is_native_non_blocking_ = on;
    }
  }

  // Waits for readiness without transferring anything. What cannot be waited for is ready.
  void wait(wait_type what) {
    or_throw("wait", [&](error_code& ec) { wait(what, ec); });
  }
  void wait(wait_type what, error_code& ec) {
    netpoll::readiness_request request(direction_of(what), events_of(what));
    transfer(request, ec);
  }
  // handler(error_code)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(wait_type what,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, wait_type which) {
                     self.template start_wait<false>(which,
                                                     std::forward<decltype(handler)>(handler));
                   }),
        token, what);
  }

  // Deadlines: absolute, for the operation under way and all later ones, until set anew;
  // no_deadline clears. One in the past ends pending operations at once. What cannot be waited for
  // has none: throws std::system_error.
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
  explicit descriptor_handle(const executor_type& executor) : io_(executor) {}
  // The executor stays with the one that was moved from, too.
  descriptor_handle(descriptor_handle&& other) noexcept
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  template <typename Other>
  explicit descriptor_handle(descriptor_handle<Other>&& other)
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  descriptor_handle& operator=(descriptor_handle&& other) noexcept {
    if (this != &other) {
      take(std::move(other));
    }
    return *this;
  }
  ~descriptor_handle() = default;

  template <typename Other>
  void take(descriptor_handle<Other>&& other) {
    io_ = io_executor<Executor>(other.io_);
    fd_ = std::move(other.fd_);
    is_non_blocking_ = other.is_non_blocking_;
    is_native_non_blocking_ = other.is_native_non_blocking_;
  }

  template <typename Buffers>
  std::size_t read(const Buffers& buffers, error_code& ec) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    if constexpr (is_null_buffers<Buffers>) {
      wait(wait_type::wait_read, ec);
      return 0;
    } else {
      read_some_request<Buffers> request(netpoll::transport::pipe, buffers, buffers_per_call);
      return transfer(request, ec);
    }
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_read(const Buffers& buffers, Token&& token) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    return async_initiate<Token, void(error_code, std::size_t)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, const Buffers& target) {
                     if constexpr (is_null_buffers<Buffers>) {
                       self.template start_wait<true>(wait_type::wait_read,
                                                      std::forward<decltype(handler)>(handler));
                     } else {
                       start_io<read_some_request<Buffers>>(
                           self.fd_, self.io_, finish_descriptor_transfer{self.is_open()},
                           std::forward<decltype(handler)>(handler), netpoll::transport::pipe,
                           target, buffers_per_call);
                     }
                   }),
        token, buffers);
  }

  template <typename Buffers>
  std::size_t write(const Buffers& buffers, error_code& ec) {
    if constexpr (is_null_buffers<Buffers>) {
      wait(wait_type::wait_write, ec);
      return 0;
    } else {
      write_some_request<Buffers> request(netpoll::transport::pipe, buffers, buffers_per_call,
                                          netpoll::write_request::amount::some);
      return transfer(request, ec);
    }
  }
  template <typename Buffers, typename Token>
  decltype(auto) async_write(const Buffers& buffers, Token&& token) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, const Buffers& source) {
                     if constexpr (is_null_buffers<Buffers>) {
                       self.template start_wait<true>(wait_type::wait_write,
                                                      std::forward<decltype(handler)>(handler));
                     } else {
                       start_io<write_some_request<Buffers>>(
                           self.fd_, self.io_, finish_descriptor_transfer{self.is_open()},
                           std::forward<decltype(handler)>(handler), netpoll::transport::pipe,
                           source, buffers_per_call, netpoll::write_request::amount::some);
                     }
                   }),
        token, buffers);
  }

  template <typename Use>
  error_code with_number(Use use) const {
    return if_open(fd_.with_number(use));
  }

  io_executor<Executor> io_;
  netpoll::fd fd_;
  bool is_non_blocking_ = false;
  bool is_native_non_blocking_ = false;

 private:
  template <typename>
  friend class descriptor_handle;

  static error_code if_open(const error_code& ec) noexcept {
    return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
  }
  static netpoll::direction direction_of(wait_type what) noexcept {
    return what == wait_type::wait_write   ? netpoll::direction::write
           : what == wait_type::wait_error ? netpoll::direction::urgent
                                           : netpoll::direction::read;
  }
  static short events_of(wait_type what) noexcept {
    return what == wait_type::wait_read    ? POLLIN
           : what == wait_type::wait_write ? POLLOUT
                                           : POLLPRI;
  }

  template <typename Request>
  std::size_t transfer(Request& request, error_code& ec) {
    perform_on_socket(request, fd_, !is_non_blocking_, ec);
    if (!is_non_blocking_) {
      ec = descriptor_error(ec);
    }
    return request.bytes();
  }

  template <bool CountsBytes, typename Handler>
  void start_wait(wait_type what, Handler&& handler) {
    if (is_open() && !fd_.is_pollable()) {
      const netpoll::fd nothing;
      start_io<netpoll::readiness_request>(
          nothing, io_, finish_readiness<CountsBytes>{error::operation_not_supported},
          std::forward<Handler>(handler), direction_of(what), events_of(what));
    } else {
      const error_code failure = is_open() ? error_code() : make_error_code(error::bad_descriptor);
      start_io<netpoll::readiness_request>(fd_, io_, finish_readiness<CountsBytes>{failure},
                                           std::forward<Handler>(handler), direction_of(what),
                                           events_of(what));
    }
  }

  void set_deadline_of(netpoll::directions which, std::chrono::steady_clock::time_point when) {
    throw_if(if_open(fd_.set_deadline(which, netpoll::to_nanotime(when))), "set_deadline");
  }
};

}  // namespace NET_NAMESPACE::internal
