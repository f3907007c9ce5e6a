// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/signals.h"

#include <signal.h>

#include <algorithm>
#include <chrono>

#include "testing/soak/random.h"

namespace soak {
namespace {

constexpr std::chrono::milliseconds period{1};

std::atomic<std::uint64_t> delivered_signals{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// relaxed, here and below: a statistic.
void on_signal(int) { delivered_signals.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

signal_storm::signal_storm(std::uint64_t seed) {
  struct sigaction action {};
  action.sa_handler = &on_signal;
  sigaction(SIGUSR1, &action, nullptr);
  thread_ = std::thread([this, seed] { blow(seed); });
}

signal_storm::~signal_storm() {
  is_over_.store(true, std::memory_order_relaxed);
  thread_.join();
}

std::uint64_t signal_storm::delivered() noexcept {
  return delivered_signals.load(std::memory_order_relaxed);
}

void signal_storm::blow(std::uint64_t seed) {
  random dice(seed);
  auto next = std::chrono::steady_clock::now();
  while (!is_over_.load(std::memory_order_relaxed)) {
    next += period;
    std::this_thread::sleep_until(next);
    const std::lock_guard lock(mutex_);
    if (!targets_.empty()) {
      pthread_kill(targets_[dice.below(targets_.size())], SIGUSR1);
    }
  }
}

signal_storm::target::target(signal_storm& storm) : storm_(storm) {
  const std::lock_guard lock(storm_.mutex_);
  storm_.targets_.push_back(pthread_self());
}

signal_storm::target::~target() {
  const std::lock_guard lock(storm_.mutex_);
  const auto mine =
      std::find_if(storm_.targets_.begin(), storm_.targets_.end(),
                   [](pthread_t each) { return pthread_equal(each, pthread_self()) != 0; });
  storm_.targets_.erase(mine);
}

}  // namespace soak
