// SPDX-License-Identifier: BSL-1.0
//
// An fd is the handle of an open descriptor that operations can wait on. It owns the number:
// closing or destroying the handle ends every operation under way with errc::closed and gives the
// number back.
//
//   netpoll::fd f;
//   if (int error = f.open(reactor, std::move(number))) …
//   netpoll::read_request request(netpoll::transport::stream_socket, &buffer, 1);
//   request.start(f);
//
// open(), moving and destroying are for the owner alone. Everything else may be called from any
// thread while the handle exists, also together with close().
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <system_error>
#include <utility>

#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/direction.h"
#include "netpoll/error.h"
#include "netpoll/poll_descriptor.h"

namespace netpoll {

class fd {
 public:
  fd() = default;
  fd(fd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  fd& operator=(fd&& other) noexcept {
    if (this != &other) {
      reset();
      descriptor_ = std::exchange(other.descriptor_, nullptr);
    }
    return *this;
  }
  ~fd() { reset(); }

  // Takes over `number`, which must be non-blocking. What the handle held before is closed. Returns
  // an errno value; on error nothing has changed, and the number is still the caller's.
  int open(reactor& where, unique_fd&& number) noexcept;

  // Takes over a descriptor that somebody else made, the standard input for one, and changes
  // nothing in it. Looks whether it is non-blocking and whether it can be polled; if not,
  // operations block their thread in the kernel, close() does not wait for them, and there are no
  // deadlines.
  int open_as_found(reactor& where, unique_fd number, trigger how = trigger::edge) noexcept;

  // Whether operations wait for readiness; false for regular files and what is in blocking mode.
  // For a handle made with open() this is known once an operation has had to wait.
  bool is_pollable() const noexcept { return descriptor_ != nullptr && descriptor_->is_pollable(); }

  // How epoll reports the descriptor, `edge` unless said otherwise. To be set before the first
  // operation that has to wait; EBUSY afterwards, errc::closed if closed.
  std::error_code set_trigger(trigger how) noexcept;

  bool is_open() const noexcept {
    return descriptor_ != nullptr && !descriptor_->mutex().is_closed();
  }

  // The number, or -1. It stays valid only as long as nobody closes the handle.
  int native_handle() const noexcept { return is_open() ? descriptor_->number() : -1; }

  // Ends all operations with errc::closed, closes the number and returns when it is closed.
  // errc::closed if it was closed already.
  std::error_code close() noexcept;

  // Gives the number away instead of closing it: ends all operations with errc::closed, and returns
  // when no call is inside any more. -1 if it was closed already. The number stays non-blocking.
  int release() noexcept;

  // Ends what is under way or queued now with std::errc::operation_canceled.
  void cancel() noexcept;

  // See poll_descriptor. errc::closed if closed, errc::no_deadline if known not to be pollable;
  // what clears a deadline always succeeds on an open one.
  std::error_code set_deadline(directions which, nanotime when) noexcept;
  std::error_code set_timeout(directions which, nanotime timeout) noexcept;

  // setsockopt(2). After SO_LINGER with a time close() blocks its thread in the kernel until the
  // peer has everything or the time is up; destroying the handle does not: the kernel goes on
  // sending by itself.
  std::error_code set_option(int level, int name, const void* data,
                             ::socklen_t size) const noexcept;

  // Calls `use(number)`, which returns a sys::result, with the number kept open meanwhile.
  template <typename Use>
  std::error_code with_number(Use use) const {
    if (descriptor_ == nullptr || !descriptor_->mutex().add_reference()) {
      return errc::closed;
    }
    const sys::result answer = use(descriptor_->number());
    descriptor_->drop_reference();
    return system_error_code(answer.error);
  }

  // Reads or writes at a place of a file, whatever its position is; with other calls of any kind at
  // the same time. Blocks the thread until the kernel has done it. Reads once, as much as the
  // kernel gives (IOV_MAX buffers, 2 GiB), and reports errc::end_of_file at the end of the file;
  // writes all unless there is an error, and consumes `buffers` doing so.
  std::error_code read_at(::iovec* buffers, std::size_t count, ::off_t offset,
                          std::size_t& bytes) const noexcept;
  std::error_code write_at(::iovec* buffers, std::size_t count, ::off_t offset,
                           std::size_t& bytes) const noexcept;

  // Puts what `other` is a number for behind the handle's number instead of what it was opened
  // with; operations under way go on with that. errc::closed if closed.
  std::error_code replace(unique_fd other) const noexcept;

  // Another handle's number for the same description. Blocking mode, options and the position are
  // shared.
  std::error_code duplicate(unique_fd& copy) const noexcept;

  poll_descriptor* descriptor() const noexcept { return descriptor_; }

 private:
  template <typename Set>
  std::error_code set_time(bool is_clearing, Set set) noexcept;
  void reset() noexcept;

  poll_descriptor* descriptor_ = nullptr;
};

}  // namespace netpoll
