// SPDX-License-Identifier: BSL-1.0
//
// An allocator that counts what is allocated with it and with its copies.
//
//   nettest::allocation_counts counts;
//   net::post(context, net::bind_allocator(nettest::counting_allocator<char>(counts), handler));
//   EXPECT_EQ(counts.live, 1);
//
// Not to be used in several threads at a time.
#pragma once

#include <cstddef>
#include <memory>

namespace nettest {

struct allocation_counts {
  int made = 0;  // ever
  int live = 0;
  std::size_t live_bytes = 0;
};

template <typename T>
struct counting_allocator {
  using value_type = T;

  explicit counting_allocator(allocation_counts& where) noexcept : counts(&where) {}
  template <typename U>
  counting_allocator(const counting_allocator<U>& other) noexcept : counts(other.counts) {}

  T* allocate(std::size_t count) {
    T* const block = std::allocator<T>().allocate(count);
    ++counts->made;
    ++counts->live;
    counts->live_bytes += sizeof(T) * count;
    return block;
  }
  void deallocate(T* block, std::size_t count) noexcept {
    --counts->live;
    counts->live_bytes -= sizeof(T) * count;
    std::allocator<T>().deallocate(block, count);
  }

  template <typename U>
  bool operator==(const counting_allocator<U>& other) const noexcept {
    return counts == other.counts;
  }

  allocation_counts* counts;
};

}  // namespace nettest
