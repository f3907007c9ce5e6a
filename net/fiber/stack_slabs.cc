// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_slabs.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <mutex>

#include "net/fiber/valgrind.h"
#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"

namespace netpoll {
namespace {

// From linux/mman.h of Linux 6.13, which older headers lack.
constexpr int madv_guard_install = 102;
// No kernel knows this one.
constexpr int madv_unknown = 0x7ff0;

constexpr std::uint32_t most_in_slab = 64;
constexpr std::size_t slab_bytes = std::size_t{64} << 20;

// Whether madv_guard_install works. Found out once.
enum class guard_support : std::uint8_t { unknown, present, absent };
constinit std::atomic<guard_support> guard_advice{guard_support::unknown};

struct slab_lists {
  std::mutex mutex;
  // The slabs of each class that have a stack left.
  std::array<netpoll_stack_slab*, stack_class_count> with_room{};  // under mutex
};
constinit slab_lists slabs;

std::uint64_t full_mask(const netpoll_stack_slab& slab) noexcept {
  return ~std::uint64_t{0} >> (64 - slab.count);
}

// Whether the kernel takes such advice for many ranges in one call. Stays so until it refuses.
constinit std::atomic<bool> has_range_advice{true};

// Returns how many of the ranges, from the first on, took the advice; it may be none of them.
std::size_t try_advise_ranges(const ::iovec* ranges, std::size_t count, int advice) noexcept {
  // relaxed, also below: whoever has a stale value finds out the same.
  if (!has_range_advice.load(std::memory_order_relaxed)) {
    return 0;
  }
  const sys::result answer = sys::advise_memory_ranges(ranges, count, advice);
  if (!answer.ok()) {
    // Lack of memory passes. Everything else is the kernel's or a filter's opinion of the call; or
    // it is about the first range, which the caller finds out.
    if (answer.error != ENOMEM && answer.error != EAGAIN) {
      has_range_advice.store(false, std::memory_order_relaxed);
    }
    return 0;
  }
  std::size_t done = 0;
  for (std::size_t left = answer.bytes(); done != count && ranges[done].iov_len <= left; ++done) {
    left -= ranges[done].iov_len;
  }
  return done;
}

// May be refused where memory is locked: then the stacks keep what they have.
void discard_ranges(const ::iovec* ranges, std::size_t count) noexcept {
  std::size_t done = count > 1 ? try_advise_ranges(ranges, count, MADV_DONTNEED) : 0;
  for (; done != count; ++done) {
    (void)sys::advise_memory(ranges[done].iov_base, ranges[done].iov_len, MADV_DONTNEED);
  }
}

// Returns an errno value.
int install_guard(char* where) noexcept {
  // relaxed: whoever has a stale value finds out the same.
  if (guard_advice.load(std::memory_order_relaxed) == guard_support::unknown) {
    // Emulators take advice they do not know for a hint and report success: no guard would be
    // there.
    const bool is_believable = !sys::advise_memory(where, stack::guard_size, madv_unknown).ok();
    guard_advice.store(is_believable ? guard_support::present : guard_support::absent,
                       std::memory_order_relaxed);
  }
  if (guard_advice.load(std::memory_order_relaxed) == guard_support::present) {
    const int error = sys::advise_memory(where, stack::guard_size, madv_guard_install).error;
    if (error != EINVAL) {
      return error;
    }
    // Unknown to the kernel, or the process has locked its memory.
    guard_advice.store(guard_support::absent, std::memory_order_relaxed);
  }
  return sys::protect_memory(where, stack::guard_size, PROT_NONE).error;
}

// Makes the guard of stack `index`, and those of the stacks behind it, as many as the slab has
// already:
// a burst of fibers needs few calls, and a few fibers have no guards, which take page tables, that
// nobody will need. Others may be at the same guards meanwhile: making one twice does no harm.
// Returns an errno value, of the first.
int install_guards(netpoll_stack_slab& slab, unsigned index) noexcept {
  // relaxed, here and below: a bit says what the kernel did, and that it did for all threads; one
  // that is not seen yet is a guard that is made again.
  const std::uint64_t there = slab.guarded.load(std::memory_order_relaxed);
  const auto count =
      std::min<std::size_t>(slab.count - index, static_cast<std::size_t>(std::popcount(there)));
  // Valgrind is to be told of each stack when it is handed out for the first time.
  if (count > 1 && guard_advice.load(std::memory_order_relaxed) == guard_support::present &&
      !running_on_valgrind()) {
    ::iovec ranges[most_in_slab];
    for (std::size_t i = 0; i != count; ++i) {
      ranges[i] = {slab.base + (index + i) * slab.stride, stack::guard_size};
    }
    const std::size_t made = try_advise_ranges(ranges, count, madv_guard_install);
    if (made != 0) {
      slab.guarded.fetch_or(~std::uint64_t{0} >> (64 - made) << index, std::memory_order_relaxed);
      return 0;
    }
  }
  const int error = install_guard(slab.base + index * slab.stride);
  if (error == 0) {
    slab.guarded.fetch_or(std::uint64_t{1} << index, std::memory_order_relaxed);
  }
  return error;
}

// The caller holds the mutex.
netpoll_stack_slab* map_slab(unsigned size_class, std::uint32_t count, int& error) noexcept {
  const std::size_t stack_size = size_of_class(size_class);
  const std::size_t stride = stack::guard_size + stack_size;
  const sys::result mapped = sys::map_memory(stride * count);
  if (!mapped.ok()) {
    error = mapped.error;
    return nullptr;
  }
  auto* const base = reinterpret_cast<char*>(mapped.value);
  // A huge page would commit 2 MiB for the first byte touched. Kernels without them refuse: no
  // matter.
  (void)sys::advise_memory(base, stride * count, MADV_NOHUGEPAGE);
  netpoll_stack_slab* const slab = append_stack_slab(base, stride, stack_size, count, size_class);
  if (slab == nullptr) {
    error = ENOMEM;
    sys::unmap_memory(base, stride * count);
  }
  return slab;
}

// A slab of the class that has a stack left. The caller holds the mutex.
netpoll_stack_slab* find_slab(unsigned size_class, int& error, std::size_t& wanted) noexcept {
  netpoll_stack_slab*& first = slabs.with_room[size_class];
  if (first != nullptr) {
    return first;
  }
  const std::size_t stride = stack::guard_size + size_of_class(size_class);
  const auto count =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(slab_bytes / stride, 1, most_in_slab));
  first = map_slab(size_class, count, error);
  if (first == nullptr && count > 1) {
    // What is left of a limit may do for one.
    first = map_slab(size_class, 1, error);
  }
  wanted = stride;
  return first;
}

// The caller holds the mutex.
void put_back(netpoll_stack_slab& slab, std::uint64_t bit) noexcept {
  // relaxed: written under the mutex only; release is for those who look without it.
  const std::uint64_t used = slab.used.load(std::memory_order_relaxed);
  slab.used.store(used & ~bit, std::memory_order_release);
  if (used == full_mask(slab)) {
    slab.next_with_room = slabs.with_room[slab.size_class];
    slabs.with_room[slab.size_class] = &slab;
  }
}

}  // namespace

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

