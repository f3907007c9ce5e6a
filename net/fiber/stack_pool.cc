// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "net/fiber/stack_slabs.h"

namespace netpoll {
namespace {

// What is left of a stack that is kept trimmed: what a fiber that does little touches.
constexpr std::size_t trimmed_bytes = 8 * 1024;

constinit std::atomic<std::size_t> pool_limit{std::size_t{64} << 20};

struct process_stacks {
  std::mutex mutex;
  // All under mutex.
  std::array<stack_chain, stack_class_count> whole;    // each may have all of its memory
  std::array<stack_chain, stack_class_count> trimmed;  // each has trimmed_size()
  std::size_t whole_bytes = 0;
  std::size_t trimmed_bytes = 0;  // also of those that are about to be trimmed

  std::size_t bytes() const noexcept { return whole_bytes + trimmed_bytes; }
};
constinit process_stacks process;

std::size_t trimmed_size() noexcept { return std::max(trimmed_bytes, page_size()); }

}  // namespace

stack_chain take_kept_stacks(unsigned size_class, std::size_t most) noexcept {
  stack_chain taken;
  const std::lock_guard lock(process.mutex);
  while (taken.count != most) {
    if (stack_header* const unused = process.whole[size_class].pop()) {
      process.whole_bytes -= size_of_class(size_class);
      taken.push(*unused);
    } else if (stack_header* const other = process.trimmed[size_class].pop()) {
      process.trimmed_bytes -= trimmed_size();
      taken.push(*other);
    } else {
      break;
    }
  }
  return taken;
}

void keep_stacks(unsigned size_class, stack_chain unused) noexcept {
  const std::size_t size = size_of_class(size_class);
  const std::size_t limit = stack_pool_limit();
  stack_chain to_trim;
  {
    const std::lock_guard lock(process.mutex);
    while (unused.first != nullptr && process.bytes() + size <= limit &&
           process.whole_bytes + size <= limit / 2) {
      process.whole[size_class].push(*unused.pop());
      process.whole_bytes += size;
    }
    // The kernel is not called with the mutex locked: those are counted now, and kept when they are
    // trimmed.
    while (unused.first != nullptr && process.bytes() + trimmed_size() <= limit) {
      to_trim.push(*unused.pop());
      process.trimmed_bytes += trimmed_size();
    }
  }
  while (stack_header* const each = unused.pop()) {
    give_back_stack(stack_of(*each, size));
  }
  if (to_trim.first == nullptr) {
    return;
  }
  for (stack_header* each = to_trim.first; each != nullptr; each = each->next) {
    trim_stack(stack_of(*each, size), trimmed_size());
  }
  const std::lock_guard lock(process.mutex);
  while (stack_header* const each = to_trim.pop()) {
    process.trimmed[size_class].push(*each);
  }
}

std::size_t count_kept_stacks(unsigned size_class) noexcept {
  const std::lock_guard lock(process.mutex);
  return process.whole[size_class].count + process.trimmed[size_class].count;
}

std::size_t kept_stack_bytes() noexcept {
  const std::lock_guard lock(process.mutex);
  return process.bytes();
}

// relaxed: a number by itself.
std::size_t stack_pool_limit() noexcept { return pool_limit.load(std::memory_order_relaxed); }

void set_stack_pool_limit(std::size_t bytes) noexcept {
  pool_limit.store(bytes, std::memory_order_relaxed);
}

}  // namespace netpoll
