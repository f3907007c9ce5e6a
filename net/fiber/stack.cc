// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "netpoll/base/syscall.h"

namespace netpoll {
namespace {

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Unused stacks beyond this many go back to the kernel.
constexpr std::size_t kept_stacks = 1024;

// From linux/mman.h of Linux 6.13, which older headers lack.
constexpr int madv_guard_install = 102;
// No kernel knows this one.
constexpr int madv_unknown = 0x7ff0;

constinit std::atomic<bool> has_guard_install{true};

struct stack_cache {
  std::mutex mutex;
  void* first = nullptr;  // linked through the topmost word of each stack, which was touched anyway
  std::size_t count = 0;
};

// Never destroyed: fibers may end in static destructors.
stack_cache& cache() {
  static auto* const instance = new stack_cache;
  return *instance;
}

void*& link_of(const stack& unused) noexcept {
  return *reinterpret_cast<void**>(unused.top() - sizeof(void*));
}

// Returns an errno value.
int install_guard(char* where) noexcept {
  namespace sys = netpoll::sys;
  // relaxed: a stale value costs one refused call.
  if (has_guard_install.load(std::memory_order_relaxed)) {
    // Emulators take advice they do not know for a hint and report success: no guard would be
    // there.
    static const bool is_believable =
        !sys::advise_memory(where, stack::guard_size, madv_unknown).ok();
    if (is_believable) {
      const int error = sys::advise_memory(where, stack::guard_size, madv_guard_install).error;
      if (error != EINVAL) {
        return error;
      }
    }
    has_guard_install.store(false, std::memory_order_relaxed);
  }
  return sys::protect_memory(where, stack::guard_size, PROT_NONE).error;
}

}  // namespace

stack acquire_stack(std::size_t size, std::error_code& error) noexcept {
  error.clear();
  size = size == 0 ? stack::default_size : std::max(size, stack::smallest_size);
  size = (size + page_size() - 1) & ~(page_size() - 1);
  if (size == stack::default_size) {
    stack_cache& unused = cache();
    const std::lock_guard lock(unused.mutex);
    if (unused.first != nullptr) {
      const stack reused{static_cast<char*>(unused.first) - size, size};
      unused.first = link_of(reused);
      --unused.count;
      return reused;
    }
  }
  const std::size_t whole = size + stack::guard_size;
  const sys::result mapped = sys::map_memory(whole);
  if (!mapped.ok()) {
    error.assign(mapped.error, std::system_category());
    return {};
  }
  auto* const lowest = reinterpret_cast<char*>(mapped.value);
  // A huge page would commit 2 MiB for the first byte touched. Kernels without them refuse: no
  // matter.
  (void)sys::advise_memory(lowest, whole, MADV_NOHUGEPAGE);
  if (const int refused = install_guard(lowest)) {
    error.assign(refused, std::system_category());
    sys::unmap_memory(lowest, whole);
    return {};
  }
  return {lowest + stack::guard_size, size};
}

void release_stack(stack unused_now) noexcept {
  if (unused_now.size == stack::default_size) {
    stack_cache& unused = cache();
    const std::lock_guard lock(unused.mutex);
    if (unused.count < kept_stacks) {
      link_of(unused_now) = unused.first;
      unused.first = unused_now.top();
      ++unused.count;
      return;
    }
  }
  sys::unmap_memory(unused_now.bottom - stack::guard_size, unused_now.size + stack::guard_size);
}

}  // namespace netpoll
