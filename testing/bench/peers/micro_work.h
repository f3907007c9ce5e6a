// SPDX-License-Identifier: BSL-1.0
//
// What the measures of micro.py in C++ have in common, whatever library they are of: how many
// timers are outstanding, which of them are moved by how much, and the middle of several figures.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

// Quick, and the same numbers in each run.
class random_numbers {
 public:
  // From 0 to below `limit`, which is less than 2^32.
  std::uint32_t below(std::uint32_t limit) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(((state_ & 0xffffffff) * limit) >> 32);
  }

 private:
  std::uint64_t state_ = 88172645463325252;
};

inline constexpr std::uint32_t hundred_thousand = 100'000;
inline constexpr std::uint32_t million = 1'000'000;
inline constexpr std::uint32_t to_fire = 500'000;

// How many timers are outstanding while `count` operations are done: fewer than wanted if it is
// just to be seen that the program runs.
inline std::uint32_t outstanding(std::uint32_t wanted, std::int64_t count) noexcept {
  return static_cast<std::uint32_t>(std::min<std::int64_t>(wanted, count * 20));
}

// No timer fires, but in timer_fire: they are hours away.
inline constexpr std::uint32_t hours_10_in_ms = 36'000'000;
inline constexpr std::uint32_t minute_in_ms = 60'000;

// How many operations are done at a time before the loop gets to its other work.
inline constexpr int per_turn = 100;
inline constexpr int per_batch = 1000;

// Keeps the calling thread on the first or the last processor that it may run on: two threads that
// share one by chance are never in each other's way. Returns where it might run before.
inline cpu_set_t pin_to(bool last) noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof(allowed), &allowed);
  int found = -1;
  for (int i = 0; i < CPU_SETSIZE && (last || found < 0); ++i) {
    found = CPU_ISSET(i, &allowed) ? i : found;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  if (found >= 0) {
    CPU_SET(found, &one);
    ::sched_setaffinity(0, sizeof(one), &one);
  }
  return allowed;
}

// Of at least one number.
inline double median(std::vector<double>& numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

}  // namespace bench
