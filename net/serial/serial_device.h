// SPDX-License-Identifier: BSL-1.0
//
// What a serial port asks of the terminal driver.
#pragma once

#include <termios.h>

#include <string>

#include "net/config.h"
#include "net/error.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace NET_NAMESPACE::internal {

// Opens a terminal that becomes nobody's controlling one, non-blocking, and makes it raw: bytes go
// through as they are. std::errc::inappropriate_io_control_operation for what is no terminal.
netpoll::unique_fd open_serial_device(const std::string& path, error_code& ec);

netpoll::sys::result get_terminal(int number, ::termios& settings) noexcept;
netpoll::sys::result set_terminal(int number, const ::termios& settings) noexcept;
netpoll::sys::result send_serial_break(int number) noexcept;

}  // namespace NET_NAMESPACE::internal
