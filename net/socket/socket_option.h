// SPDX-License-Identifier: BSL-1.0
//
// Socket options as types, so that socket.set_option(reuse_address(true)) and
// socket.get_option(option) know level, name and size by themselves. For an option that has no type
// here, make one:
//
//   using fast_open = net::socket_option::integer<IPPROTO_TCP, TCP_FASTOPEN>;
//   acceptor.set_option(fast_open(16));
#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "net/config.h"

namespace NET_NAMESPACE::socket_option {
namespace internal {

// Throws std::length_error: the kernel's value has not the size that the option's has.
[[noreturn]] void throw_wrong_size();

inline void check_size(std::size_t size, std::size_t expected) {
  if (size != expected) {
    throw_wrong_size();
  }
}

// What the kernel is shown and gives, as a T. A base class.
template <typename T>
class option_value {
 public:
  template <typename Protocol>
  T* data(const Protocol&) noexcept {
    return &value_;
  }
  template <typename Protocol>
  const T* data(const Protocol&) const noexcept {
    return &value_;
  }
  template <typename Protocol>
  std::size_t size(const Protocol&) const noexcept {
    return sizeof(value_);
  }
  template <typename Protocol>
  void resize(const Protocol&, std::size_t size) {
    check_size(size, sizeof(value_));
  }

 protected:
  option_value() noexcept = default;
  explicit option_value(const T& value) noexcept : value_(value) {}

  T value_{};
};

// The same with a level and a name that are those of all protocols.
template <int Level, int Name, typename T>
class fixed_option : public option_value<T> {
 public:
  template <typename Protocol>
  int level(const Protocol&) const noexcept {
    return Level;
  }
  template <typename Protocol>
  int name(const Protocol&) const noexcept {
    return Name;
  }

 protected:
  using option_value<T>::option_value;
};

}  // namespace internal

// An option that is an int to the kernel, and a bool to the user.
template <int Level, int Name>
class boolean : public internal::fixed_option<Level, Name, int> {
  using base = internal::fixed_option<Level, Name, int>;

 public:
  boolean() noexcept = default;
  explicit boolean(bool value) noexcept : base(value ? 1 : 0) {}
  boolean& operator=(bool value) noexcept {
    this->value_ = value ? 1 : 0;
    return *this;
  }

  bool value() const noexcept { return this->value_ != 0; }
  operator bool() const noexcept { return value(); }
  bool operator!() const noexcept { return !value(); }

  // Some kernels give a byte.
  template <typename Protocol>
  void resize(const Protocol& protocol, std::size_t size) {
    if (size == 1) {
      this->value_ = *reinterpret_cast<const unsigned char*>(&this->value_) != 0 ? 1 : 0;
    } else {
      base::resize(protocol, size);
    }
  }
};

// An option that is an int.
template <int Level, int Name>
class integer : public internal::fixed_option<Level, Name, int> {
 public:
  integer() noexcept = default;
  explicit integer(int value) noexcept : internal::fixed_option<Level, Name, int>(value) {}
  integer& operator=(int value) noexcept {
    this->value_ = value;
    return *this;
  }

  int value() const noexcept { return this->value_; }
};

// Whether something lingers, and for how many seconds.
template <int Level, int Name>
class linger : public internal::fixed_option<Level, Name, ::linger> {
 public:
  linger() noexcept = default;
  linger(bool enabled, int timeout_s) noexcept {
    this->enabled(enabled);
    timeout(timeout_s);
  }

  bool enabled() const noexcept { return this->value_.l_onoff != 0; }
  void enabled(bool on) noexcept { this->value_.l_onoff = on ? 1 : 0; }
  int timeout() const noexcept { return this->value_.l_linger; }
  void timeout(int seconds) noexcept { this->value_.l_linger = seconds; }
};

}  // namespace NET_NAMESPACE::socket_option

// Programs look for these templates in `detail` too.
namespace NET_NAMESPACE::detail {
namespace socket_option = NET_NAMESPACE::socket_option;
}
