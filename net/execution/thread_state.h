// SPDX-License-Identifier: BSL-1.0
//
// What the library keeps for each thread, and the way to it that a fiber can take.
//
// A compiler takes the address of a thread-local variable for the same throughout a function. On a
// fiber that is wrong: it may ask on one thread, wait, and ask again on another. So the address is
// made of the thread pointer, read anew each time by instructions that the compiler leaves where
// they are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/async/block_lists.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

class fiber_host;
class worker;

struct thread_state {
  worker* innermost = nullptr;  // of the run functions the thread is in
  fiber_host* host = nullptr;   // of the fibers it runs
  // Numbers for fibers that it spawns.
  std::uint64_t next_id = 0;
  std::uint64_t end_of_ids = 0;
  block_lists blocks;  // see handler_memory.h
};

// Nobody may keep what it returns across a switch.
inline thread_state& this_thread_state() noexcept {
  // The variable is in thread_state.cc; its offset is the same in every thread.
  char* thread_pointer = nullptr;
  std::ptrdiff_t offset = 0;
#if defined(__x86_64__)
  asm volatile("movq %%fs:0, %0" : "=r"(thread_pointer) : : "memory");
  asm("movq netpoll_thread_state_" NET_NAMESPACE_TEXT "@gottpoff(%%rip), %0" : "=r"(offset));
#elif defined(__aarch64__)
  asm volatile("mrs %0, tpidr_el0" : "=r"(thread_pointer) : : "memory");
  asm("adrp %0, :gottprel:netpoll_thread_state_" NET_NAMESPACE_TEXT
      "\n\tldr %0, [%0, #:gottprel_lo12:netpoll_thread_state_" NET_NAMESPACE_TEXT "]"
      : "=r"(offset));
#else
#error "netpoll knows x86-64 and AArch64"
#endif
  return *reinterpret_cast<thread_state*>(thread_pointer + offset);
}

}  // namespace NET_NAMESPACE::internal
