// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_directory.h"

#include <iterator>
#include <new>

#include "net/fiber/stack.h"

// What a debugger, which knows no C++, is told to find at these places.
static_assert(sizeof(std::atomic<std::uint64_t>) == 8);
static_assert(sizeof(netpoll_stack_slab) == 56);
static_assert(offsetof(netpoll_stack_slab, used) == 24);
static_assert(offsetof(netpoll_stack_slab, count) == 48);
static_assert(offsetof(netpoll_stack_chunk, slabs) == 16);
static_assert(offsetof(netpoll_stack_directory_type, first) == 16);

extern "C" {
// `used`: to be in the symbol table also of a program whose linker sees no use.
[[gnu::used]] constinit netpoll_stack_directory_type netpoll_stack_directory{
    .version = 1,
    .header_size = netpoll::stack::header_size,
    .guard_size = netpoll::stack::guard_size,
    .first = nullptr};
}

namespace netpoll {
namespace {

constinit netpoll_stack_chunk* last_chunk = nullptr;  // under the caller's mutex

}  // namespace

netpoll_stack_slab* append_stack_slab(char* base, std::size_t stride, std::size_t stack_size,
                                      std::uint32_t count, std::uint32_t size_class) noexcept {
  netpoll_stack_chunk* chunk = last_chunk;
  // relaxed: written under the caller's mutex only.
  if (chunk == nullptr ||
      chunk->count.load(std::memory_order_relaxed) == std::size(chunk->slabs)) {
    chunk = new (std::nothrow) netpoll_stack_chunk{};  // never freed
    if (chunk == nullptr) {
      return nullptr;
    }
    // release: whoever follows the pointer sees an empty chunk.
    (last_chunk == nullptr ? netpoll_stack_directory.first : last_chunk->next)
        .store(chunk, std::memory_order_release);
    last_chunk = chunk;
  }
  const std::uint64_t index = chunk->count.load(std::memory_order_relaxed);  // relaxed: as above
  netpoll_stack_slab& slab = chunk->slabs[index];
  slab.base = base;
  slab.stride = stride;
  slab.stack_size = stack_size;
  slab.count = count;
  slab.size_class = size_class;
  // release: whoever counts the slab sees what is in it.
  chunk->count.store(index + 1, std::memory_order_release);
  return &slab;
}

bool is_in_stack_guard(const void* address) noexcept {
  const auto where = reinterpret_cast<std::uintptr_t>(address);
  bool found = false;
  for_each_stack_slab([&](const netpoll_stack_slab& slab) {
    const std::uintptr_t offset = where - reinterpret_cast<std::uintptr_t>(slab.base);
    found = found ||
            (offset < slab.stride * slab.count && offset % slab.stride < stack::guard_size);
  });
  return found;
}

stack stack_cursor::next(void*& occupant) noexcept {
  // acquire, all: pairs with the release of who adds a chunk or a slab, hands out, or moves in.
  if (chunk_ == nullptr) {
    chunk_ = netpoll_stack_directory.first.load(std::memory_order_acquire);
  }
  while (chunk_ != nullptr) {
    if (slab_ == chunk_->count.load(std::memory_order_acquire)) {
      const netpoll_stack_chunk* const next = chunk_->next.load(std::memory_order_acquire);
      if (next == nullptr) {
        break;  // and stay here: there may be more later
      }
      chunk_ = next;
      slab_ = 0;
      continue;
    }
    const netpoll_stack_slab& slab = chunk_->slabs[slab_];
    const std::uint64_t used = slab.used.load(std::memory_order_acquire);
    while (index_ != slab.count) {
      const std::uint32_t i = index_++;
      if ((used >> i & 1) == 0) {
        continue;
      }
      const stack each{slab.base + i * slab.stride + stack::guard_size, slab.stack_size};
      occupant = each.header().occupant.load(std::memory_order_acquire);
      if (occupant != nullptr) {
        return each;
      }
    }
    ++slab_;
    index_ = 0;
  }
  return {};
}

}  // namespace netpoll
