// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>

#include "net/fiber/stack_pool.h"
#include "net/fiber/stack_slabs.h"
#include "net/fiber/valgrind.h"
#include "netpoll/base/check.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/base/syscall.h"

namespace netpoll {
namespace {

constexpr std::size_t most_of_a_thread = 64;

constinit std::atomic<std::size_t> default_size{stack::usual_size};

// What a thread keeps of one class. Only the thread itself changes it; others read `count`.
struct thread_list {
  stack_header* first = nullptr;
  std::atomic<std::uint32_t> count{0};
  std::uint32_t most = 0;  // may be kept

  // relaxed, in all three: nothing but a number is read by others.
  std::uint32_t size() const noexcept { return count.load(std::memory_order_relaxed); }
  void push(stack_header& unused) noexcept {
    unused.next = first;
    first = &unused;
    count.store(size() + 1, std::memory_order_relaxed);
  }
  stack_header* pop() noexcept {
    stack_header* const taken = first;
    if (taken != nullptr) {
      first = taken->next;
      count.store(size() - 1, std::memory_order_relaxed);
    }
    return taken;
  }
};

// Zero, and never destroyed, so that stacks can be acquired and released while a thread begins and
// ends. Put in order by thread_keeper when the first list is found empty or full.
struct thread_stacks : intrusive_list_node<thread_stacks> {
  std::array<thread_list, stack_class_count> lists;
  bool is_watched = false;  // Valgrind runs the program
  bool is_over = false;     // the thread ends, and keeps nothing any more
};

constinit thread_local thread_stacks own_stacks;

// Not inlined: the address of a thread-local must not be kept across a switch, after which the
// fiber may be on another thread.
[[gnu::noinline]] thread_stacks& this_thread() noexcept {
  asm volatile("" ::: "memory");
  return own_stacks;
}

struct thread_registry {
  std::mutex mutex;
  intrusive_list<thread_stacks> threads;  // under mutex
};
constinit thread_registry registry;

// Moves all but `left` of the thread's stacks of a class to the process.
void hand_over(thread_stacks& mine, unsigned size_class, std::size_t left) noexcept {
  thread_list& list = mine.lists[size_class];
  stack_chain surplus;
  while (list.size() > left) {
    surplus.push(*list.pop());
  }
  if (surplus.first != nullptr) {
    keep_stacks(size_class, surplus);
  }
}

// How many stacks of the class a thread may keep.
std::uint32_t most_of_class(unsigned size_class) noexcept {
  return static_cast<std::uint32_t>(
      std::min(stack_pool_limit() / 16 / size_of_class(size_class), most_of_a_thread));
}

// Makes the thread known, and has it hand over its stacks when it ends.
class thread_keeper {
 public:
  explicit thread_keeper(thread_stacks& mine) noexcept : mine_(mine) {
    mine_.is_watched = running_on_valgrind();
    [[maybe_unused]] static const int forks_seen = ::pthread_atfork(
        [] { registry.mutex.lock(); }, [] { registry.mutex.unlock(); }, &forget_other_threads);
    const std::lock_guard lock(registry.mutex);
    registry.threads.add(mine_);
  }
  ~thread_keeper() {
    mine_.is_over = true;
    for (unsigned i = 0; i != stack_class_count; ++i) {
      mine_.lists[i].most = 0;
      hand_over(mine_, i, 0);
    }
    const std::lock_guard lock(registry.mutex);
    registry.threads.remove(mine_);
  }
  thread_keeper(const thread_keeper&) = delete;
  thread_keeper& operator=(const thread_keeper&) = delete;

 private:
  // In the child of a fork. What the others kept is lost.
  static void forget_other_threads() noexcept {
    thread_stacks* next = nullptr;
    for (thread_stacks* each = registry.threads.front(); each != nullptr; each = next) {
      next = each->list_next;
      if (each != &own_stacks) {
        registry.threads.remove(*each);
      }
    }
    registry.mutex.unlock();
  }

