// SPDX-License-Identifier: BSL-1.0
#include "net/serial/serial_port.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/serial/serial_port_base.h"
#include "netpoll/base/unique_fd.h"

namespace net {
namespace {

using baud_rate = serial_port_base::baud_rate;
using flow_control = serial_port_base::flow_control;
using parity = serial_port_base::parity;
using stop_bits = serial_port_base::stop_bits;
using character_size = serial_port_base::character_size;
using loop_port = basic_serial_port<io_context::executor_type>;

static_assert(std::is_constructible_v<serial_port, loop_port>);
static_assert(!std::is_constructible_v<loop_port, serial_port>);
static_assert(std::is_same_v<loop_port::rebind_executor<any_io_executor>::other, serial_port>);

// What comes back of an option that was stored.
template <typename Option>
auto stored(Option option, error_code& ec) {
  ::termios settings{};
  option.store(settings, ec);
  Option back;
  error_code ignored;
  back.load(settings, ignored);
  return back.value();
}

TEST(SerialPortBase, OptionsAreStoredAndLoaded) {
  error_code ec = error::fault;
  for (const unsigned rate : {0u, 50u, 9600u, 115200u, 4000000u}) {
    EXPECT_EQ(stored(baud_rate(rate), ec), rate);
    EXPECT_FALSE(ec);
  }
  for (const auto value : {flow_control::none, flow_control::software, flow_control::hardware}) {
    EXPECT_EQ(stored(flow_control(value), ec), value);
  }
  for (const auto value : {parity::none, parity::odd, parity::even}) {
    EXPECT_EQ(stored(parity(value), ec), value);
  }
  for (const auto value : {stop_bits::one, stop_bits::two}) {
    EXPECT_EQ(stored(stop_bits(value), ec), value);
  }
  for (const unsigned bits : {5u, 6u, 7u, 8u}) {
    EXPECT_EQ(stored(character_size(bits), ec), bits);
  }
  EXPECT_FALSE(ec);
}

TEST(SerialPortBase, StoringTakesBackWhatWasThere) {
  ::termios settings{};
  error_code ec;
  flow_control(flow_control::software).store(settings, ec);
  flow_control(flow_control::hardware).store(settings, ec);
  EXPECT_EQ(settings.c_iflag & static_cast<::tcflag_t>(IXON | IXOFF), 0u);
  parity(parity::odd).store(settings, ec);
  EXPECT_NE(settings.c_iflag & INPCK, 0u);
  parity(parity::even).store(settings, ec);
  EXPECT_EQ(settings.c_cflag & static_cast<::tcflag_t>(PARODD), 0u);
  character_size(8).store(settings, ec);
  character_size(5).store(settings, ec);
  EXPECT_EQ(settings.c_cflag & static_cast<::tcflag_t>(CSIZE), static_cast<::tcflag_t>(CS5));
}

TEST(SerialPortBase, RefusesWhatIsNoValue) {
  error_code ec;
  stored(baud_rate(12345), ec);
  EXPECT_EQ(ec, error::invalid_argument);
  stored(stop_bits(stop_bits::onepointfive), ec);
  EXPECT_EQ(ec, error::operation_not_supported);
  EXPECT_THROW(flow_control(static_cast<flow_control::type>(3)), std::out_of_range);
  EXPECT_THROW(parity(static_cast<parity::type>(3)), std::out_of_range);
  EXPECT_THROW(stop_bits(static_cast<stop_bits::type>(3)), std::out_of_range);
  EXPECT_THROW(character_size(4), std::out_of_range);
  EXPECT_THROW(character_size(9), std::out_of_range);
  EXPECT_EQ(character_size().value(), 8u);
}

// A terminal whose other side is held by the test.
class SerialPort : public testing::Test {
 protected:
  SerialPort() : line(::posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_EQ(::grantpt(line.get()), 0);
    EXPECT_EQ(::unlockpt(line.get()), 0);
    device = ::ptsname(line.get());
    port.open(device);
  }

  void come_in(std::string_view text) {
    EXPECT_EQ(::write(line.get(), text.data(), text.size()), static_cast<::ssize_t>(text.size()));
  }

