// SPDX-License-Identifier: BSL-1.0
//
// The switch between stacks: what a function call must preserve is saved on the stack that is left,
// and restored from the stack that is entered, the floating-point control words included. One
// assembly file per CPU; nothing here knows fibers.
//
// A context may be continued on another thread than the one that left it. Nothing here is
// synchronised: who continues a context must know that the switch that saved it has ended.
//
// Shadow stacks (x86's, and AArch64's guarded control stack) are not supported: making a context
// aborts where they are on. Indirect branch tracking, BTI and signed return addresses are fine.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// The part of a switch, and the first code of a new context, that are in assembly. They are not
// called as functions are: use netpoll_switch_context() and make_context().
void netpoll_switch_body() noexcept;
void netpoll_enter_context() noexcept;

// Calls function(argument) on the stack of the caller, such that to unwinders it seems to be called
// where `context`, which is suspended and remains so, will continue. `function` must not throw.
void netpoll_call_below_context(void* context, void (*function)(void*), void* argument) noexcept;

// Saves the caller's context, stores where in *saved, and continues in the context `next` that an
// earlier switch stored or make_context() made. Returns when somebody switches back, with the
// message that they gave.
//
// It is inline so that a switch is a jump, not a call. A call pushes an address on the processor's
// return stack that the other side would have to return through: to another place, which is
// mispredicted; or not at all, after which every return of the other side's callers is. A jump
// leaves the return stack as it is, and for a fiber that was parked in the same calls it is right.
[[gnu::always_inline]] inline void* netpoll_switch_context(void** saved, void* next,
                                                           void* message = nullptr) noexcept {
  // All registers that a call may destroy are named here; the body keeps the others.
#if defined(__x86_64__)
  // The jump is direct when linked statically. It does not go through the procedure linkage table,
  // which would write to the red zone of a caller that has one.
  asm volatile(
      "leaq 1f(%%rip), %%rcx\n\t"
      "jmp *netpoll_switch_body@GOTPCREL(%%rip)\n"
      "1:\n\t"
      "endbr64"
      : "+D"(saved), "+S"(next), "+d"(message)
      :
      : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc",
#if defined(__APX_F__)
        "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28",
        "r29", "r30", "r31",
#endif
#if defined(__AVX512F__)
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5",
        "k6", "k7",
#endif
#if defined(__MMX__)
        "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7",
#endif
        "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "xmm0", "xmm1",
        "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "xmm14", "xmm15");
  return message;
#elif defined(__aarch64__)
  register void** first asm("x0") = saved;
  register void* second asm("x1") = next;
  register void* third asm("x2") = message;
  // Of v8 to v15 a function keeps only the lower halves: here the compiler does that.
  asm volatile(
      "adr x30, 1f\n\t"
      "b netpoll_switch_body\n"
      "1:\n\t"
      "hint #36"  // bti j
      : "+r"(first), "+r"(second), "+r"(third)
      :
      : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
        "x17", "x18", "x30", "memory", "cc", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8",
        "p9", "p10", "p11", "p12", "p13", "p14", "p15", "v0", "v1", "v2", "v3", "v4", "v5", "v6",
        "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
        "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
  return third;
#else
#error "netpoll runs on x86-64 and AArch64"
#endif
}
}

namespace netpoll {

// A context that, when first switched to, calls entry(argument) on the stack that ends (highest
// address) at `top`; the other form's entry also gets the message of that switch. `entry` must not
// return. The context starts with the floating-point settings of the thread that makes it.
void* make_context(void* top, void (*entry)(void*), void* argument) noexcept;
void* make_context(void* top, void (*entry)(void*, void*), void* argument) noexcept;

// Fetches into the cache what a switch to `context` will read first. Worth it when something else
// can be done before the switch, and the context was parked for long.
inline void prefetch_context(const void* context) noexcept {
  const char* const first = static_cast<const char*>(context);
  __builtin_prefetch(first);
  __builtin_prefetch(first + 64);
  __builtin_prefetch(first + 128);
  __builtin_prefetch(first + 192);
}

// Where the thread's shadow stack is, or, on AArch64, whether there is one; 0 when there is none. A
// few instructions.
std::uint64_t shadow_stack() noexcept;

// Aborts, and says how to turn shadow stacks off, unless `shadow_stack` is 0. Every return on
// another stack than the one of the call would end the process with less of an explanation.
void check_no_shadow_stack(std::uint64_t shadow_stack) noexcept;

}  // namespace netpoll
