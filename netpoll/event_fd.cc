// SPDX-License-Identifier: BSL-1.0
#include "netpoll/event_fd.h"

#include <cstdint>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"

namespace netpoll {

int event_fd::open() noexcept {
  const sys::result created = sys::event_fd();
  if (created.ok()) {
    event_.reset(static_cast<int>(created.value));
  }
  return created.error;
}

void event_fd::signal() noexcept {
  const std::uint64_t one = 1;
  const sys::result written = sys::write(event_.get(), &one, sizeof(one));
  // A full counter is as readable as any.
  check(written.ok() || sys::would_block(written.error),
        "an eventfd cannot be written: was it closed from outside the library?");
}

void event_fd::drain() noexcept {
  std::uint64_t count = 0;
  sys::read(event_.get(), &count, sizeof(count));
}

}  // namespace netpoll
