// SPDX-License-Identifier: BSL-1.0
//
// Memory for operations. A handler's associated allocator is used when it has one of its own; when
// it is std::allocator, blocks are recycled through a small cache of the thread instead, so that in
// the steady state an operation does not reach the heap.
#pragma once

#include <cstddef>
#include <memory>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// Any thread may free what another allocated.
void* allocate_block(std::size_t size);
void free_block(void* memory) noexcept;

template <typename T>
struct recycling_allocator {
  using value_type = T;
  recycling_allocator() = default;
  template <typename U>
  recycling_allocator(const recycling_allocator<U>&) noexcept {}
  template <typename U>
  recycling_allocator(const std::allocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_block(sizeof(T) * count)); }
  void deallocate(T* memory, std::size_t) noexcept { free_block(memory); }
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
