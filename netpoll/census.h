// SPDX-License-Identifier: BSL-1.0
//
// Which threads of the process could still do something, for those who have to tell a program that
// waits from one that is stuck.
//
// Thread-safe.
#pragma once

#include <atomic>

namespace netpoll {

// Held by a thread that never wakes anybody who waits for something else than the kernel: those of
// the library's own that only ask, watch or print; and any other while it waits, without an end to
// it, for what only another thread can bring about.
class bystander {
 public:
  bystander() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }  // relaxed: a number
  ~bystander() { count_.fetch_sub(1, std::memory_order_relaxed); }
  bystander(const bystander&) = delete;
  bystander& operator=(const bystander&) = delete;

  static int count() noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  static inline constinit std::atomic<int> count_{0};
};

// How many threads the process has; 0 when the kernel does not say.
int thread_count() noexcept;

}  // namespace netpoll
