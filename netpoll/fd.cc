// SPDX-License-Identifier: BSL-1.0
#include "netpoll/fd.h"

#include <cerrno>

#include "netpoll/poll_descriptor_pool.h"

namespace netpoll {

int fd::open(reactor& where, unique_fd number) noexcept {
  poll_descriptor* const taken = poll_descriptor_pool::acquire();
  if (taken == nullptr) {
    return ENOMEM;
  }
  taken->open(where, number.release());
  reset();
  descriptor_ = taken;
  return 0;
}

std::error_code fd::close() noexcept {
  if (descriptor_ == nullptr || !descriptor_->close()) {
    return errc::closed;
  }
  return {};
}

void fd::cancel() noexcept {
  if (descriptor_ != nullptr) {
    descriptor_->cancel();
  }
}

std::error_code fd::set_deadline(directions which, nanotime when) noexcept {
  return with_number([&](int) {
    descriptor_->set_deadline(which, when);
    return sys::result{};
  });
}

std::error_code fd::set_timeout(directions which, nanotime timeout) noexcept {
  return with_number([&](int) {
    descriptor_->set_timeout(which, timeout);
    return sys::result{};
  });
}

void fd::reset() noexcept {
  if (poll_descriptor* const mine = std::exchange(descriptor_, nullptr)) {
    mine->close();
    mine->disown();
  }
}

}  // namespace netpoll
