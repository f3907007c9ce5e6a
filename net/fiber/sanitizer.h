// SPDX-License-Identifier: BSL-1.0
//
// What AddressSanitizer, LeakSanitizer and ThreadSanitizer must be told at a switch of stacks. The
// only file that names them. In a build without them all of this is empty.
//
// Order at a switch: start_switch() on the stack that is left, the switch, finish_switch() on the
// stack that is entered. Both are inlined, and between start_switch() and the switch nothing may be
// called: ThreadSanitizer keeps a stack of calls for each fiber, and a function that began on one
// and returned on the other would spoil both.
//
// ThreadSanitizer takes what a thread does on one fiber and then on another as ordered, as it is: a
// program with one thread needs no locks. Two fibers race if nothing but chance lets them run on
// the same thread, which it can only see when they did not. It has room for some 8000 fibers and
// threads.
//
// LeakSanitizer takes for reachable what a parked fiber's frames point to, and what the stack of a
// thread points to that runs a fiber. What once was below the frames of a parked fiber is hidden
// from it by poison, for as far as `hidden_size`: an address that a dead frame left there must not
// keep a leak from being found. Nothing instrumented may read a parked fiber's stack below its
// saved stack pointer.
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
#include <pthread.h>
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
    __lsan_register_root_region(bottom_, size_);
#endif
#if defined(NETPOLL_TSAN)
    thread_ = __tsan_create_fiber(0);
#endif
  }

  // The fiber will never run again, and its stack holds nothing more but [left, left + size), until
  // destroy(). Called from another stack.
  void end([[maybe_unused]] const void* left, [[maybe_unused]] std::size_t size) noexcept {
#if defined(NETPOLL_ASAN)
    forget_fake_stack();
    __lsan_register_root_region(left, size);
    __lsan_unregister_root_region(bottom_, size_);
    // What the last frames left poisoned must not meet the next user of the memory.
    __asan_unpoison_memory_region(bottom_, size_);
    bottom_ = left;
    size_ = size;
#endif
#if defined(NETPOLL_TSAN)
    __tsan_destroy_fiber(thread_);
#endif
  }

  // After end(): that too is about to go.
  void destroy() noexcept {
#if defined(NETPOLL_ASAN)
    __lsan_unregister_root_region(bottom_, size_);
#endif
  }

  // For a thread that is about to enter a fiber. Again each time it may be another thread.
  void adopt_current_thread() noexcept {
#if defined(NETPOLL_ASAN)
    is_thread_ = true;
#endif
#if defined(NETPOLL_TSAN)
    thread_ = __tsan_get_current_fiber();
#endif
  }

  // Leaves `this` for `next`; for good if `is_last`.
  [[gnu::always_inline]] inline void start_switch([[maybe_unused]] sanitizer_stack& next,
                                                  [[maybe_unused]] bool is_last) noexcept {
#if defined(NETPOLL_ASAN)
    next.show_dead_frames();
    // What is told LeakSanitizer is told before it loses sight of a stack, and taken back when it
    // has it in sight again: it may stop all threads anywhere, and does where they wait for its
    // lock.
    if (is_thread_) {
      remember_thread();
      remember_fake_stack(thread_size_);
    } else if (is_last) {
      forget_fake_stack();
    } else {
      remember_fake_stack(size_);
      hide_dead_frames();
    }
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
    if (is_thread_) {
      forget_fake_stack();
      forget_thread();
    }
#endif
  }

#if defined(NETPOLL_ASAN)

 private:
  // How much of what is below a parked fiber's frames is hidden. All of it would be a lot of shadow
  // memory to write at each switch.
  static constexpr std::size_t hidden_size = 32 * 1024;
  // What the switch itself still stores below the stack pointer.
  static constexpr std::size_t switch_size = 256;

  [[gnu::always_inline]] inline void hide_dead_frames() noexcept {
    const char* stack_pointer = nullptr;
#if defined(__x86_64__)
    asm volatile("movq %%rsp, %0" : "=r"(stack_pointer));
#else
    asm volatile("mov %0, sp" : "=r"(stack_pointer));
#endif
    const char* const end = stack_pointer - switch_size;
    const char* const bottom = static_cast<const char*>(bottom_);
    hidden_ = static_cast<std::size_t>(end - bottom) > hidden_size ? end - hidden_size : bottom;
    if (hidden_ < end) {
      hidden_end_ = end;
      __asan_poison_memory_region(hidden_, static_cast<std::size_t>(hidden_end_ - hidden_));
    }
  }
  void show_dead_frames() noexcept {
    if (hidden_end_ != nullptr) {
      __asan_unpoison_memory_region(hidden_, static_cast<std::size_t>(hidden_end_ - hidden_));
      hidden_end_ = nullptr;
    }
  }

  // LeakSanitizer knows one stack of each thread: while that is a fiber's, it must be told the
  // thread's own.
  void remember_thread() noexcept {
    const own_stack& own = find_own_stack();
    thread_bottom_ = own.bottom;
    thread_size_ = own.size;
    __lsan_register_root_region(thread_bottom_, thread_size_);
  }
  void forget_thread() noexcept { __lsan_unregister_root_region(thread_bottom_, thread_size_); }

  struct own_stack {
    own_stack() noexcept {
      ::pthread_attr_t attributes;
      if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
        ::pthread_attr_getstack(&attributes, &bottom, &size);
        ::pthread_attr_destroy(&attributes);
      }
    }
    void* bottom = nullptr;
    std::size_t size = 0;
  };
  // Not inlined: the address of a thread-local must not be kept across a switch.
  [[gnu::noinline]] static const own_stack& find_own_stack() noexcept {
    static thread_local const own_stack mine;
    asm volatile("" ::: "memory");
    return mine;
  }

  // With detect_stack_use_after_return most local variables are on a fake stack, which
  // LeakSanitizer knows only while it is in use.
  void remember_fake_stack(std::size_t stack_size) noexcept {
    if (known_fake_stack_ == nullptr) {
      known_fake_stack_ = __asan_get_current_fake_stack();
      if (known_fake_stack_ != nullptr) {
        // As the runtime lays it out, in a mapping of its own: a page, flags, 11 classes of frames.
        std::size_t log = 16;
        while (log != 20 && (std::size_t{1} << log) < stack_size) {
          ++log;
        }
        fake_stack_size_ = 4096 + (std::size_t{1} << (log - 5)) + (std::size_t{11} << log);
        __lsan_register_root_region(known_fake_stack_, fake_stack_size_);
      }
    }
  }
  void forget_fake_stack() noexcept {
    if (known_fake_stack_ != nullptr) {
      __lsan_unregister_root_region(known_fake_stack_, fake_stack_size_);
      known_fake_stack_ = nullptr;
    }
  }

  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
  const char* hidden_ = nullptr;
  const char* hidden_end_ = nullptr;  // null: nothing is hidden
  void* fake_stack_ = nullptr;        // while it is not in use
  const void* known_fake_stack_ = nullptr;  // to LeakSanitizer
  std::size_t fake_stack_size_ = 0;
  bool is_thread_ = false;
  const void* thread_bottom_ = nullptr;
  std::size_t thread_size_ = 0;
#endif
#if defined(NETPOLL_TSAN)

 private:
  void* thread_ = nullptr;
#endif
};

}  // namespace netpoll
