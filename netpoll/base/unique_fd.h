// SPDX-License-Identifier: BSL-1.0
//
// unique_fd owns a file descriptor number and closes it once. It knows no reactor: netpoll::fd is
// the descriptor that operations wait on. Not thread-safe.
#pragma once

#include <utility>

#include "netpoll/base/syscall.h"

namespace netpoll {

class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int number) noexcept : number_(number) {}
  unique_fd(unique_fd&& other) noexcept : number_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

  // Gives up ownership without closing.
  int release() noexcept { return std::exchange(number_, -1); }

  // Closes what is held, if anything, and takes `number`.
  void reset(int number = -1) noexcept {
    if (number_ >= 0) {
      sys::close(number_);
    }
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace netpoll
