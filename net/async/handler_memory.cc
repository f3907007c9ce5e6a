// SPDX-License-Identifier: BSL-1.0
#include "net/async/handler_memory.h"

#include <new>

namespace NET_NAMESPACE::internal {
namespace {

// Blocks are multiples of this, and the cache keeps some of each of the smaller sizes.
constexpr std::size_t granule = 64;
constexpr std::size_t class_count = 16;
constexpr std::size_t kept_per_class = 32;

// In front of each block.
struct alignas(std::max_align_t) header {
  std::size_t size_class;
};

struct free_block_node {
  free_block_node* next;
};

class block_cache {
 public:
  ~block_cache() {
    for (size_list& list : lists_) {
      while (free_block_node* const node = list.first) {
        list.first = node->next;
        ::operator delete(reinterpret_cast<header*>(node) - 1);
      }
      list.count = kept_per_class;  // what is freed later goes straight to the heap
    }
  }

  void* take(std::size_t size_class) noexcept {
    size_list& list = lists_[size_class];
    free_block_node* const node = list.first;
    if (node != nullptr) {
      list.first = node->next;
      --list.count;
    }
    return node;
  }

  bool keep(std::size_t size_class, void* block) noexcept {
    size_list& list = lists_[size_class];
    if (list.count == kept_per_class) {
      return false;
    }
    list.first = ::new (block) free_block_node{list.first};
    ++list.count;
    return true;
  }

 private:
  struct size_list {
    free_block_node* first = nullptr;
    std::size_t count = 0;
  };
  size_list lists_[class_count];
};

// Not inlined: see run_loop's worker. Fibers allocate on whatever thread they are.
[[gnu::noinline]] block_cache& cache() noexcept {
  static thread_local block_cache mine;
  return mine;
}

}  // namespace

void* allocate_block(std::size_t size) {
  const std::size_t size_class = (size + granule - 1) / granule;
  if (size_class < class_count) {
    if (void* const block = cache().take(size_class)) {
      return block;
    }
  }
  auto* const memory =
      static_cast<header*>(::operator new(sizeof(header) + size_class * granule));
  memory->size_class = size_class;
  return memory + 1;
}

void free_block(void* block) noexcept {
  header* const memory = static_cast<header*>(block) - 1;
  if (memory->size_class >= class_count || !cache().keep(memory->size_class, block)) {
    ::operator delete(memory);
  }
}

}  // namespace NET_NAMESPACE::internal
