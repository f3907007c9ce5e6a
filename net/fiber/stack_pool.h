// SPDX-License-Identifier: BSL-1.0
//
// The stacks that the process keeps for reuse, beside those that each thread keeps in stack.cc. How
// much memory they may have is stack_pool_limit(); what does not fit is trimmed or given back.
//
// Thread-safe.
#pragma once

#include <cstddef>

#include "net/fiber/stack.h"

namespace netpoll {

// Unused stacks of one class, linked through their headers.
struct stack_chain {
  stack_header* first = nullptr;
  std::size_t count = 0;

  void push(stack_header& unused) noexcept {
    unused.next = first;
    first = &unused;
    ++count;
  }
  stack_header* pop() noexcept {
    stack_header* const taken = first;
    if (taken != nullptr) {
      first = taken->next;
      --count;
    }
    return taken;
  }
};

// The stack of `size` bytes that ends with `header`.
inline stack stack_of(stack_header& header, std::size_t size) noexcept {
  return {reinterpret_cast<char*>(&header) + stack::header_size - size, size};
}

// Takes up to `most` stacks of the class out of the pool.
stack_chain take_kept_stacks(unsigned size_class, std::size_t most) noexcept;

// Keeps, trims or gives back the stacks of `unused`, as the limit allows.
void keep_stacks(unsigned size_class, stack_chain unused) noexcept;

// Gives the memory of all of the class back to the kernel.
void discard_kept_stacks(unsigned size_class) noexcept;

// How many of the class are kept, and how much memory all have at worst.
std::size_t count_kept_stacks(unsigned size_class) noexcept;
std::size_t kept_stack_bytes() noexcept;

}  // namespace netpoll
