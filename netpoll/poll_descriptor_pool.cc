// SPDX-License-Identifier: BSL-1.0
#include "netpoll/poll_descriptor_pool.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>

#include "netpoll/base/check.h"

namespace netpoll {
namespace {

constexpr std::uint32_t block_size = 128;
// 16.7 million descriptors: more than the kernel lets one process open by default (fs.nr_open
// 2^20).
constexpr std::uint32_t block_limit = 1U << 17;

// Blocks are found by index without a lock: a slot of the table is written once, before any index
// into its block is handed out.
constinit std::atomic<poll_descriptor*> blocks[block_limit]{};

struct free_list {
  std::mutex mutex;
  poll_descriptor* first = nullptr;
  std::uint32_t block_count = 0;
};

// Never destroyed: a descriptor in a static object may be closed after every other static is gone.
free_list& unused_descriptors() {
  static auto* const instance = new free_list;
  return *instance;
}

}  // namespace

poll_descriptor* poll_descriptor_pool::acquire() noexcept {
  free_list& unused = unused_descriptors();
  const std::lock_guard lock(unused.mutex);
  if (unused.first == nullptr) {
    if (unused.block_count == block_limit) {
      return nullptr;
    }
    void* const memory = ::operator new (sizeof(poll_descriptor) * block_size,
                                         std::align_val_t{alignof(poll_descriptor)}, std::nothrow);
    if (memory == nullptr) {
      return nullptr;
    }
    auto* const block = static_cast<poll_descriptor*>(memory);
    const std::uint32_t first_index = unused.block_count * block_size;
    for (std::uint32_t i = block_size; i-- > 0;) {
      auto* const one = ::new (&block[i]) poll_descriptor(first_index + i);
      one->next_free_ = unused.first;
      unused.first = one;
    }
    blocks[unused.block_count++].store(block, std::memory_order_release);
  }
  poll_descriptor* const taken = unused.first;
  unused.first = taken->next_free_;
  return taken;
}

void poll_descriptor_pool::release(poll_descriptor& unused_now) noexcept {
  free_list& unused = unused_descriptors();
  const std::lock_guard lock(unused.mutex);
  unused_now.next_free_ = unused.first;
  unused.first = &unused_now;
}

poll_descriptor& poll_descriptor_pool::at(std::uint32_t index) noexcept {
  check(index / block_size < block_limit, "epoll reported a descriptor past the end of the pool");
  poll_descriptor* const block = blocks[index / block_size].load(std::memory_order_acquire);
  check(block != nullptr, "epoll reported a descriptor that was never registered");
  return block[index % block_size];
}

}  // namespace netpoll
