// SPDX-License-Identifier: BSL-1.0
//
// The free blocks of memory that a thread keeps for operations; see handler_memory.h. For the
// thread alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

struct free_block_node {
  free_block_node* next;
};

// Zero, it keeps nothing: what a thread has before its first block, and when it is about to end.
class block_lists {
 public:
  // Blocks are multiples of this, and some of each of the smaller sizes are kept.
  static constexpr std::size_t granule = 64;
  static constexpr std::size_t class_count = 16;
  static constexpr std::uint32_t most_kept = 64;

  static constexpr std::size_t class_of(std::size_t size) noexcept {
    return (size + granule - 1) / granule;
  }

  void* take(std::size_t size_class) noexcept {
    list& from = lists_[size_class];
    free_block_node* const node = from.first;
    if (node != nullptr) {
      from.first = node->next;
      ++from.room;
    }
    return node;
  }

  // False: there are enough.
  bool keep(std::size_t size_class, void* block) noexcept {
    list& into = lists_[size_class];
    if (into.room == 0) {
      return false;
    }
    into.first = ::new (block) free_block_node{into.first};
    --into.room;
    return true;
  }

  void open() noexcept {
    for (list& each : lists_) {
      each.room = most_kept;
    }
  }
  // From now on nothing is kept.
  void close() noexcept {
    for (list& each : lists_) {
      each.room = 0;
    }
  }

 private:
  struct list {
    free_block_node* first = nullptr;
    std::uint32_t room = 0;
  };
  std::array<list, class_count> lists_{};
};

}  // namespace NET_NAMESPACE::internal
