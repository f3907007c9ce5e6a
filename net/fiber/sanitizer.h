// SPDX-License-Identifier: BSL-1.0
//
// What AddressSanitizer and ThreadSanitizer must be told at a switch of stacks. The only file that
// names them. In a build without them all of this is empty.
//
// Order at a switch: start_switch() on the stack that is left, the switch, finish_switch() on the
// stack that is entered.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define NETPOLL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NETPOLL_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define NETPOLL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NETPOLL_TSAN 1
#endif
#endif

#if defined(NETPOLL_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(NETPOLL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace netpoll {

// Whether this is a build in which everything takes many times as long.
#if defined(NETPOLL_ASAN) || defined(NETPOLL_TSAN)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

// One side of a switch: a fiber's stack, or a thread's.
class sanitizer_stack {
 public:
  sanitizer_stack() = default;
  sanitizer_stack(const sanitizer_stack&) = delete;
  sanitizer_stack& operator=(const sanitizer_stack&) = delete;

  // For a new fiber whose stack is [bottom, bottom + size).
  void create([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size) noexcept {
#if defined(NETPOLL_ASAN)
    bottom_ = bottom;
    size_ = size;
    // Memory that only a parked fiber points to is not leaked.
    __lsan_register_root_region(bottom, size);
#endif
#if defined(NETPOLL_TSAN)
    thread_ = __tsan_create_fiber(0);
#endif
  }

  // The fiber will never run again. Called from another stack.
  void destroy() noexcept {
#if defined(NETPOLL_ASAN)
    // What the last frames left poisoned must not meet the next user of the memory.
    __asan_unpoison_memory_region(bottom_, size_);
    __lsan_unregister_root_region(bottom_, size_);
#endif
#if defined(NETPOLL_TSAN)
    __tsan_destroy_fiber(thread_);
#endif
  }

  // For a thread that is about to enter a fiber.
  void adopt_current_thread() noexcept {
#if defined(NETPOLL_TSAN)
    thread_ = __tsan_get_current_fiber();
#endif
  }

  // Leaves `this` for `next`; for good if `is_last`.
  [[gnu::always_inline]] inline void start_switch([[maybe_unused]] sanitizer_stack& next,
                                                  [[maybe_unused]] bool is_last) noexcept {
#if defined(NETPOLL_ASAN)
    __sanitizer_start_switch_fiber(is_last ? nullptr : &fake_stack_, next.bottom_, next.size_);
#endif
#if defined(NETPOLL_TSAN)
    __tsan_switch_to_fiber(next.thread_, 0);
#endif
  }

  // `this` runs again, or for the first time; `previous` was left for it.
  [[gnu::always_inline]] inline void finish_switch(
      [[maybe_unused]] sanitizer_stack& previous) noexcept {
#if defined(NETPOLL_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack_, &previous.bottom_, &previous.size_);
#endif
  }

 private:
#if defined(NETPOLL_ASAN)
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
  void* fake_stack_ = nullptr;
#endif
#if defined(NETPOLL_TSAN)
  void* thread_ = nullptr;
#endif
};

}  // namespace netpoll
