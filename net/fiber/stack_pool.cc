// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "net/fiber/stack_slabs.h"

namespace netpoll {
namespace {

// What is left of a stack that is kept trimmed: what a fiber that does little touches.
constexpr std::size_t trimmed_bytes = 8 * 1024;

constinit std::atomic<std::size_t> pool_limit{std::size_t{128} << 20};

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

// Takes the next batch out of the chain into `batch`; returns how many.
std::size_t take_batch(stack_chain& chain, std::size_t size,
                       stack (&batch)[stack_batch_size]) noexcept {
  std::size_t count = 0;
  while (count != stack_batch_size && chain.first != nullptr) {
    batch[count++] = stack_of(*chain.pop(), size);
  }
  return count;
}

void discard_all(unsigned size_class, stack_chain unused) noexcept {
  stack batch[stack_batch_size];
  while (const std::size_t count = take_batch(unused, size_of_class(size_class), batch)) {
    give_back_stacks(size_class, batch, count);
  }
}

// Trims them, and keeps them.
void trim_all(unsigned size_class, stack_chain unused) noexcept {
  stack batch[stack_batch_size];
  while (const std::size_t count = take_batch(unused, size_of_class(size_class), batch)) {
    trim_stacks(batch, count, trimmed_size());
    const std::lock_guard lock(process.mutex);
    for (std::size_t i = 0; i != count; ++i) {
      process.trimmed[size_class].push(batch[i].header());
    }
  }
}

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
  stack_chain to_give_back;
  {
    const std::lock_guard lock(process.mutex);
    stack_chain& whole = process.whole[size_class];
    while (stack_header* const each = unused.pop()) {
      whole.push(*each);
      process.whole_bytes += size;
    }
    if (process.whole_bytes > limit / 2) {
      // A batch at a time, and room for the next one. The last to come are the first to go: those
      // that end one after the other were often spawned so, and are neighbours.
      const std::size_t room = std::min(limit / 4, stack_batch_size * size);
      while (whole.first != nullptr && process.whole_bytes > limit / 2 - room) {
        // The kernel is not called with the mutex locked: those to trim are counted now, and kept
        // when they are trimmed.
        const bool fits = process.trimmed_bytes + trimmed_size() <= limit / 2;
        (fits ? to_trim : to_give_back).push(*whole.pop());
        process.whole_bytes -= size;
        process.trimmed_bytes += fits ? trimmed_size() : 0;
      }
    }
  }
  discard_all(size_class, to_give_back);
  trim_all(size_class, to_trim);
}

void discard_kept_stacks(unsigned size_class) noexcept {
  discard_all(size_class, take_kept_stacks(size_class, SIZE_MAX));
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
