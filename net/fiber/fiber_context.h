// SPDX-License-Identifier: BSL-1.0
//
// The switch between stacks: what a function call must preserve is saved on the stack that is left,
// and restored from the stack that is entered. One assembly file per CPU; nothing here knows
// fibers.
#pragma once

#include <cstddef>

extern "C" {

// Saves the caller's context, stores where in *saved, and continues in the context `next` that an
// earlier switch stored or netpoll_make_context() made. Returns when somebody switches back.
void netpoll_switch_context(void** saved, void* next) noexcept;

// The first code a new context runs; see make_context().
void netpoll_enter_context() noexcept;
}

namespace netpoll {

// A context that, when first switched to, calls entry(argument) on the stack that ends (highest
// address) at `top`. `entry` must not return.
void* make_context(void* top, void (*entry)(void*), void* argument) noexcept;

}  // namespace netpoll
