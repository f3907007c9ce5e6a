// SPDX-License-Identifier: BSL-1.0
//
// A serial port. See net/posix/descriptor_handle.h for what all operations have in common.
//
//   net::serial_port port(context, "/dev/ttyS0");
//   port.set_option(net::serial_port_base::baud_rate(115200));
//   std::size_t n = port.read_some(net::buffer(data));
//
// read_some and write_some transfer at least one byte, unless the buffers are empty, which succeeds
// at once.
#pragma once

#include <termios.h>

#include <string>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/io_executor.h"
#include "net/posix/descriptor_handle.h"
#include "net/serial/serial_device.h"
#include "net/serial/serial_port_base.h"
#include "netpoll/base/unique_fd.h"

namespace NET_NAMESPACE {

template <typename Executor>
class basic_serial_port : public serial_port_base, protected internal::descriptor_handle<Executor> {
  using handle = internal::descriptor_handle<Executor>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_serial_port<Other>;
  };
  using native_handle_type = int;
  using lowest_layer_type = basic_serial_port;

  // Closed; with a descriptor that is taken over; and open. On an executor or a context.
  using handle::handle;
  basic_serial_port(const executor_type& executor, const std::string& device) : handle(executor) {
    open(device);
  }
  template <internal::io_context_for<executor_type> Context>
  basic_serial_port(Context& context, const std::string& device)
      : basic_serial_port(executor_type(context.get_executor()), device) {}

  basic_serial_port(const basic_serial_port&) = delete;
  basic_serial_port& operator=(const basic_serial_port&) = delete;
  basic_serial_port(basic_serial_port&&) noexcept = default;
  basic_serial_port& operator=(basic_serial_port&&) noexcept = default;
  // From one of another executor that this one's can be made from.
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>)
      basic_serial_port(basic_serial_port<Other>&& other)
      : handle(std::move(static_cast<internal::descriptor_handle<Other>&>(other))) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_serial_port& operator=(
      basic_serial_port<Other>&& other) {
    this->take(std::move(static_cast<internal::descriptor_handle<Other>&>(other)));
    return *this;
  }
  ~basic_serial_port() = default;

  using handle::assign;
  using handle::async_read_some;
  using handle::async_write_some;
  using handle::cancel;
  using handle::close;
  using handle::get_executor;
#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#endif
  using handle::is_open;
  using handle::native_handle;
  using handle::read_some;
  using handle::set_deadline;
  using handle::set_read_deadline;
  using handle::set_write_deadline;
  using handle::write_some;

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

  // Opens the device of that name and makes it raw. error::already_open if the port is open.
  void open(const std::string& device) {
    internal::or_throw("open", [&](error_code& ec) { open(device, ec); });
  }
  void open(const std::string& device, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    netpoll::unique_fd number = internal::open_serial_device(device, ec);
    if (!ec) {
      assign(number.get(), ec);
    }
    if (!ec) {
      (void)number.release();
    }
  }

  // Changes what the option says of the port's settings, at once. See serial_port_base.
  template <typename Option>
  void set_option(const Option& option) {
    internal::or_throw("set_option", [&](error_code& ec) { set_option(option, ec); });
  }
  template <typename Option>
  void set_option(const Option& option, error_code& ec) {
    ::termios settings{};
    ec = settings_of_port(settings);
    if (!ec) {
      option.store(settings, ec);
    }
    if (!ec) {
      ec = this->with_number([&](int number) { return internal::set_terminal(number, settings); });
    }
  }
  template <typename Option>
  void get_option(Option& option) const {
    internal::or_throw("get_option", [&](error_code& ec) { get_option(option, ec); });
  }
  template <typename Option>
  void get_option(Option& option, error_code& ec) const {
    ::termios settings{};
    ec = settings_of_port(settings);
    if (!ec) {
      option.load(settings, ec);
    }
  }

  // Holds the line for a quarter of a second or longer, and the thread with it.
  void send_break() {
    internal::or_throw("send_break", [&](error_code& ec) { send_break(ec); });
  }
  void send_break(error_code& ec) { ec = this->with_number(&internal::send_serial_break); }

 private:
  template <typename>
  friend class basic_serial_port;

  error_code settings_of_port(::termios& settings) const {
    return this->with_number([&](int number) { return internal::get_terminal(number, settings); });
  }
};

}  // namespace NET_NAMESPACE
