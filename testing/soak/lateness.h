// SPDX-License-Identifier: BSL-1.0
//
// How late everything is at the moment: the machine is shared and the loop has handlers to run, so
// a deadline can be served no better than the best-behaved sleeper beside it. Several sleepers
// report here when they were due and when they ran; a deadline is late only beyond the worst of
// them.
//
// gauge() is for the start; everything else may be called from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "testing/soak/deadline_log.h"

namespace soak {

class lateness {
 public:
  // One sleeper. What is due and has not come yet counts too.
  class gauge {
   public:
    void expect(time_point due) noexcept;
    void came(time_point due, time_point now) noexcept;

   private:
    friend class lateness;
    lateness* owner_ = nullptr;
    std::size_t index_ = 0;
  };

  // Remembers about so much of the past.
  explicit lateness(std::chrono::seconds memory);

  gauge make_gauge();

  // The worst lateness of any sleeper in this time and shortly before and after.
  std::chrono::nanoseconds worst(time_point from, time_point to) const noexcept;
  std::chrono::nanoseconds worst_ever() const noexcept;

 private:
  static constexpr std::size_t most_gauges = 32;

  std::int64_t window_of(time_point when) const noexcept;

  const time_point start_ = std::chrono::steady_clock::now();
  std::vector<std::atomic<std::int64_t>> windows_;
  std::array<std::atomic<std::int64_t>, most_gauges> due_;
  std::size_t gauges_ = 0;
};

}  // namespace soak
