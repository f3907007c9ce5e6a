// SPDX-License-Identifier: BSL-1.0
//
// Memory for operations. A handler's associated allocator is used when it has one of its own; when
// it is std::allocator, blocks are recycled through a small cache of the thread instead, so that in
// the steady state an operation does not reach the heap. A thread that frees more than it allocates
// passes the surplus on to others by the batch.
#pragma once

#include <cstddef>
#include <memory>

#include "net/async/block_lists.h"
#include "net/config.h"
#include "net/execution/thread_state.h"

namespace NET_NAMESPACE::internal {

// When the thread's own lists do not help.
void* allocate_slowly(std::size_t size);
void free_slowly(void* block, std::size_t size) noexcept;

// Any thread may free what another allocated. `size` is that of the allocation.
inline void* allocate_block(std::size_t size) {
  const std::size_t size_class = block_lists::class_of(size);
  if (size_class < block_lists::class_count) [[likely]] {
    if (void* const block = this_thread_state().blocks.take(size_class)) [[likely]] {
      return block;
    }
  }
  return allocate_slowly(size);
}
inline void free_block(void* block, std::size_t size) noexcept {
  const std::size_t size_class = block_lists::class_of(size);
  if (size_class < block_lists::class_count && this_thread_state().blocks.keep(size_class, block))
      [[likely]] {
    return;
  }
  free_slowly(block, size);
}

template <typename T>
struct recycling_allocator {
  using value_type = T;
  recycling_allocator() = default;
  template <typename U>
  recycling_allocator(const recycling_allocator<U>&) noexcept {}
  template <typename U>
  recycling_allocator(const std::allocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_block(sizeof(T) * count)); }
  void deallocate(T* memory, std::size_t count) noexcept { free_block(memory, sizeof(T) * count); }
  friend bool operator==(const recycling_allocator&, const recycling_allocator&) { return true; }
};

template <typename T, typename Allocator>
struct operation_allocator {
  using type = typename std::allocator_traits<Allocator>::template rebind_alloc<T>;
};
template <typename T, typename U>
struct operation_allocator<T, std::allocator<U>> {
  using type = recycling_allocator<T>;
};

// Makes a T in memory from `allocator` or the cache.
template <typename T, typename Allocator, typename... Args>
T* make_operation(const Allocator& allocator, Args&&... args) {
  typename operation_allocator<T, Allocator>::type memory(allocator);
  T* const place = memory.allocate(1);
  try {
    return ::new (static_cast<void*>(place)) T(std::forward<Args>(args)...);
  } catch (...) {
    memory.deallocate(place, 1);
    throw;
  }
}

template <typename T, typename Allocator>
void destroy_operation(const Allocator& allocator, T* operation) noexcept {
  typename operation_allocator<T, Allocator>::type memory(allocator);
  operation->~T();
  memory.deallocate(operation, 1);
}

}  // namespace NET_NAMESPACE::internal
