// SPDX-License-Identifier: BSL-1.0
//
// A gate is open while its count is 0. Those who come to it while it is not wait until it becomes
// so. Latches, wait groups and their like are gates under other names.
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

class gate {
 public:
  // `name` is what those who wait are said to wait for.
  gate(const char* name, std::ptrdiff_t count) noexcept : name_(name), count_(count) {}
  // Aborts when somebody waits.
  ~gate();

  // Adds to the count, which must not become negative: aborts with `broken_rule`.
  void add(std::ptrdiff_t number, const char* broken_rule) noexcept;
  bool is_open() noexcept;
  std::ptrdiff_t count() noexcept;
  // `resumed`: it was open.
  wait_result wait(netpoll::nanotime until, on_cancel how);

 private:
  class passer;

  const char* const name_;
  wait_line line_;
  std::ptrdiff_t count_;  // under line_
};

}  // namespace NET_NAMESPACE::internal
