// SPDX-License-Identifier: BSL-1.0
//
// Where stacks come from: reserves addresses, puts the guards, and takes back the memory of stacks
// that nobody keeps. What is kept for reuse is the business of stack.cc.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <system_error>

#include "net/fiber/stack.h"

namespace netpoll {

// Each size has a class: smallest_size times two to the power of the class.
inline constexpr unsigned stack_class_count = 23;

constexpr std::size_t size_of_class(unsigned size_class) noexcept {
  return stack::smallest_size << size_class;
}
static_assert(size_of_class(stack_class_count - 1) == stack::largest_size);

// For sizes up to stack::largest_size. Pages may be larger than the smallest class.
unsigned stack_class_of(std::size_t size) noexcept;

std::size_t page_size() noexcept;

// A stack of the class that holds no memory yet, and its header, filled in. `is_new`: nobody had it
// before. On error `bottom` is null.
struct new_stack {
  stack memory;
  bool is_new = false;
};
new_stack take_stack(unsigned size_class, std::error_code& error) noexcept;

// How many stacks the kernel is told about in one call.
inline constexpr std::size_t stack_batch_size = 64;

// Gives the memory of `count` stacks of the class, up to stack_batch_size, back to the kernel, and
// the stacks to who takes one next. Changes their order. A run of neighbours costs one system call;
// where the kernel takes advice about many ranges at once, so do all.
void give_back_stacks(unsigned size_class, stack* unused, std::size_t count) noexcept;

// As trim_stack() for each of them, in one system call where the kernel can do that.
void trim_stacks(const stack* unused, std::size_t count, std::size_t kept_bytes) noexcept;

}  // namespace netpoll