unsigned stack_class_of(std::size_t size) noexcept {
  static const std::size_t smallest = std::max(stack::smallest_size, page_size());
  constexpr auto smallest_width = std::bit_width(stack::smallest_size - 1);
  return static_cast<unsigned>(std::bit_width(std::max(size, smallest) - 1) - smallest_width);
}

new_stack take_stack(unsigned size_class, std::error_code& error) noexcept {
  int refused = 0;
  std::size_t wanted = 0;
  netpoll_stack_slab* slab = nullptr;
  std::uint64_t bit = 0;
  {
    const std::lock_guard lock(slabs.mutex);
    slab = find_slab(size_class, refused, wanted);
    if (slab != nullptr) {
      // relaxed: written under the mutex only; release is for those who look without it, who find
      // no occupant yet.
      const std::uint64_t used = slab->used.load(std::memory_order_relaxed);
      bit = ~used & (used + 1);
      slab->used.store(used | bit, std::memory_order_release);
      if ((used | bit) == full_mask(*slab)) {
        slabs.with_room[size_class] = slab->next_with_room;
      }
    }
  }
  if (slab == nullptr) {
    error = explain_stack_failure(refused, wanted);
    return {};
  }
  const auto index = static_cast<unsigned>(std::countr_zero(bit));
  // relaxed: as in install_guards(). Who had this very stack before put it back under the mutex.
  const bool is_new = (slab->guarded.load(std::memory_order_relaxed) & bit) == 0;
  if (is_new) {
    refused = install_guards(*slab, index);
    if (refused != 0) {
      {
        const std::lock_guard lock(slabs.mutex);
        put_back(*slab, bit);
      }
      error = explain_stack_failure(refused, 0);
      return {};
    }
  }
  const stack memory{slab->base + index * slab->stride + stack::guard_size, slab->stack_size};
  stack_header& header = memory.header();
  header.slab = slab;
  header.next = &header;
  return {memory, is_new};
}

void give_back_stacks(unsigned size_class, stack* unused, std::size_t count) noexcept {
  const std::size_t size = size_of_class(size_class);
  std::sort(unused, unused + count,
            [](const stack& a, const stack& b) { return std::less<>{}(a.bottom, b.bottom); });
  netpoll_stack_slab* owners[stack_batch_size];
  ::iovec runs[stack_batch_size];
  std::size_t run_count = 0;
  for (std::size_t i = 0; i != count; ++i) {
    owners[i] = unused[i].header().slab;
    // The advice leaves guards as they are, of either kind, so that a run goes over them.
    if (i != 0 && unused[i].bottom == unused[i - 1].bottom + stack::guard_size + size) {
      runs[run_count - 1].iov_len += stack::guard_size + size;
    } else {
      runs[run_count++] = {unused[i].bottom, size};
    }
  }
  discard_ranges(runs, run_count);
  const std::lock_guard lock(slabs.mutex);
  for (std::size_t i = 0; i != count; ++i) {
    netpoll_stack_slab& slab = *owners[i];
    const auto index =
        static_cast<std::uint64_t>(unused[i].bottom - stack::guard_size - slab.base) / slab.stride;
    put_back(slab, std::uint64_t{1} << index);
  }
}

void trim_stacks(const stack* unused, std::size_t count, std::size_t kept_bytes) noexcept {
  ::iovec ranges[stack_batch_size];
  std::size_t range_count = 0;
  for (std::size_t i = 0; i != count; ++i) {
    if (kept_bytes < unused[i].size) {
      ranges[range_count++] = {unused[i].bottom, unused[i].size - kept_bytes};
    }
  }
  discard_ranges(ranges, range_count);
}

}  // namespace netpoll
