// SPDX-License-Identifier: BSL-1.0
#include "net/socket/io_control.h"

#include <sys/ioctl.h>

#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE::internal {

int bytes_readable::name() const noexcept { return static_cast<int>(FIONREAD); }

error_code io_control(const netpoll::fd& fd, int name, void* data) noexcept {
  const error_code ec = fd.with_number([&](int number) {
    return netpoll::sys::io_control(number, static_cast<unsigned>(name), data);
  });
  return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
}

bool is_at_mark(const netpoll::fd& fd, error_code& ec) noexcept {
  int answer = 0;
  ec = io_control(fd, SIOCATMARK, &answer);
  return !ec && answer != 0;
}

}  // namespace NET_NAMESPACE::internal
