// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/clock.h"

#include <time.h>

#include <atomic>
#include <mutex>
#include <unordered_set>

namespace netpoll::clock {
namespace {

constinit std::atomic<source*> installed{nullptr};

// By address, and not touched but to be told: in the child of a fork those of other threads are
// gone with their stacks.
struct observers {
  std::mutex mutex;
  std::unordered_set<observer*> all;
};

// Never destroyed: a reactor in a static object may outlive every other static.
observers& all_observers() {
  static auto* const instance = new observers;
  return *instance;
}

}  // namespace

nanotime now() noexcept {
  if (source* const replacement = installed.load(std::memory_order_acquire)) [[unlikely]] {
    return replacement->now();
  }
  return to_nanotime(std::chrono::steady_clock::now());
}

nanotime latest() noexcept {
  if (is_replaced()) [[unlikely]] {
    return now();
  }
  // The kernel moves it at each tick, of which there are at least a hundred in a second; what runs
  // without one is not idle, and brings it up to date on its way into the kernel.
  constexpr nanotime longest_tick_ns = 10'000'000;
  ::timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_sec * nanotime{1'000'000'000} + time.tv_nsec + 2 * longest_tick_ns;
}

void set_source(source* replacement) noexcept {
  installed.store(replacement, std::memory_order_release);
}

bool is_replaced() noexcept { return installed.load(std::memory_order_acquire) != nullptr; }

void add_observer(observer& who) {
  const std::lock_guard lock(all_observers().mutex);
  all_observers().all.insert(&who);
}

void remove_observer(observer& who) {
  const std::lock_guard lock(all_observers().mutex);
  all_observers().all.erase(&who);
}

void notify_observers() {
  const std::lock_guard lock(all_observers().mutex);
  for (observer* const who : all_observers().all) {
    who->time_moved();
  }
}

}  // namespace netpoll::clock
