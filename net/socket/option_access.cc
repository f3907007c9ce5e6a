// SPDX-License-Identifier: BSL-1.0
#include "net/socket/option_access.h"

#include <sys/socket.h>

#include <cstring>

#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE::internal {
namespace {

error_code socket_error_of(const error_code& ec) noexcept {
  return ec == netpoll::errc::closed ? make_error_code(error::bad_descriptor) : ec;
}

// The kernel counts its own needs too: it takes twice what was set, and says so.
void halve_buffer_size(int level, int name, void* data, std::size_t size) noexcept {
  if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF) && size == sizeof(int)) {
    int value = 0;
    std::memcpy(&value, data, sizeof(value));
    value /= 2;
    std::memcpy(data, &value, sizeof(value));
  }
}

error_code check_software_option(const netpoll::fd& fd, int name, std::size_t size) noexcept {
  if (!fd.is_open()) {
    return error::bad_descriptor;
  }
  return name == report_aborted_option && size == sizeof(int) ? error_code()
                                                              : error::invalid_argument;
}

}  // namespace

error_code socket_options::set(netpoll::fd& fd, int level, int name, const void* data,
                               std::size_t size) noexcept {
  if (level != software_option_level) {
    return socket_error_of(fd.set_option(level, name, data, static_cast<::socklen_t>(size)));
  }
  const error_code ec = check_software_option(fd, name, size);
  if (!ec) {
    int value = 0;
    std::memcpy(&value, data, sizeof(value));
    reports_aborted_ = value != 0;
  }
  return ec;
}

error_code socket_options::get(const netpoll::fd& fd, int level, int name, void* data,
                               std::size_t& size) const noexcept {
  if (level == software_option_level) {
    const error_code ec = check_software_option(fd, name, size);
    if (!ec) {
      const int value = reports_aborted_ ? 1 : 0;
      std::memcpy(data, &value, sizeof(value));
    }
    return ec;
  }
  auto length = static_cast<::socklen_t>(size);
  const error_code ec = fd.with_number(
      [&](int number) { return netpoll::sys::get_option(number, level, name, data, &length); });
  if (!ec) {
    size = length;
    halve_buffer_size(level, name, data, size);
  }
  return socket_error_of(ec);
}

}  // namespace NET_NAMESPACE::internal
