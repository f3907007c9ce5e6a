// SPDX-License-Identifier: BSL-1.0
#include "net/async/handler_memory.h"

#include <mutex>
#include <new>
#include <utility>

#include "netpoll/base/brief_lock.h"

namespace NET_NAMESPACE::internal {
namespace {

// What goes from a thread that has too many blocks to those that have none.
constexpr unsigned batch_size = block_lists::most_kept / 2;

// The first block of a batch, linked to the other blocks by `next`.
struct batch_node : free_block_node {
  batch_node* next_batch;
};
static_assert(sizeof(batch_node) <= block_lists::granule);

// The batches of one size, for all threads.
class exchange {
 public:
  // Null if there is none.
  batch_node* take() noexcept {
    const std::lock_guard lock(lock_);
    batch_node* const taken = first_;
    if (taken != nullptr) {
      first_ = taken->next_batch;
      --count_;
    }
    return taken;
  }

  // False: there are enough.
  bool put(batch_node& batch) noexcept {
    const std::lock_guard lock(lock_);
    if (count_ == most) {
      return false;
    }
    batch.next_batch = first_;
    first_ = &batch;
    ++count_;
    return true;
  }

 private:
  static constexpr unsigned most = 64;

  netpoll::brief_lock lock_;
  batch_node* first_ = nullptr;  // under lock_
  unsigned count_ = 0;           // under lock_
};

constinit exchange exchanges[block_lists::class_count];

constexpr std::size_t size_of(std::size_t size_class) noexcept {
  return (size_class != 0 ? size_class : 1) * block_lists::granule;
}

void free_all(free_block_node* first) noexcept {
  while (first != nullptr) {
    ::operator delete(std::exchange(first, first->next));
  }
}

// While a thread has one, its lists keep blocks.
struct keeper {
  explicit keeper(block_lists& what) noexcept : mine(what) { mine.open(); }
  ~keeper() {
    for (std::size_t i = 0; i != block_lists::class_count; ++i) {
      while (void* const block = mine.take(i)) {
        ::operator delete(block);
      }
    }
    mine.close();
  }
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;
  block_lists& mine;
};

// Not inlined: the address of a thread-local must not be kept across a switch.
[[gnu::noinline]] block_lists& lists_of_this_thread() noexcept {
  static thread_local const keeper here(this_thread_state().blocks);
  asm volatile("" ::: "memory");
  return here.mine;
}

}  // namespace

void* allocate_slowly(std::size_t size) {
  const std::size_t size_class = block_lists::class_of(size);
  if (size_class >= block_lists::class_count) {
    return ::operator new(size);
  }
  block_lists& mine = lists_of_this_thread();
  if (batch_node* const batch = exchanges[size_class].take()) {
    free_block_node* more = batch->next;
    while (more != nullptr) {
      free_block_node* const next = more->next;
      if (!mine.keep(size_class, more)) {
        ::operator delete(more);  // the thread is about to end
      }
      more = next;
    }
    return batch;
  }
  return ::operator new(size_of(size_class));
}

void free_slowly(void* block, std::size_t size) noexcept {
  const std::size_t size_class = block_lists::class_of(size);
  if (size_class >= block_lists::class_count) {
    ::operator delete(block);
    return;
  }
  block_lists& mine = lists_of_this_thread();
  if (mine.keep(size_class, block)) {
    return;  // the thread's first
  }
  // Half of them, this one included.
  auto* const batch = ::new (block) batch_node{{nullptr}, nullptr};
  for (unsigned i = 1; i != batch_size; ++i) {
    void* const each = mine.take(size_class);
    if (each == nullptr) {
      break;
    }
    batch->next = ::new (each) free_block_node{batch->next};
  }
  if (!exchanges[size_class].put(*batch)) {
    free_all(batch);
  }
}

}  // namespace NET_NAMESPACE::internal
