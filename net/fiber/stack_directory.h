// SPDX-License-Identifier: BSL-1.0
//
// Where all stacks of the process are. Address space for stacks is reserved in slabs, up to 64
// stacks of one size at a time, and never unmapped; the directory lists the slabs, and in each
// which stacks may hold anything. It only grows, so it is read without a lock, by any thread, in a
// signal handler, and from a core file: everything begins at the symbol `netpoll_stack_directory`,
// and all types here have the layout of plain C structs.
//
// To find the fibers in a debugger: follow `first` and `next` through the chunks; of each take the
// first `count` slabs; for each bit i set in `used`, the stack's memory is
//
//   [base + i * stride + guard_size, base + (i + 1) * stride)
//
// and its last `header_size` bytes are a stack_header (stack.h). Its first word is the occupant,
// null where the stack is kept for reuse; the second tells what kind of thing that is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

extern "C" {

struct netpoll_stack_slab {
  char* base;            // of the first stack's guard
  std::uint64_t stride;  // from one stack to the next: guard and stack
  std::uint64_t stack_size;
  // Bit i: stack i was handed out, and not given back to the kernel since. Only these hold
  // anything.
  std::atomic<std::uint64_t> used;
  // Bit i: the guard below stack i is there. Once set for good.
  std::atomic<std::uint64_t> guarded;
  // For those who hand out: the next slab of this size that has a stack left. Under their mutex.
  netpoll_stack_slab* next_with_room;
  std::uint32_t count;  // of stacks, at most 64
  std::uint32_t size_class;
};

struct netpoll_stack_chunk {
  std::atomic<netpoll_stack_chunk*> next;
  std::atomic<std::uint64_t> count;
  netpoll_stack_slab slabs[64];
};

struct netpoll_stack_directory_type {
  std::uint32_t version;      // of this layout: 1
  std::uint32_t header_size;  // at the top of each stack
  std::uint64_t guard_size;   // below each stack
  std::atomic<netpoll_stack_chunk*> first;
};

extern netpoll_stack_directory_type netpoll_stack_directory;
}

namespace netpoll {

// Lists a slab, of which nothing is used yet. Null when no memory is left for that. One at a time:
// the caller holds a mutex.
netpoll_stack_slab* append_stack_slab(char* base, std::size_t stride, std::size_t stack_size,
                                      std::uint32_t count, std::uint32_t size_class) noexcept;

// Calls visit(netpoll_stack_slab&) for each slab, in the order in which they were reserved, those
// included that are added meanwhile.
template <typename Visit>
void for_each_stack_slab(Visit visit) {
  // acquire, here and below: pairs with the release in append_stack_slab().
  for (netpoll_stack_chunk* chunk = netpoll_stack_directory.first.load(std::memory_order_acquire);
       chunk != nullptr; chunk = chunk->next.load(std::memory_order_acquire)) {
    const std::uint64_t count = chunk->count.load(std::memory_order_acquire);
    for (std::uint64_t i = 0; i != count; ++i) {
      visit(chunk->slabs[i]);
    }
  }
}

// Whether `address` is in the guard of any stack. Takes no lock.
bool is_in_stack_guard(const void* address) noexcept;

}  // namespace netpoll
