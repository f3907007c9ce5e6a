// SPDX-License-Identifier: BSL-1.0
#include "net/serial/serial_port_base.h"

#include <stdexcept>

namespace NET_NAMESPACE {
namespace {

struct rate {
  unsigned int bits_per_second;
  ::speed_t speed;
};
constexpr rate rates[] = {
    {0, B0},
    {50, B50},
    {75, B75},
    {110, B110},
    {134, B134},
    {150, B150},
    {200, B200},
    {300, B300},
    {600, B600},
    {1200, B1200},
    {1800, B1800},
    {2400, B2400},
    {4800, B4800},
    {9600, B9600},
    {19200, B19200},
    {38400, B38400},
    {57600, B57600},
    {115200, B115200},
    {230400, B230400},
    {460800, B460800},
    {500000, B500000},
    {576000, B576000},
    {921600, B921600},
    {1000000, B1000000},
    {1152000, B1152000},
    {1500000, B1500000},
    {2000000, B2000000},
    {2500000, B2500000},
    {3000000, B3000000},
    {3500000, B3500000},
    {4000000, B4000000},
};

// What is smaller than the smallest or larger than the largest value was no value.
template <typename Value>
Value checked(Value value, Value first, Value last, const char* what) {
  if (value < first || value > last) {
    throw std::out_of_range(what);
  }
  return value;
}

constexpr ::tcflag_t size_flags[] = {CS5, CS6, CS7, CS8};
constexpr unsigned int min_size = 5;
constexpr unsigned int max_size = 8;

}  // namespace

void serial_port_base::baud_rate::store(::termios& storage, error_code& ec) const {
  for (const rate& each : rates) {
    if (each.bits_per_second == value_) {
      ::cfsetispeed(&storage, each.speed);
      ::cfsetospeed(&storage, each.speed);
      ec.clear();
      return;
    }
  }
  ec = error::invalid_argument;
}

void serial_port_base::baud_rate::load(const ::termios& storage, error_code& ec) {
  const ::speed_t speed = ::cfgetospeed(&storage);
  for (const rate& each : rates) {
    if (each.speed == speed) {
      value_ = each.bits_per_second;
      ec.clear();
      return;
    }
  }
  value_ = 0;
  ec = error::invalid_argument;
}

serial_port_base::flow_control::flow_control(type value)
    : value_(checked(value, none, hardware, "invalid flow_control value")) {}

void serial_port_base::flow_control::store(::termios& storage, error_code& ec) const {
  storage.c_iflag &= ~static_cast<::tcflag_t>(IXOFF | IXON);
  storage.c_cflag &= ~static_cast<::tcflag_t>(CRTSCTS);
  if (value_ == software) {
    storage.c_iflag |= IXOFF | IXON;
  } else if (value_ == hardware) {
    storage.c_cflag |= CRTSCTS;
  }
  ec.clear();
}

void serial_port_base::flow_control::load(const ::termios& storage, error_code& ec) {
  value_ = (storage.c_iflag & (IXOFF | IXON)) != 0 ? software
           : (storage.c_cflag & CRTSCTS) != 0      ? hardware
                                                   : none;
  ec.clear();
}

serial_port_base::parity::parity(type value)
    : value_(checked(value, none, even, "invalid parity value")) {}

void serial_port_base::parity::store(::termios& storage, error_code& ec) const {
  storage.c_cflag &= ~static_cast<::tcflag_t>(PARENB | PARODD);
  if (value_ == none) {
    storage.c_iflag |= IGNPAR;
  } else {
    storage.c_iflag &= ~static_cast<::tcflag_t>(IGNPAR | PARMRK);
    storage.c_iflag |= INPCK;
    storage.c_cflag |= static_cast<::tcflag_t>(value_ == odd ? PARENB | PARODD : PARENB);
  }
  ec.clear();
}

void serial_port_base::parity::load(const ::termios& storage, error_code& ec) {
  value_ = (storage.c_cflag & PARENB) == 0 ? none : (storage.c_cflag & PARODD) != 0 ? odd : even;
  ec.clear();
}

serial_port_base::stop_bits::stop_bits(type value)
    : value_(checked(value, one, two, "invalid stop_bits value")) {}

void serial_port_base::stop_bits::store(::termios& storage, error_code& ec) const {
  if (value_ == onepointfive) {
    ec = error::operation_not_supported;
    return;
  }
  storage.c_cflag &= ~static_cast<::tcflag_t>(CSTOPB);
  if (value_ == two) {
    storage.c_cflag |= CSTOPB;
  }
  ec.clear();
}

void serial_port_base::stop_bits::load(const ::termios& storage, error_code& ec) {
  value_ = (storage.c_cflag & CSTOPB) != 0 ? two : one;
  ec.clear();
}

serial_port_base::character_size::character_size(unsigned int bits)
    : value_(checked(bits, min_size, max_size, "invalid character_size value")) {}

void serial_port_base::character_size::store(::termios& storage, error_code& ec) const {
  storage.c_cflag &= ~static_cast<::tcflag_t>(CSIZE);
  storage.c_cflag |= size_flags[value_ - min_size];
  ec.clear();
}

void serial_port_base::character_size::load(const ::termios& storage, error_code& ec) {
  value_ = min_size;
  while (size_flags[value_ - min_size] != (storage.c_cflag & CSIZE)) {
    ++value_;
  }
  ec.clear();
}

}  // namespace NET_NAMESPACE
