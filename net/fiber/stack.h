// SPDX-License-Identifier: BSL-1.0
//
// Stacks for fibers. A stack is address space reserved from the kernel: a page of memory is used
// only once it was touched. Below it lies a guard that nothing can be written to, so that an
// overflow is caught and not silent. Stacks of the default size are kept for reuse, up to a bound.
//
// Where the kernel has MADV_GUARD_INSTALL (Linux 6.13) a guard costs no mapping of its own;
// elsewhere it is made by mprotect and every stack takes two mappings of vm.max_map_count.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <system_error>

namespace netpoll {

// A reserved stack: usable memory is [bottom, bottom + size), the guard [bottom - guard_size,
// bottom).
struct stack {
  char* bottom = nullptr;
  std::size_t size = 0;

  static constexpr std::size_t guard_size = 64 * 1024;
  // Enough for deep call chains and printf; memory is only used as far as the fiber really goes.
  static constexpr std::size_t default_size = 256 * 1024;
  static constexpr std::size_t smallest_size = 16 * 1024;

  char* top() const noexcept { return bottom + size; }
};

// A stack of at least `size` bytes (0: the default). On error the stack's bottom is null, and the
// error is what the kernel said: ENOMEM usually means that vm.max_map_count or the address space is
// used up.
stack acquire_stack(std::size_t size, std::error_code& error) noexcept;
void release_stack(stack unused) noexcept;

}  // namespace netpoll
