// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_context.h"

#include <cstdint>
#include <cstring>

#include "netpoll/base/check.h"

namespace netpoll {
namespace {

// What netpoll_switch_context() restores, lowest address first; see the assembly of each CPU.
// `released` is what a switch to it takes off the stack.
#if defined(__x86_64__)
struct saved_context {
  std::uint32_t mxcsr;
  std::uint32_t x87_control;
  void* r15;
  void* r14;
  void* argument;  // r13
  void* entry;     // r12
  void* rbx;
  void* rbp;
  void (*continues_at)();

  static constexpr std::size_t released = 192;
};
static_assert(sizeof(saved_context) == 64);
#elif defined(__aarch64__)
struct saved_context {
  void* entry;     // x19
  void* argument;  // x20
  void* x21_to_x28[8];
  void* frame_pointer;     // x29
  void (*continues_at)();  // x30
  std::uint64_t fpcr;
  std::uint64_t unused;

  static constexpr std::size_t released = 112;
};
static_assert(sizeof(saved_context) == saved_context::released);
#endif

void* make(void* top, void* entry, void* argument) noexcept {
  check_no_shadow_stack(shadow_stack());
  saved_context first{};
#if defined(__x86_64__)
  asm volatile("stmxcsr %0" : "=m"(first.mxcsr));
  std::uint16_t control = 0;
  asm volatile("fnstcw %0" : "=m"(control));
  first.x87_control = control;
#else
  asm volatile("mrs %0, fpcr" : "=r"(first.fpcr));
#endif
  first.entry = entry;
  first.argument = argument;
  first.continues_at = &netpoll_enter_context;
  // netpoll_enter_context starts with a stack pointer that is a multiple of 16.
  const auto end = reinterpret_cast<std::uintptr_t>(top) & ~std::uintptr_t{15};
  auto* const place = reinterpret_cast<void*>(end - saved_context::released);
  std::memcpy(place, &first, sizeof(first));
  return place;
}

}  // namespace

void* make_context(void* top, void (*entry)(void*), void* argument) noexcept {
  return make(top, reinterpret_cast<void*>(entry), argument);
}

void* make_context(void* top, void (*entry)(void*, void*), void* argument) noexcept {
  return make(top, reinterpret_cast<void*>(entry), argument);
}

std::uint64_t shadow_stack() noexcept {
#if defined(__x86_64__)
  // rdsspq %rax, spelled in bytes for assemblers that do not know it. Where there is no shadow
  // stack it does nothing.
  std::uint64_t pointer = 0;
  asm volatile(".byte 0xf3, 0x48, 0x0f, 0x1e, 0xc8" : "+a"(pointer));
  return pointer;
#else
  // chkfeat x16 clears the bits of the features that are on. An older processor does nothing.
  register std::uint64_t features asm("x16") = 1;
  asm volatile("hint #40" : "+r"(features));
  return features ^ 1;
#endif
}

void check_no_shadow_stack(std::uint64_t shadow_stack) noexcept {
  check(shadow_stack == 0,
#if defined(__x86_64__)
        "fibers cannot run with shadow stacks: start the program with "
        "GLIBC_TUNABLES=glibc.cpu.x86_shstk=off, or link it with -z noshstk");
#else
        "fibers cannot run with guarded control stacks: start the program with "
        "GLIBC_TUNABLES=glibc.cpu.aarch64_gcs=0, or link it without -z gcs=always");
#endif
}

}  // namespace netpoll
