// SPDX-License-Identifier: BSL-1.0
//
// What is known of a deadline that is moved while operations wait: which values may have been in
// force when, and which certainly were. From that a log can say of an operation that ended whether
// a deadline can have ended it, and how long one had passed that should have.
//
//   const auto move = log.begin_move(deadline, clock::now());
//   conn.set_read_deadline(deadline);
//   log.end_move(move, clock::now());
//
// Moves may overlap, in any threads. A value may be in force from when its move began until the
// first later move, one that began after it had ended, has ended. It certainly is from when its
// move ended until the next one begins, if none overlapped it.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>

namespace soak {

using time_point = std::chrono::steady_clock::time_point;

class deadline_log {
 public:
  using move = std::size_t;
  static constexpr time_point never = time_point::max();

  // `now` is a time before the deadline is set.
  move begin_move(time_point value, time_point now);
  // `now` is a time after it was.
  void end_move(move which, time_point now);

  // Whether a deadline may have ended an operation that was under way within these times.
  bool may_have_expired(time_point began, time_point ended) const;

  // The longest time within these for which a deadline certainly in force had passed.
  struct overdue {
    time_point since{};
    std::chrono::nanoseconds duration{0};
  };
  overdue longest_overdue(time_point began, time_point ended) const;

 private:
  struct entry {
    time_point value;
    time_point begun;
    time_point ended = never;
    time_point possible_until = never;
    time_point certain_until = never;
    bool has_overlapped = false;
  };

  mutable std::mutex mutex_;
  // At first there is no deadline.
  std::deque<entry> entries_{
      {.value = never, .begun = time_point::min(), .ended = time_point::min()}};
  std::size_t forgotten_ = 0;  // entries that were dropped from the front
  int moving_ = 0;
};

}  // namespace soak
