// SPDX-License-Identifier: BSL-1.0
//
// Where a debugger finds things in a fiber, so that its script need not know the sources it looks
// at: net/fiber/gdb/netpoll_gdb.py reads these constants from the program, or from its core file.
// Fibers are found through `netpoll_stack_directory`.
//
// Layouts of plain C structs; offsets in bytes. A change of meaning changes the version.
#pragma once

#include <cstdint>

extern "C" {

// Of a suspended context. Registers that are not listed are lost; the stack pointer is that of
// whoever switched, and so has no place of its own.
struct netpoll_context_layout_type {
  struct saved_register {
    char name[8];  // as the debugger calls it
    std::uint64_t offset;
  };
  std::uint64_t version;         // 1
  std::uint64_t released_bytes;  // the stack pointer is the context's address plus this
  char stack_pointer_name[8];
  std::uint64_t register_count;
  saved_register registers[16];
};

// Of a fiber, whose address is the occupant of its stack.
struct netpoll_fiber_layout_type {
  std::uint64_t version;  // 1
  const netpoll_context_layout_type* context_layout;
  std::uint64_t id;        // a uint64_t
  std::uint64_t name;      // a pointer to a string
  std::uint64_t context;   // a pointer: what is saved while the fiber does not run
  std::uint64_t activity;  // a byte: 0 created, 1 ready, 2 running, 3 parked
  std::uint64_t since;     // an int64_t: nanoseconds of CLOCK_MONOTONIC, or 0
  std::uint64_t park;      // a pointer with bits: the waiter, while it is parked
  std::uint64_t park_bits;
};

extern const netpoll_context_layout_type netpoll_context_layout;
extern const netpoll_fiber_layout_type netpoll_fiber_layout;
}

namespace netpoll {

// Makes the linker keep the constants above in a program that has fibers.
[[gnu::always_inline]] inline void keep_fiber_layout() noexcept {
  asm volatile("" : : "r"(&netpoll_fiber_layout));
}

}  // namespace netpoll