  thread_stacks& mine_;
};

// For the rare calls that find a list empty or full.
[[gnu::noinline]] void prepare(thread_stacks& mine, unsigned size_class) noexcept {
  if (mine.is_over) {
    return;
  }
  static thread_local thread_keeper keeper(mine);
  (void)keeper;
  mine.lists[size_class].most = most_of_class(size_class);
}

stack hand_out(const thread_stacks& mine, stack_header& header, std::size_t size) noexcept {
  header.next = &header;
  const stack memory = stack_of(header, size);
  if (mine.is_watched) [[unlikely]] {
    valgrind_allow(memory.bottom, size - stack::header_size);
  }
  return memory;
}

[[gnu::noinline]] stack acquire_slowly(thread_stacks& mine, unsigned size_class,
                                       std::error_code& error) noexcept {
  prepare(mine, size_class);
  thread_list& list = mine.lists[size_class];
  stack_chain taken = take_kept_stacks(size_class, list.most / 2 + 1);
  if (stack_header* const first = taken.pop()) {
    while (stack_header* const each = taken.pop()) {
      list.push(*each);
    }
    return hand_out(mine, *first, size_of_class(size_class));
  }
  const new_stack fresh = take_stack(size_class, error);
  if (fresh.memory.bottom != nullptr && running_on_valgrind()) {
    if (fresh.is_new) {
      valgrind_register_stack(fresh.memory.bottom, fresh.memory.bottom + fresh.memory.size);
    }
    valgrind_allow(fresh.memory.bottom, fresh.memory.size - stack::header_size);
  }
  return fresh.memory;
}

[[gnu::noinline]] void release_slowly(thread_stacks& mine, unsigned size_class,
                                      stack_header& unused) noexcept {
  prepare(mine, size_class);
  thread_list& list = mine.lists[size_class];
  if (list.size() >= list.most) {
    hand_over(mine, size_class, list.most / 2);
  }
  if (list.most != 0) {
    list.push(unused);
    return;
  }
  stack_chain one;
  one.push(unused);
  keep_stacks(size_class, one);
}

}  // namespace

stack acquire_stack(std::size_t size, std::error_code& error) noexcept {
  if (error) {
    error.clear();
  }
  if (size == 0) {
    size = default_stack_size();
  } else if (size > stack::largest_size) [[unlikely]] {
    error = stack_errc::too_large;
    return {};
  }
  const unsigned size_class = stack_class_of(size);
  thread_stacks& mine = this_thread();
  if (stack_header* const header = mine.lists[size_class].pop()) [[likely]] {
    return hand_out(mine, *header, size_of_class(size_class));
  }
  return acquire_slowly(mine, size_class, error);
}

void release_stack(const stack& unused) noexcept {
  stack_header& header = unused.header();
  check(header.next == &header, "release_stack(): the stack is not in use, or wrote over its end");
  // relaxed: whoever moved out made that known himself.
  check(header.occupant.load(std::memory_order_relaxed) == nullptr,
        "release_stack(): the stack has an occupant");
  const unsigned size_class = stack_class_of(unused.size);
  thread_stacks& mine = this_thread();
  if (mine.is_watched) [[unlikely]] {
    valgrind_forbid(unused.bottom, unused.size - stack::header_size);
  }
  thread_list& list = mine.lists[size_class];
  if (list.size() < list.most) [[likely]] {
    list.push(header);
    return;
  }
  release_slowly(mine, size_class, header);
}

// relaxed, in both: a number by itself.
std::size_t default_stack_size() noexcept { return default_size.load(std::memory_order_relaxed); }

void set_default_stack_size(std::size_t bytes, std::error_code& error) noexcept {
  error.clear();
  if (bytes == 0 || bytes > stack::largest_size) {
    error = std::make_error_code(std::errc::invalid_argument);
    return;
  }
  default_size.store(size_of_class(stack_class_of(bytes)), std::memory_order_relaxed);
}

void set_default_stack_size(std::size_t bytes) {
  std::error_code error;
  set_default_stack_size(bytes, error);
  if (error) {
    throw std::system_error(error, "set_default_stack_size");
  }
}

void discard_pooled_stacks() noexcept {
  thread_stacks& mine = this_thread();
  for (unsigned i = 0; i != stack_class_count; ++i) {
    hand_over(mine, i, 0);
    discard_kept_stacks(i);
  }
}

std::size_t stack_high_water_bytes(const stack& used) noexcept {
  constexpr std::size_t most_pages = 256;
  unsigned char pages[most_pages];
  for (std::size_t offset = 0; offset < used.size;) {
    const std::size_t piece = std::min(most_pages * page_size(), used.size - offset);
    if (!sys::memory_residency(used.bottom + offset, piece, pages).ok()) {
      return 0;
    }
    for (std::size_t i = 0; i != piece / page_size(); ++i, offset += page_size()) {
      if ((pages[i] & 1) != 0) {
        return used.size - offset;
      }
    }
  }
  return 0;
}

void trim_stack(const stack& used, std::size_t kept_bytes) noexcept {
  const std::size_t kept =
      (std::max(kept_bytes, std::size_t{1}) + page_size() - 1) / page_size() * page_size();
  if (kept < used.size) {
    // May be refused where memory is locked: then the stack keeps what it has.
    (void)sys::advise_memory(used.bottom, used.size - kept, MADV_DONTNEED);
  }
}

stack_statistics get_stack_statistics() noexcept {
  stack_statistics sum;
  std::size_t given[stack_class_count]{};
  for_each_stack_slab([&](const netpoll_stack_slab& slab) {
    sum.reserved += slab.count;
    sum.reserved_bytes += slab.count * slab.stride;
    // relaxed: only a number.
    given[slab.size_class] +=
        static_cast<std::size_t>(std::popcount(slab.used.load(std::memory_order_relaxed)));
  });
  sum.pooled_bytes = kept_stack_bytes();
  std::size_t kept[stack_class_count];
  for (unsigned i = 0; i != stack_class_count; ++i) {
    kept[i] = count_kept_stacks(i);
  }
  {
    const std::lock_guard lock(registry.mutex);
    for (const thread_stacks* each = registry.threads.front(); each != nullptr;
         each = each->list_next) {
      for (unsigned i = 0; i != stack_class_count; ++i) {
        const std::size_t own = each->lists[i].size();
        kept[i] += own;
        sum.pooled_bytes += own * size_of_class(i);
      }
    }
  }
  for (unsigned i = 0; i != stack_class_count; ++i) {
    const std::size_t in_use = given[i] - std::min(given[i], kept[i]);
    sum.pooled += kept[i];
    sum.in_use += in_use;
    sum.in_use_bytes += in_use * size_of_class(i);
  }
  return sum;
}

}  // namespace netpoll
