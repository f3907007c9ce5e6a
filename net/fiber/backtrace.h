// SPDX-License-Identifier: BSL-1.0
//
// Which calls a stack is in: of the running thread or fiber, or of a context that is suspended.
//
// What is collected are return addresses, innermost first: the call is before the address. The
// place where a signal interrupted is counted up by one to be like them. symbolize.h makes text of
// them.
#pragma once

namespace netpoll {

// Collects up to `max` return addresses into pcs[0], pcs[1], … and returns how many there were. The
// first is in the function that called this one. On a context's stack the last is in
// netpoll_enter_context(), if there was room for all.
//
// May be called in a signal handler, wherever the signal interrupted, once prepare_backtrace() was
// called. (With a C library before glibc 2.35 or a libgcc before 12 it may not in a program that
// loads or unloads shared objects.)
int backtrace_here(const void** pcs, int max) noexcept;

// The same for a context that netpoll_switch_context() saved or make_context() made; the first
// address is where it will continue. It must remain suspended until this has returned. It is not
// changed, nor is anything on its stack, and nothing runs there: any thread can call this, how
// little of that stack is left does not matter, and sanitizers need not be told.
//
// As safe in a signal handler as backtrace_here(), given that the context remains suspended.
int backtrace_suspended(void* context, const void** pcs, int max) noexcept;

// Does once what the first use of the C++ runtime's unwinder does, and a signal handler may not.
void prepare_backtrace() noexcept;

}  // namespace netpoll
