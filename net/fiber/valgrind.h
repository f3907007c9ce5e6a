// SPDX-License-Identifier: BSL-1.0
//
// What Valgrind must be told of stacks that are not a thread's. A client request is a sequence of
// instructions that do nothing on a real processor and that Valgrind, which reads the code before
// it runs it, recognises; sequences and numbers are part of its documented interface. Outside
// Valgrind a request costs a few instructions, and nothing of Valgrind is needed to build.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace netpoll {
namespace valgrind {

enum class request : std::uint64_t {
  running_on_valgrind = 0x1001,
  stack_register = 0x1501,
  // Of memcheck: 'M', 'C' and a number; other tools do not know them, and ignore them.
  make_memory_no_access = 0x4d430000,
  make_memory_undefined = 0x4d430001,
};

// Returns 0 outside Valgrind.
inline std::uint64_t ask(request what, std::uint64_t first = 0, std::uint64_t second = 0) noexcept {
  const volatile std::uint64_t arguments[6] = {static_cast<std::uint64_t>(what), first, second};
#if defined(__x86_64__)
  // The rotations of rdi add up to 128 bits, and rbx is exchanged with itself.
  std::uint64_t answer = 0;
  asm volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "+d"(answer)
      : "a"(&arguments[0])
      : "cc", "memory");
  return answer;
#else
  register std::uint64_t answer asm("x3") = 0;
  register const volatile std::uint64_t* where asm("x4") = &arguments[0];
  asm volatile(
      "ror x12, x12, #3\n\tror x12, x12, #13\n\tror x12, x12, #51\n\tror x12, x12, #61\n\t"
      "orr x10, x10, x10"
      : "+r"(answer)
      : "r"(where)
      : "cc", "memory");
  return answer;
#endif
}

}  // namespace valgrind

// Whether Valgrind runs the program.
inline bool running_on_valgrind() noexcept {
  return valgrind::ask(valgrind::request::running_on_valgrind) != 0;
}

// Tells that [bottom, top) is a stack: that the stack pointer moves into it is a switch, no huge
// frame.
inline void valgrind_register_stack(const char* bottom, const char* top) noexcept {
  (void)valgrind::ask(valgrind::request::stack_register, reinterpret_cast<std::uintptr_t>(bottom),
                      reinterpret_cast<std::uintptr_t>(top - 1));
}

// Tells that nobody may touch the memory, and that somebody new may.
inline void valgrind_forbid(const char* where, std::size_t size) noexcept {
  (void)valgrind::ask(valgrind::request::make_memory_no_access,
                      reinterpret_cast<std::uintptr_t>(where), size);
}
inline void valgrind_allow(const char* where, std::size_t size) noexcept {
  (void)valgrind::ask(valgrind::request::make_memory_undefined,
                      reinterpret_cast<std::uintptr_t>(where), size);
}

}  // namespace netpoll
