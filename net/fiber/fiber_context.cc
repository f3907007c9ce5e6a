// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_context.h"

#include <cstdint>
#include <cstring>

namespace netpoll {
namespace {

// What netpoll_switch_context() restores, lowest address first; see the assembly of each CPU.
#if defined(__x86_64__)
struct saved_context {
  std::uint32_t mxcsr;
  std::uint32_t x87_control;
  void* r15;
  void* r14;
  void* argument;    // r13
  void (*entry)(void*);  // r12
  void* rbx;
  void* rbp;
  void (*return_address)();
  void* end_of_frames;  // keeps the stack aligned as before a call
};
static_assert(sizeof(saved_context) == 72);
#elif defined(__aarch64__)
struct saved_context {
  void (*entry)(void*);  // x19
  void* argument;        // x20
  void* x21_to_x28[8];
  void* frame_pointer;       // x29
  void (*return_address)();  // x30
  std::uint64_t d8_to_d15[8];
  std::uint64_t fpcr;
  std::uint64_t unused;
};
static_assert(sizeof(saved_context) == 176);
#else
#error "netpoll runs on x86-64 and AArch64"
#endif

}  // namespace

void* make_context(void* top, void (*entry)(void*), void* argument) noexcept {
  auto address = reinterpret_cast<std::uintptr_t>(top) & ~std::uintptr_t{15};
  address -= sizeof(saved_context);
#if defined(__x86_64__)
  // After the return into netpoll_enter_context the stack pointer is a multiple of 16.
  address &= ~std::uintptr_t{15};
#endif
  saved_context first{};
#if defined(__x86_64__)
  // A new context starts with the floating-point settings of the thread that makes it.
  asm volatile("stmxcsr %0" : "=m"(first.mxcsr));
  std::uint16_t control = 0;
  asm volatile("fnstcw %0" : "=m"(control));
  first.x87_control = control;
#else
  asm volatile("mrs %0, fpcr" : "=r"(first.fpcr));
#endif
  first.entry = entry;
  first.argument = argument;
  first.return_address = &netpoll_enter_context;
  auto* const place = reinterpret_cast<void*>(address);
  std::memcpy(place, &first, sizeof(first));
  return place;
}

}  // namespace netpoll
