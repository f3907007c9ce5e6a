// SPDX-License-Identifier: BSL-1.0
//
// Commands of ioctl(2) as types, for socket.io_control(command).
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/error.h"
#include "netpoll/fd.h"

namespace NET_NAMESPACE::internal {

// How many bytes can be read without waiting (FIONREAD).
class bytes_readable {
 public:
  bytes_readable() noexcept = default;
  bytes_readable(std::size_t value) noexcept { set(value); }

  int name() const noexcept;

  void set(std::size_t value) noexcept { value_ = static_cast<int>(value); }
  std::size_t get() const noexcept { return static_cast<std::size_t>(value_); }

  int* data() noexcept { return &value_; }
  const int* data() const noexcept { return &value_; }

 private:
  int value_ = 0;
};

// error::bad_descriptor if it is closed.
error_code io_control(const netpoll::fd& fd, int name, void* data) noexcept;

// Whether the next byte to be read is the one at the out-of-band mark.
bool is_at_mark(const netpoll::fd& fd, error_code& ec) noexcept;

}  // namespace NET_NAMESPACE::internal
