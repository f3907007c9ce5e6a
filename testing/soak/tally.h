// SPDX-License-Identifier: BSL-1.0
//
// What happened, counted, and what must not happen, counted and described. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace soak {

enum class event : std::size_t {
  links,
  dials,
  dials_timed_out,
  dials_out_of_descriptors,
  accepts,
  reads,
  writes,
  bytes_sent,
  bytes_received,
  half_closes,
  resets_seen,
  closed_under_way,
  cancels,
  operations_cancelled,
  deadlines_moved,
  deadlines_fired,
  timers,
  fibers,
  steps_in_threads,
  descriptors_churned,
  emfile_episodes,
  signals,
  count_
};

enum class fault : std::size_t {
  lost_bytes,
  wrong_bytes,
  leaked_descriptors,
  stolen_descriptors,
  early_deadlines,
  late_deadlines,
  stray_cancellations,
  stray_closes,
  unexpected_errors,
  unended_operations,
  fibers_left,
  count_
};

class tally {
 public:
  // relaxed: the counts are read for a report, and as a sign of life.
  void add(event which, std::uint64_t by = 1) noexcept {
    events_[static_cast<std::size_t>(which)].fetch_add(by, std::memory_order_relaxed);
  }
  std::uint64_t of(event which) const noexcept {
    return events_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }

  // Counts a fault, and prints the first ones of each kind.
  void fail(fault which, std::uint64_t by, const char* format, ...) noexcept
      __attribute__((format(printf, 4, 5)));

  // Operations begun and not ended.
  std::atomic<std::int64_t> operations{0};
  std::atomic<std::int64_t> fibers{0};

  // Prints one line each. False if there was a fault.
  bool report() const;

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(event::count_)> events_{};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(fault::count_)> faults_{};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(fault::count_)> described_{};
};

}  // namespace soak
