// SPDX-License-Identifier: BSL-1.0
#include "netpoll/fd.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netpoll/iovec_cursor.h"
#include "netpoll/poll_descriptor_pool.h"

namespace netpoll {

int fd::open(reactor& where, unique_fd&& number) noexcept {
  poll_descriptor* const taken = poll_descriptor_pool::acquire();
  if (taken == nullptr) {
    return ENOMEM;
  }
  taken->open(where, number.release());
  reset();
  descriptor_ = taken;
  return 0;
}

int fd::open_as_found(reactor& where, unique_fd number, trigger how) noexcept {
  const sys::result found = sys::is_non_blocking(number.get());
  if (!found.ok()) {
    return found.error;
  }
  if (const int error = open(where, std::move(number))) {
    return error;
  }
  if (found.value == 0) {
    descriptor_->give_up_polling();
    return 0;
  }
  descriptor_->set_trigger(how);
  const int error = descriptor_->ensure_reported(direction::read);
  if (error != 0 && error != EPERM) {
    reset();
    return error;
  }
  return 0;
}

std::error_code fd::set_trigger(trigger how) noexcept {
  return with_number([&](int) { return sys::result{0, descriptor_->set_trigger(how)}; });
}

std::error_code fd::close() noexcept {
  if (descriptor_ == nullptr || !descriptor_->close()) {
    return errc::closed;
  }
  return {};
}

int fd::release() noexcept {
  int number = -1;
  if (descriptor_ != nullptr) {
    descriptor_->release(number);
  }
  return number;
}

void fd::cancel() noexcept {
  if (descriptor_ != nullptr) {
    descriptor_->cancel();
  }
}

// Does `set` on what can have deadlines; clearing one is allowed on everything that is open.
template <typename Set>
std::error_code fd::set_time(bool is_clearing, Set set) noexcept {
  if (!is_clearing && descriptor_ != nullptr && !descriptor_->is_pollable()) {
    return is_open() ? errc::no_deadline : errc::closed;
  }
  return with_number([&](int) {
    set();
    return sys::result{};
  });
}

std::error_code fd::set_deadline(directions which, nanotime when) noexcept {
  // Without a reference: the number is not used, and the descriptor is this handle's.
  if (!is_open() || (when != never && !descriptor_->is_pollable())) [[unlikely]] {
    return is_open() ? errc::no_deadline : errc::closed;
  }
  descriptor_->set_deadline(which, when);
  return {};
}

std::error_code fd::set_timeout(directions which, nanotime timeout) noexcept {
  return set_time(timeout == 0, [&] { descriptor_->set_timeout(which, timeout); });
}

std::error_code fd::set_option(int level, int name, const void* data,
                               ::socklen_t size) const noexcept {
  return with_number([&](int number) {
    const sys::result set = sys::set_option(number, level, name, data, size);
    if (set.ok() && level == SOL_SOCKET && name == SO_LINGER && size >= sizeof(::linger)) {
      ::linger how{};
      std::memcpy(&how, data, sizeof(how));
      descriptor_->set_lingering(how.l_onoff != 0 && how.l_linger > 0);
    }
    return set;
  });
}

std::error_code fd::read_at(::iovec* buffers, std::size_t count, ::off_t offset,
                            std::size_t& bytes) const noexcept {
  bytes = 0;
  iovec_cursor into(buffers, count);
  const std::error_code error = with_number([&](int number) {
    const sys::result got = sys::read_vector_at(number, into.data(), into.count(), offset);
    bytes = got.ok() ? got.bytes() : 0;
    return got;
  });
  return !error && bytes == 0 && !into.is_empty() ? make_error_code(errc::end_of_file) : error;
}

std::error_code fd::write_at(::iovec* buffers, std::size_t count, ::off_t offset,
                             std::size_t& bytes) const noexcept {
  bytes = 0;
  iovec_cursor left(buffers, count);
  return with_number([&](int number) {
    while (!left.is_empty()) {
      const sys::result put = sys::write_vector_at(number, left.data(), left.count(),
                                                   offset + static_cast<::off_t>(bytes));
      if (!put.ok()) {
        return put;
      }
      if (put.value == 0) {
        return sys::result{-1, EIO};  // neither an error nor a byte: not a file to write to
      }
      bytes += put.bytes();
      left.advance(put.bytes());
    }
    return sys::result{};
  });
}

std::error_code fd::duplicate(unique_fd& copy) const noexcept {
  return with_number([&](int number) {
    const sys::result made = sys::duplicate(number);
    if (made.ok()) {
      copy.reset(static_cast<int>(made.value));
    }
    return made;
  });
}

std::error_code fd::replace(unique_fd other) const noexcept {
  return with_number([&](int) { return sys::result{.error = descriptor_->replace(other.get())}; });
}

void fd::reset() noexcept {
  if (poll_descriptor* const mine = std::exchange(descriptor_, nullptr)) {
    mine->do_not_linger();
    mine->close();
    mine->disown();
  }
}

}  // namespace netpoll
