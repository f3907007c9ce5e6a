// SPDX-License-Identifier: BSL-1.0
//
// The one clock of the library: std::chrono::steady_clock (CLOCK_MONOTONIC) as a signed count of
// nanoseconds, so that a point in time fits an atomic word. Every deadline, timer and sleep reads
// it here, and a test can put its own clock in its place.
//
// nanotime arithmetic saturates: a deadline 300 years away is `never`, not a negative number.
// All functions are thread-safe, except set_source(), which must not race with a running reactor.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>


namespace netpoll {

// Nanoseconds since the steady clock's epoch.
using nanotime = std::int64_t;

// No deadline, no timer: later than every point in time.
inline constexpr nanotime never = std::numeric_limits<nanotime>::max();

using steady_time = std::chrono::steady_clock::time_point;
using steady_duration = std::chrono::steady_clock::duration;
static_assert(std::is_same_v<steady_duration, std::chrono::nanoseconds>);

constexpr nanotime to_nanotime(steady_time time) noexcept {
  return time.time_since_epoch().count();
}

constexpr steady_time to_steady_time(nanotime time) noexcept {
  return steady_time(steady_duration(time));
}

// `time` plus `duration`, clamped to what nanotime can hold; past the end is `never`.
constexpr nanotime add_saturated(nanotime time, nanotime duration) noexcept {
  nanotime sum = 0;
  if (!__builtin_add_overflow(time, duration, &sum)) {
    return sum;
  }
  return duration > 0 ? never : std::numeric_limits<nanotime>::min();
}

// Any chrono duration in nanoseconds, clamped to what nanotime can hold, rounded towards later.
template <typename Rep, typename Period>
constexpr nanotime to_nanoseconds(std::chrono::duration<Rep, Period> duration) noexcept {
  using seconds = std::chrono::duration<double>;
  constexpr double limit_s = 9.2e9;  // just under 2^63 ns
  const double approximate_s = std::chrono::duration_cast<seconds>(duration).count();
  if (!(approximate_s < limit_s)) {
    return never;  // or not a number
  }
  if (approximate_s <= -limit_s) {
    return std::numeric_limits<nanotime>::min();
  }
  if constexpr (std::is_floating_point_v<Rep>) {
    return std::chrono::ceil<std::chrono::nanoseconds>(duration).count();
  } else {
    // The result fits; count times numerator, before the division, may not.
    using period_ns = std::ratio_divide<Period, std::nano>;
    const __int128 product = static_cast<__int128>(duration.count()) * period_ns::num;
    const __int128 rounded_down = product / period_ns::den;
    return static_cast<nanotime>(rounded_down) +
           (product > 0 && product % period_ns::den != 0 ? 1 : 0);
  }
}

namespace clock {

// Now, by the installed source or else by CLOCK_MONOTONIC.
nanotime now() noexcept;

// No earlier than now(), at a third of the cost: now is not past it, but may be a hundredth of a
// second short of it.
nanotime latest() noexcept;

// The test seam. While a source is installed, `now()` asks it, and whoever would sleep until a
// point in time sleeps until it is told that time moved.
class source {
 public:
  virtual nanotime now() noexcept = 0;

 protected:
  ~source() = default;
};

// Installs `replacement`, or the real clock when null.
void set_source(source* replacement) noexcept;
bool is_replaced() noexcept;

// Somebody who sleeps until a point in time and wants to look again when a replaced clock moves.
class observer {
 public:
  // Called from the thread that moved the clock, under an internal lock: must not add or remove
  // observers.
  virtual void time_moved() noexcept = 0;

 protected:
  ~observer() = default;
};

void add_observer(observer& who);
void remove_observer(observer& who);

// To be called by a source after its time moved: tells all observers.
void notify_observers();

}  // namespace clock
}  // namespace netpoll
