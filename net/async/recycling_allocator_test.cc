// SPDX-License-Identifier: BSL-1.0
#include "net/async/recycling_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace {

template <typename T>
using traits = std::allocator_traits<net::recycling_allocator<T>>;

static_assert(std::is_same_v<traits<int>::rebind_alloc<char>, net::recycling_allocator<char>>);
static_assert(std::is_same_v<traits<void>::rebind_alloc<char>, net::recycling_allocator<char>>);
static_assert(traits<int>::is_always_equal::value);

TEST(RecyclingAllocator, BlockIsUsedAgain) {
  net::recycling_allocator<int> allocator;
  int* const first = allocator.allocate(20);
  allocator.deallocate(first, 20);
  net::recycling_allocator<char> other(allocator);
  char* const second = other.allocate(80);
  EXPECT_EQ(static_cast<void*>(second), static_cast<void*>(first));
  other.deallocate(second, 80);
}

TEST(RecyclingAllocator, AllAreEqual) {
  const net::recycling_allocator<void> none;
  const net::recycling_allocator<int> ints(none);
  EXPECT_TRUE(ints == net::recycling_allocator<int>());
  EXPECT_FALSE(none != net::recycling_allocator<void>(ints));
}

TEST(RecyclingAllocator, ServesContainers) {
  std::vector<int, net::recycling_allocator<int>> numbers;
  for (int i = 0; i != 10000; ++i) {
    numbers.push_back(i);
  }
  EXPECT_EQ(numbers.back(), 9999);
}

TEST(RecyclingAllocator, KeepsStrictAlignment) {
  struct alignas(128) wide {
    char byte;
  };
  net::recycling_allocator<wide> allocator;
  wide* const memory = allocator.allocate(3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 128, 0u);
  allocator.deallocate(memory, 3);
}

TEST(RecyclingAllocator, RefusesWhatOverflows) {
  net::recycling_allocator<int> allocator;
  EXPECT_THROW((void)allocator.allocate(std::numeric_limits<std::size_t>::max() / 2),
               std::bad_array_new_length);
}

}  // namespace
