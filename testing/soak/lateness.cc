// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/lateness.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace soak {
namespace {

constexpr std::chrono::milliseconds window_size{100};
constexpr std::int64_t nothing_due = std::numeric_limits<std::int64_t>::max();

void raise(std::atomic<std::int64_t>& most, std::int64_t value) noexcept {
  // relaxed, here and below: these are numbers by themselves, nothing is published with them.
  std::int64_t known = most.load(std::memory_order_relaxed);
  while (known < value && !most.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

lateness::lateness(std::chrono::seconds memory)
    : windows_(static_cast<std::size_t>(memory / window_size + 1)) {
  for (auto& each : due_) {
    each.store(nothing_due, std::memory_order_relaxed);
  }
}

lateness::gauge lateness::make_gauge() {
  if (gauges_ == most_gauges) {
    std::fprintf(stderr, "too many gauges\n");
    std::abort();
  }
  gauge made;
  made.owner_ = this;
  made.index_ = gauges_++;
  return made;
}

void lateness::gauge::expect(time_point due) noexcept {
  owner_->due_[index_].store(due.time_since_epoch().count(), std::memory_order_relaxed);
}

void lateness::gauge::came(time_point due, time_point now) noexcept {
  const std::int64_t late = (now - due).count();
  const std::int64_t last = owner_->window_of(now);
  for (std::int64_t i = owner_->window_of(due); i <= last; ++i) {
    raise(owner_->windows_[static_cast<std::size_t>(i)], late);
  }
  owner_->due_[index_].store(nothing_due, std::memory_order_relaxed);
}

std::chrono::nanoseconds lateness::worst(time_point from, time_point to) const noexcept {
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::int64_t most = 0;
  for (const auto& each : due_) {
    const std::int64_t due = each.load(std::memory_order_relaxed);
    if (due < now) {
      most = std::max(most, now - due);
    }
  }
  const std::int64_t last = window_of(to + window_size);
  for (std::int64_t i = window_of(from - window_size); i <= last; ++i) {
    most = std::max(most, windows_[static_cast<std::size_t>(i)].load(std::memory_order_relaxed));
  }
  return std::chrono::nanoseconds(most);
}

std::chrono::nanoseconds lateness::worst_ever() const noexcept {
  std::int64_t most = 0;
  for (const auto& each : windows_) {
    most = std::max(most, each.load(std::memory_order_relaxed));
  }
  return std::chrono::nanoseconds(most);
}

// The last window takes all that comes after it.
std::int64_t lateness::window_of(time_point when) const noexcept {
  return std::clamp<std::int64_t>((when - start_) / window_size, 0,
                                  static_cast<std::int64_t>(windows_.size()) - 1);
}

}  // namespace soak
