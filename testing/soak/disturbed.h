// SPDX-License-Identifier: BSL-1.0
//
// The judge of operations on one descriptor: everything that is done to it from outside, moved
// deadlines, cancels, closes, is noted before and after, so that of every operation that ended it
// can be said whether it may have ended so, and whether it should have ended before.
//
//   const auto op = judge.begin(netpoll::direction::read);
//   std::size_t n = conn.read(buffer, ec);
//   switch (judge.end(op, ec)) …
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include "testing/soak/deadline_log.h"
#include "testing/soak/random.h"
#include "testing/soak/world.h"

namespace soak {

enum class direction : std::uint8_t { read, write };

enum class outcome : std::uint8_t {
  success,
  expired,    // try again
  cancelled,  // try again
  end,        // of the stream
  closed,
  broken,  // the connection is gone
};

class disturbed {
 public:
  struct operation {
    direction which;
    time_point began;
    std::uint64_t cancels_before;
    std::chrono::nanoseconds timeout;
  };

  // `name` says what it is, for messages.
  disturbed(world& where, std::function<std::string()> name)
      : world_(where), name_(std::move(name)) {}

  operation begin(direction which, std::chrono::nanoseconds timeout = {}) noexcept;
  // `may_break`: whether the other side may have reset the connection.
  outcome end(const operation& op, const std::error_code& ec, bool may_break);

  // Sets a deadline by calling set(when): what is noted is for the directions it is for.
  template <typename Set>
  void move_deadline(bool read, bool write, time_point when, Set set) {
    const time_point before = std::chrono::steady_clock::now();
    const auto read_move = read ? logs_[0].begin_move(when, before) : 0;
    const auto write_move = write ? logs_[1].begin_move(when, before) : 0;
    try {
      set(when);
    } catch (const std::system_error&) {
      // Closed: what is in force does not matter any more.
    }
    const time_point after = std::chrono::steady_clock::now();
    if (read) {
      logs_[0].end_move(read_move, after);
    }
    if (write) {
      logs_[1].end_move(write_move, after);
    }
    world_.counts.add(event::deadlines_moved);
  }

  template <typename Cancel>
  void cancel(Cancel cancel_all) {
    cancels_begun_.fetch_add(1, std::memory_order_seq_cst);
    cancel_all();
    cancels_ended_.fetch_add(1, std::memory_order_seq_cst);
    world_.counts.add(event::cancels);
  }

  // To be called before the descriptor is closed.
  void note_close() noexcept { is_closed_.store(true, std::memory_order_seq_cst); }
  bool is_closed() const noexcept { return is_closed_.load(std::memory_order_seq_cst); }

  // When something ended last, and how many operations wait.
  time_point last_progress() const noexcept {
    return time_point(time_point::duration(progress_.load(std::memory_order_relaxed)));
  }
  void note_progress() noexcept {
    // relaxed: a sign of life.
    progress_.store(std::chrono::steady_clock::now().time_since_epoch().count(),
                    std::memory_order_relaxed);
  }
  int waiting(direction which) const noexcept {
    return waiting_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }

 private:
  void check_late(const operation& op, time_point ended);

  world& world_;
  const std::function<std::string()> name_;
  deadline_log logs_[2];
  std::atomic<std::uint64_t> cancels_begun_{0};
  std::atomic<std::uint64_t> cancels_ended_{0};
  std::atomic<bool> is_closed_{false};
  std::atomic<time_point::rep> progress_{
      std::chrono::steady_clock::now().time_since_epoch().count()};
  std::atomic<int> waiting_[2]{};
};

// A time to set a deadline to: soon, later, none or past.
time_point draw_deadline(random& dice);

}  // namespace soak
