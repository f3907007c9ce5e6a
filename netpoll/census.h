// SPDX-License-Identifier: BSL-1.0
//
// Which threads of the process could still do something, for those who have to tell a program that
// waits from one that is stuck.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace netpoll {

// Held by a thread that never wakes anybody who waits for something else than the kernel: those of
// the library's own that only ask, watch or print; and any other while it waits, without an end to
// it, for what only another thread can bring about.
class bystander {
 public:
  // acq_rel, here and below: what a thread did before is seen by those who see it stand by.
  bystander() noexcept { change(1); }
  ~bystander() { change(-1); }
  bystander(const bystander&) = delete;
  bystander& operator=(const bystander&) = delete;

  static int count() noexcept { return static_cast<int>(word() & count_mask); }

  // In the child of a fork, whose threads are all gone but the one that forked.
  static void forget_all() noexcept { change(-count()); }

  // The count, with how often it has changed: the same twice if nobody began or ended standing by
  // in between.
  static std::uint64_t word() noexcept { return word_.load(std::memory_order_acquire); }

 private:
  static constexpr std::uint64_t change_step = std::uint64_t{1} << 32;
  static constexpr std::uint64_t count_mask = change_step - 1;

  static void change(int by) noexcept {
    std::uint64_t now = word_.load(std::memory_order_relaxed);  // relaxed: compared below
    while (!word_.compare_exchange_weak(
        now, ((now + change_step) & ~count_mask) | ((now + static_cast<unsigned>(by)) & count_mask),
        std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
  }

  static inline constinit std::atomic<std::uint64_t> word_{0};
};

// How many threads the process has; 0 when the kernel does not say.
int thread_count() noexcept;

}  // namespace netpoll
