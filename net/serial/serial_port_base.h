// SPDX-License-Identifier: BSL-1.0
//
// The options of serial ports. A type with store() and load() like these is an option as well.
//
//   port.set_option(net::serial_port_base::baud_rate(115200));
#pragma once

#include <termios.h>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE {

class serial_port_base {
 public:
  // Bits per second. error::invalid_argument for what the system has no constant for.
  class baud_rate {
   public:
    explicit baud_rate(unsigned int rate = 0) noexcept : value_(rate) {}
    unsigned int value() const noexcept { return value_; }
    void store(::termios& storage, error_code& ec) const;
    void load(const ::termios& storage, error_code& ec);

   private:
    unsigned int value_;
  };

  // The constructors of the following throw std::out_of_range for what is no value of theirs.

  class flow_control {
   public:
    enum type { none, software, hardware };
    explicit flow_control(type value = none);
    type value() const noexcept { return value_; }
    void store(::termios& storage, error_code& ec) const;
    void load(const ::termios& storage, error_code& ec);

   private:
    type value_;
  };

  class parity {
   public:
    enum type { none, odd, even };
    explicit parity(type value = none);
    type value() const noexcept { return value_; }
    void store(::termios& storage, error_code& ec) const;
    void load(const ::termios& storage, error_code& ec);

   private:
    type value_;
  };

  // error::operation_not_supported for one and a half.
  class stop_bits {
   public:
    enum type { one, onepointfive, two };
    explicit stop_bits(type value = one);
    type value() const noexcept { return value_; }
    void store(::termios& storage, error_code& ec) const;
    void load(const ::termios& storage, error_code& ec);

   private:
    type value_;
  };

  // Data bits per character: 5 to 8.
  class character_size {
   public:
    explicit character_size(unsigned int bits = 8);
    unsigned int value() const noexcept { return value_; }
    void store(::termios& storage, error_code& ec) const;
    void load(const ::termios& storage, error_code& ec);

   private:
    unsigned int value_;
  };

 protected:
  ~serial_port_base() = default;
};

}  // namespace NET_NAMESPACE
