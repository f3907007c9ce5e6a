// SPDX-License-Identifier: BSL-1.0
//
// An allocator over the blocks that the library recycles for its operations: each thread keeps a
// few of every small size, so memory that is freed soon after it was allocated costs no call of the
// heap. Any thread may free what another allocated.
//
//   std::vector<char, net::recycling_allocator<char>> scratch(200);
#pragma once

#include <cstddef>
#include <limits>
#include <new>

#include "net/async/handler_memory.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T>
class recycling_allocator {
 public:
  using value_type = T;

  template <typename U>
  struct rebind {
    using other = recycling_allocator<U>;
  };

  constexpr recycling_allocator() noexcept = default;
  template <typename U>
  constexpr recycling_allocator(const recycling_allocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    if constexpr (over_aligned) {
      return static_cast<T*>(::operator new (sizeof(T) * count, std::align_val_t{alignof(T)}));
    } else {
      return static_cast<T*>(internal::allocate_block(sizeof(T) * count));
    }
  }

  void deallocate(T* memory, std::size_t count) noexcept {
    if constexpr (over_aligned) {
      ::operator delete (memory, std::align_val_t{alignof(T)});
    } else {
      internal::free_block(memory, sizeof(T) * count);
    }
  }

  constexpr bool operator==(const recycling_allocator&) const noexcept { return true; }

 private:
  // The recycled blocks are aligned as operator new aligns.
  static constexpr bool over_aligned = alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__;
};

// Allocates nothing; what it is rebound to does.
template <>
class recycling_allocator<void> {
 public:
  using value_type = void;

  template <typename U>
  struct rebind {
    using other = recycling_allocator<U>;
  };

  constexpr recycling_allocator() noexcept = default;
  template <typename U>
  constexpr recycling_allocator(const recycling_allocator<U>&) noexcept {}

  constexpr bool operator==(const recycling_allocator&) const noexcept { return true; }
};

}  // namespace NET_NAMESPACE
