// SPDX-License-Identifier: BSL-1.0
//
// An fd is the handle of an open descriptor that operations can wait on. It owns the number: closing
// or destroying the handle ends every operation under way with errc::closed and gives the number back.
//
//   netpoll::fd f;
//   if (int error = f.open(reactor, std::move(number))) …
//   netpoll::read_request request(netpoll::transport::stream_socket, &buffer, 1);
//   request.start(f);
//
// open(), moving and destroying are for the owner alone. Everything else may be called from any thread
// while the handle exists, also together with close().
#pragma once

#include <system_error>
#include <utility>

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

  // Takes over `number`, which must be non-blocking. What the handle held before is closed. Returns an
  // errno value; on error the number is closed as well.
  int open(reactor& where, unique_fd number) noexcept;

  bool is_open() const noexcept { return descriptor_ != nullptr && !descriptor_->mutex().is_closed(); }

  // The number, or -1. It stays valid only as long as nobody closes the handle.
  int native_handle() const noexcept { return is_open() ? descriptor_->number() : -1; }

  // Ends all operations with errc::closed, closes the number and returns when it is closed.
  // errc::closed if it was closed already.
  std::error_code close() noexcept;

  // Ends what is under way or queued now with std::errc::operation_canceled.
  void cancel() noexcept;

  // See poll_descriptor. errc::closed if closed.
  std::error_code set_deadline(directions which, nanotime when) noexcept;
  std::error_code set_timeout(directions which, nanotime timeout) noexcept;

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

  poll_descriptor* descriptor() const noexcept { return descriptor_; }

 private:
  void reset() noexcept;

  poll_descriptor* descriptor_ = nullptr;
};

}  // namespace netpoll
