// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_context.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/fiber/fiber_layout.h"
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

constexpr netpoll_context_layout_type layout{
    .version = 1,
    .released_bytes = saved_context::released,
#if defined(__x86_64__)
    .stack_pointer_name = "rsp",
    .register_count = 7,
    .registers = {{"r15", offsetof(saved_context, r15)},
                  {"r14", offsetof(saved_context, r14)},
                  {"r13", offsetof(saved_context, argument)},
                  {"r12", offsetof(saved_context, entry)},
                  {"rbx", offsetof(saved_context, rbx)},
                  {"rbp", offsetof(saved_context, rbp)},
                  {"rip", offsetof(saved_context, continues_at)}},
#else
    .stack_pointer_name = "sp",
    .register_count = 12,
    .registers = {{"x19", offsetof(saved_context, entry)},
                  {"x20", offsetof(saved_context, argument)},
                  {"x21", offsetof(saved_context, x21_to_x28)},
                  {"x22", offsetof(saved_context, x21_to_x28) + 8},
                  {"x23", offsetof(saved_context, x21_to_x28) + 16},
                  {"x24", offsetof(saved_context, x21_to_x28) + 24},
                  {"x25", offsetof(saved_context, x21_to_x28) + 32},
                  {"x26", offsetof(saved_context, x21_to_x28) + 40},
                  {"x27", offsetof(saved_context, x21_to_x28) + 48},
                  {"x28", offsetof(saved_context, x21_to_x28) + 56},
                  {"x29", offsetof(saved_context, frame_pointer)},
                  {"pc", offsetof(saved_context, continues_at)}},
#endif
};

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
}  // namespace netpoll

extern "C" constinit const netpoll_context_layout_type netpoll_context_layout = netpoll::layout;

namespace netpoll {

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
