// SPDX-License-Identifier: BSL-1.0
//
// Socket options as types, so that socket.set_option(reuse_address(true)) and
// socket.get_option(option) know level, name and size by themselves.
#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "net/config.h"

namespace NET_NAMESPACE::socket_option {

// An option that is an int to the kernel; a bool or a number to the user.
template <typename Value, int Level, int Name>
class basic_option {
 public:
  basic_option() noexcept = default;
  explicit basic_option(Value value) noexcept : value_(static_cast<int>(value)) {}

  Value value() const noexcept { return static_cast<Value>(value_); }
  explicit operator bool() const noexcept { return value_ != 0; }
  bool operator!() const noexcept { return value_ == 0; }

  template <typename Protocol>
  int level(const Protocol&) const noexcept {
    return Level;
  }
  template <typename Protocol>
  int name(const Protocol&) const noexcept {
    return Name;
  }
  template <typename Protocol>
  int* data(const Protocol&) noexcept {
    return &value_;
  }
  template <typename Protocol>
  const int* data(const Protocol&) const noexcept {
    return &value_;
  }
  template <typename Protocol>
  std::size_t size(const Protocol&) const noexcept {
    return sizeof(value_);
  }
  template <typename Protocol>
  void resize(const Protocol&, std::size_t) noexcept {}

 private:
  int value_ = 0;
};

template <int Level, int Name>
using boolean = basic_option<bool, Level, Name>;
template <int Level, int Name>
using integer = basic_option<int, Level, Name>;

// SO_LINGER: what close() does with data not yet sent.
class linger_option {
 public:
  linger_option() noexcept = default;
  linger_option(bool enabled, int timeout_s) noexcept {
    value_.l_onoff = enabled ? 1 : 0;
    value_.l_linger = timeout_s;
  }

  bool enabled() const noexcept { return value_.l_onoff != 0; }
  void enabled(bool on) noexcept { value_.l_onoff = on ? 1 : 0; }
  int timeout() const noexcept { return value_.l_linger; }
  void timeout(int seconds) noexcept { value_.l_linger = seconds; }

  template <typename Protocol>
  int level(const Protocol&) const noexcept {
    return SOL_SOCKET;
  }
  template <typename Protocol>
  int name(const Protocol&) const noexcept {
    return SO_LINGER;
  }
  template <typename Protocol>
  ::linger* data(const Protocol&) noexcept {
    return &value_;
  }
  template <typename Protocol>
  const ::linger* data(const Protocol&) const noexcept {
    return &value_;
  }
  template <typename Protocol>
  std::size_t size(const Protocol&) const noexcept {
    return sizeof(value_);
  }
  template <typename Protocol>
  void resize(const Protocol&, std::size_t) noexcept {}

 private:
  ::linger value_{};
};

}  // namespace NET_NAMESPACE::socket_option
