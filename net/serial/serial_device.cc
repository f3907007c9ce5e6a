// SPDX-License-Identifier: BSL-1.0
#include "net/serial/serial_device.h"

#include <fcntl.h>

#include <cerrno>

#include "netpoll/error.h"

namespace NET_NAMESPACE::internal {
namespace {

netpoll::sys::result result_of(int returned) noexcept {
  return {returned, returned < 0 ? errno : 0};
}

error_code make_raw(int number) noexcept {
  ::termios settings{};
  if (const auto got = get_terminal(number, settings); !got.ok()) {
    return netpoll::system_error_code(got.error);
  }
  ::cfmakeraw(&settings);
  settings.c_iflag |= IGNPAR;
  settings.c_cflag |= CREAD | CLOCAL;
  return netpoll::system_error_code(set_terminal(number, settings).error);
}

}  // namespace

netpoll::unique_fd open_serial_device(const std::string& path, error_code& ec) {
  int number = -1;
  do {
    number = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } while (number < 0 && errno == EINTR);
  if (number < 0) {
    ec = netpoll::system_error_code(errno);
    return {};
  }
  netpoll::unique_fd device(number);
  ec = make_raw(number);
  if (ec) {
    device.reset();
  }
  return device;
}

netpoll::sys::result get_terminal(int number, ::termios& settings) noexcept {
  return result_of(::tcgetattr(number, &settings));
}

netpoll::sys::result set_terminal(int number, const ::termios& settings) noexcept {
  return result_of(::tcsetattr(number, TCSANOW, &settings));
}

netpoll::sys::result send_serial_break(int number) noexcept {
  return result_of(::tcsendbreak(number, 0));
}

}  // namespace NET_NAMESPACE::internal