  netpoll::unique_fd line;
  std::string device;
  io_context context;
  serial_port port{context};
  std::array<char, 16> data{};
  error_code seen = error::fault;
};

TEST_F(SerialPort, CarriesBytesAsTheyAre) {
  come_in("\r\x03\n");
  EXPECT_EQ(port.read_some(buffer(data)), 3u);
  EXPECT_EQ(std::string_view(data.data(), 3), "\r\x03\n");
  EXPECT_EQ(port.write_some(buffer("a\nb", 3)), 3u);
  EXPECT_EQ(::read(line.get(), data.data(), data.size()), 3);
  EXPECT_EQ(std::string_view(data.data(), 3), "a\nb");
}

TEST_F(SerialPort, TransfersWithHandlersAndInFibers) {
  std::size_t bytes = 0;
  port.async_read_some(buffer(data), [&](error_code ec, std::size_t n) {
    seen = ec;
    bytes = n;
  });
  port.async_write_some(buffer("ping", 4), [&](error_code, std::size_t) { come_in("pong!"); });
  context.run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 5u);
  go(context, [&] { bytes = port.read_some(buffer(data)); });
  go(context, [&] { come_in("ab"); });
  context.restart();
  context.run();
  EXPECT_EQ(bytes, 2u);
}

TEST_F(SerialPort, KeepsItsOptions) {
  port.set_option(baud_rate(19200));
  baud_rate rate;
  port.get_option(rate);
  EXPECT_EQ(rate.value(), 19200u);
  port.set_option(stop_bits(stop_bits::two));
  port.set_option(flow_control(flow_control::software), seen);
  EXPECT_FALSE(seen);
  stop_bits bits;
  flow_control flow;
  port.get_option(bits);
  port.get_option(flow, seen);
  EXPECT_EQ(bits.value(), stop_bits::two);
  EXPECT_EQ(flow.value(), flow_control::software);
  port.set_option(stop_bits(stop_bits::onepointfive), seen);
  EXPECT_EQ(seen, error::operation_not_supported);
  port.get_option(rate);
  EXPECT_EQ(rate.value(), 19200u);
}

TEST_F(SerialPort, SendsABreak) {
  port.send_break(seen);
  EXPECT_FALSE(seen);
}

TEST_F(SerialPort, OpensOnlyTerminalsAndOnlyOnce) {
  port.open(device, seen);
  EXPECT_EQ(seen, error::already_open);
  serial_port other(context.get_executor());
  other.open("/dev/null", seen);
  EXPECT_EQ(seen, std::errc::inappropriate_io_control_operation);
  EXPECT_FALSE(other.is_open());
  EXPECT_THROW(serial_port(context, "/dev/no such device"), system_error);
  EXPECT_THROW(serial_port(context, -1), system_error);
}

TEST_F(SerialPort, WhatIsClosedHasABadDescriptor) {
  port.close(seen);
  EXPECT_FALSE(seen);
  port.send_break(seen);
  EXPECT_EQ(seen, error::bad_descriptor);
  baud_rate rate;
  port.get_option(rate, seen);
  EXPECT_EQ(seen, error::bad_descriptor);
  EXPECT_THROW(port.set_option(rate), system_error);
  port.cancel(seen);
  EXPECT_EQ(seen, error::bad_descriptor);
}

TEST_F(SerialPort, CancelAndDeadlinesEndWhatWaits) {
  port.async_read_some(buffer(data), [&](error_code ec, std::size_t) { seen = ec; });
  port.cancel();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
  port.set_read_deadline(std::chrono::steady_clock::time_point::min());
  port.read_some(buffer(data), seen);
  EXPECT_EQ(seen, std::errc::timed_out);
}

TEST_F(SerialPort, MovesBetweenExecutors) {
  port.close();
  loop_port narrow(context, device);
  serial_port wide(std::move(narrow));
  EXPECT_FALSE(narrow.is_open());
  EXPECT_EQ(wide.lowest_layer().native_handle(), wide.native_handle());
  port = std::move(wide);
  narrow = loop_port(context.get_executor(), device.c_str());
  wide = std::move(narrow);
  come_in("abc");
  EXPECT_EQ(port.read_some(buffer(data)), 3u);
  EXPECT_TRUE(wide.is_open());
}

}  // namespace
}  // namespace net
