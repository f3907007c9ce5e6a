// SPDX-License-Identifier: BSL-1.0
//
// Stacks for fibers. A stack is address space: a page of memory is used only once it was touched.
// Below it lies a guard that nothing can be read from or written to, so that an overflow is caught
// and not silent.
//
//   std::error_code error;
//   const netpoll::stack memory = netpoll::acquire_stack(0, error);
//   if (error) …                                        // error.message() names the setting at fault
//   memory.header().occupant.store(fiber, std::memory_order_release);
//   …
//   memory.header().occupant.store(nullptr, std::memory_order_release);
//   netpoll::release_stack(memory);
//
// Addresses are reserved in slabs of up to 64 stacks of a size, and never unmapped: a pointer into
// a stack that is no longer used reads nonsense, but does not fault. See stack_directory.h for
// finding all of them from outside. Where the kernel has MADV_GUARD_INSTALL (Linux 6.13) a guard
// costs no mapping, and neighbouring slabs are one; elsewhere mprotect makes it, and every stack
// that was ever handed out takes two mappings of vm.max_map_count.
//
// A released stack is kept for reuse with what memory it has: first by the thread, without a lock,
// then by the process, see set_stack_pool_limit(). All functions are thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <system_error>

#include "net/fiber/stack_directory.h"
#include "net/fiber/stack_failure.h"

namespace netpoll {

// The last bytes of each stack.
struct alignas(64) stack_header {
  // Whatever lives on the stack, for those who look at all stacks. Null when the stack is handed
  // out; to be null again when it is released.
  std::atomic<void*> occupant;
  // What kind of thing the occupant is, where a program has several that do not know each other: an
  // address that stands for the kind. To be set before the occupant; nonsense while there is none.
  std::atomic<const void*> kind;
  stack_header* next;  // while it is kept for reuse; itself while it is in use
  netpoll_stack_slab* slab;
};

// [bottom, bottom + size) may be used, but for the header at its end.
struct stack {
  char* bottom = nullptr;
  std::size_t size = 0;

  // Each guard costs 8 bytes of page table a page, 128 in all. A page would do for code that
  // touches every page in turn; but a function with a buffer of 64 KiB moves the stack pointer that
  // far at once, and must not land in the next stack.
  static constexpr std::size_t guard_size = 64 * 1024;
  static constexpr std::size_t header_size = sizeof(stack_header);
  // Sizes are rounded up to these times a power of two.
  static constexpr std::size_t smallest_size = 16 * 1024;
  static constexpr std::size_t largest_size = std::size_t{64} << 30;
  // Enough for deep call chains, printf and a TLS handshake.
  static constexpr std::size_t usual_size = 256 * 1024;

  // Where the first frame may begin.
  char* top() const noexcept { return bottom + size - header_size; }
  stack_header& header() const noexcept { return *reinterpret_cast<stack_header*>(top()); }
};

// A stack of at least `size` bytes, rounded up; 0 is the default size. Its contents are
// unspecified.
// On error, which is of stack_errc or what the kernel said, `bottom` is null.
stack acquire_stack(std::size_t size, std::error_code& error) noexcept;

// `unused` must not be running, nor have an occupant any more.
void release_stack(const stack& unused) noexcept;

// The size for those who name none: stack::usual_size, until it is set. Takes effect for stacks
// that are acquired from now on. 0 and more than stack::largest_size are errc::invalid_argument.
std::size_t default_stack_size() noexcept;
void set_default_stack_size(std::size_t bytes, std::error_code& error) noexcept;
void set_default_stack_size(std::size_t bytes);

// How many bytes of memory unused stacks may keep, at worst; 128 MiB, until it is set.
//
// How deep a stack was used is not known, and costs more to find out than to trim it, so that each
// counts with all of its size, though it mostly has a page or two. When that is half of the limit,
// up to 64 stacks at a time, of a quarter of the limit together, are trimmed to 8 KiB, and count
// with that from then on. When trimmed ones take the other half, such a batch loses all its memory,
// which costs a page fault for the next user; neighbours do so in one system call. That is, as many
// as that are trimmed or given back by the release that makes it too much: some tens of
// microseconds.
//
// Beside that a thread keeps a sixteenth of the limit of each size, and not more than 64 stacks,
// for its own next fibers; when it ends, the process gets them. Takes effect with what is released
// from now on, on a thread that has stacks of its own only after it had to exchange some. 0: keep
// nothing.
std::size_t stack_pool_limit() noexcept;
void set_stack_pool_limit(std::size_t bytes) noexcept;

// Gives the memory of all stacks that the process and the calling thread keep back to the kernel.
void discard_pooled_stacks() noexcept;

// How much of `used` was touched, in whole pages, since its memory was last given back; by earlier
// users, too, unless trim_stack() came before this one. 0 when the kernel does not say. Pages that
// were swapped out do not count. A system call for each MiB of size that was not touched.
std::size_t stack_high_water_bytes(const stack& used) noexcept;

// Gives back the memory of all but the topmost `kept_bytes`, at least a page, of a stack that is
// not deeper in use than that. A system call.
void trim_stack(const stack& used, std::size_t kept_bytes) noexcept;

struct stack_statistics {
  std::size_t reserved = 0;        // stacks for which there are addresses
  std::size_t reserved_bytes = 0;  // those addresses, guards included
  std::size_t in_use = 0;          // handed out
  std::size_t in_use_bytes = 0;    // their sizes
  std::size_t pooled = 0;          // kept for reuse, by the process and by all threads
  std::size_t pooled_bytes = 0;    // memory that these have at worst
};

// While others acquire and release, the figures need not fit each other. Takes a lock.
stack_statistics get_stack_statistics() noexcept;

// Goes through the stacks that have an occupant; the occupant may go while it is looked at, the
// memory stays. Finds each that is there all the time. Takes no lock and allocates nothing.
class stack_cursor {
 public:
  // The next one and who lives there; its bottom is null when there are no more.
  stack next(void*& occupant) noexcept;

 private:
  const netpoll_stack_chunk* chunk_ = nullptr;  // null: not begun
  std::uint64_t slab_ = 0;                      // in the chunk
  std::uint32_t index_ = 0;                     // in the slab
};

// Calls visit(const stack&, void* occupant) for each of them.
template <typename Visit>
void for_each_stack(Visit visit) {
  stack_cursor cursor;
  void* occupant = nullptr;
  for (stack each = cursor.next(occupant); each.bottom != nullptr; each = cursor.next(occupant)) {
    visit(each, occupant);
  }
}

}  // namespace netpoll
