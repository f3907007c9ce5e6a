// SPDX-License-Identifier: BSL-1.0
//
// What sockets, acceptors, descriptors, pipes and serial ports have in common: an executor and a
// descriptor, closing it, ending its operations, its deadlines, and whether it may wait. What opens
// it, and what it transfers, the classes say that are made of this.
//
// close() and cancel() may overlap with operations in any threads; move, assign and destroy may not
// overlap with anything.
#pragma once

#include <sys/poll.h>

#include <chrono>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/io_executor.h"
#include "net/socket/io_control.h"
#include "net/socket/no_deadline.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/direction.h"
#include "netpoll/error.h"
#include "netpoll/fd.h"

namespace NET_NAMESPACE::internal {

template <typename Executor>
class io_handle {
 public:
  using executor_type = Executor;

  const executor_type& get_executor() const noexcept { return io_.get(); }

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
    ec = unless_open();
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
    ec = unless_open();
    if (!ec) {
      is_non_blocking_ = on;
    }
  }
  // Whether the descriptor is said not to block to who calls the kernel with it. Its own operations
  // never block in the kernel, whatever is set here. Not to be set to false while non_blocking().
  bool native_non_blocking() const noexcept { return is_native_non_blocking_; }
  void native_non_blocking(bool on) {
    or_throw("native_non_blocking", [&](error_code& ec) { native_non_blocking(on, ec); });
  }
  void native_non_blocking(bool on, error_code& ec) {
    if (is_open() && !on && is_non_blocking_) {
      ec = error::invalid_argument;
      return;
    }
    ec = with_number([&](int number) { return netpoll::sys::set_non_blocking(number, true); });
    if (!ec) {
      is_native_non_blocking_ = on;
    }
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
  explicit io_handle(const executor_type& executor) : io_(executor) {}
  // The executor stays with the one that was moved from, too.
  io_handle(io_handle&& other) noexcept
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  template <typename Other>
  explicit io_handle(io_handle<Other>&& other)
      : io_(other.io_),
        fd_(std::move(other.fd_)),
        is_non_blocking_(other.is_non_blocking_),
        is_native_non_blocking_(other.is_native_non_blocking_) {}
  io_handle& operator=(io_handle&& other) noexcept {
    if (this != &other) {
      take(std::move(other));
    }
    return *this;
  }
  ~io_handle() = default;

  template <typename Other>
  void take(io_handle<Other>&& other) {
    io_ = io_executor<Executor>(other.io_);
    fd_ = std::move(other.fd_);
    is_non_blocking_ = other.is_non_blocking_;
    is_native_non_blocking_ = other.is_native_non_blocking_;
  }

  // Begins to own a descriptor that does not block. On error nothing is taken.
  void adopt(netpoll::unique_fd&& number, error_code& ec) {
    is_non_blocking_ = false;
    is_native_non_blocking_ = false;
    ec = netpoll::system_error_code(fd_.open(io_.reactor(), std::move(number)));
  }
  // The same for a number of somebody else's, which is made non-blocking first.
  void take_over(int native, error_code& ec) {
    const netpoll::sys::result set = netpoll::sys::set_non_blocking(native, true);
    if (!set.ok()) {
      ec = netpoll::system_error_code(set.error);
      return;
    }
    (void)io_.reactor();  // what it may throw is thrown while the number is not ours
    netpoll::unique_fd number(native);
    adopt(std::move(number), ec);
    if (ec) {
      (void)number.release();
    }
  }

  error_code unless_open() const noexcept {
    return is_open() ? error_code() : make_error_code(error::bad_descriptor);
  }
  static error_code if_open(const error_code& ec) noexcept {
    return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
  }
  template <typename Use>
  error_code with_number(Use use) const {
    return if_open(fd_.with_number(use));
  }

  // What is waited for; `Wait` is the wait_type of sockets or of descriptors.
  template <typename Wait>
  static netpoll::direction direction_of(Wait what) noexcept {
    return what == Wait::wait_write   ? netpoll::direction::write
           : what == Wait::wait_error ? netpoll::direction::urgent
                                      : netpoll::direction::read;
  }
  template <typename Wait>
  static short events_of(Wait what) noexcept {
    return what == Wait::wait_read ? POLLIN : what == Wait::wait_write ? POLLOUT : POLLPRI;
  }

  io_executor<Executor> io_;
  netpoll::fd fd_;
  bool is_non_blocking_ = false;
  bool is_native_non_blocking_ = false;

 private:
  template <typename>
  friend class io_handle;

  void set_deadline_of(netpoll::directions which, std::chrono::steady_clock::time_point when) {
    throw_if(if_open(fd_.set_deadline(which, netpoll::to_nanotime(when))), "set_deadline");
  }
};

}  // namespace NET_NAMESPACE::internal
