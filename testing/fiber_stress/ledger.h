// SPDX-License-Identifier: BSL-1.0
//
// The books of a run: which fibers there were and what became of each, which tokens went through
// channels, how often everything was done, and what went wrong. Thread-safe.
//
// A fiber has a ticket, which whoever spawns it takes first. Each ticket has to be entered three
// times: when the fiber begins, when it ends, and when it is collected, that is joined, detached,
// left to a group, or let go of from the start.
//
// A token is sent through a channel once. It has to be received once, or not to have been sent.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace fiber_stress {

enum class event : std::size_t {
  spawned_by_fibers,
  spawned_by_threads,
  spawned_on_strands,
  joined,
  joined_late,
  joined_by_destructors,
  detached,
  let_go,
  grouped,
  exceptions_rethrown,
  exceptions_let_go,
  exceptions_from_run,
  exceptions_across_waits,
  cancelled,
  stops_requested,
  waits_aborted,
  waits_timed_out,
  locked,
  rung,
  heard,
  acquired,
  sent,
  received,
  closed_on,
  closed,
  slept,
  yielded,
  shielded,
  pinned,
  posted_to_strands,
  relayed,
  piped,
  selected,
  shared,
  met,
  dumped,
  count_
};

class token;

class ledger {
 public:
  using ticket = std::uint32_t;

  ledger(std::uint64_t seed, std::uint64_t fibers, std::uint64_t most_alive, std::uint64_t tokens);
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  // Nothing when all are spent, or as many fibers are alive as may be.
  std::optional<ticket> take_ticket() noexcept;
  // Whether there will never be one again.
  bool is_spent() const noexcept;
  // From now on there are none.
  void close() noexcept { is_closed_.store(true, std::memory_order_relaxed); }  // relaxed: a hint

  void begin(ticket which) noexcept { enter(begun_, which, "begun"); }
  void end(ticket which) noexcept {
    enter(ended_, which, "ended");
    alive_.fetch_sub(1, std::memory_order_acq_rel);
  }
  void collect(ticket which, event how) noexcept {
    enter(collected_, which, "collected");
    add(how);
  }

  // Enters the beginning and the end of a fiber that lives as long.
  class presence {
   public:
    presence(ledger& books, ticket which) noexcept : books_(books), which_(which) {
      books_.begin(which_);
    }
    ~presence() { books_.end(which_); }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

   private:
    ledger& books_;
    const ticket which_;
  };

  // An empty one when all are spent.
  token make_token() noexcept;
  void receive(token which) noexcept;
  // It was not sent.
  void take_back(token which) noexcept;

  // relaxed: the counts are read for a report, and as a sign of life.
  void add(event which) noexcept {
    events_[static_cast<std::size_t>(which)].fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t of(event which) const noexcept {
    return events_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
  }
  std::uint64_t total() const noexcept;

  // Prints what went wrong, with the seed, the first few times.
  void fail(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));
  void expect(bool condition, const char* what) noexcept {
    if (!condition) [[unlikely]] {
      fail("%s", what);
    }
  }

  std::uint64_t tickets_taken() const noexcept { return tickets_.load(std::memory_order_acquire); }
  std::uint64_t alive() const noexcept { return alive_.load(std::memory_order_acquire); }
  std::uint64_t most_alive() const noexcept { return peak_.load(std::memory_order_relaxed); }

  // When everything has ended: whether each ticket and each token was entered as it must be.
  void balance() noexcept;
  void print(double seconds) const;
  bool is_fine() const noexcept { return faults_.load(std::memory_order_acquire) == 0; }

 private:
  using book = std::vector<std::atomic<std::uint8_t>>;

  void enter(book& where, std::uint32_t which, const char* what) noexcept {
    if (where[which].fetch_add(1, std::memory_order_acq_rel) != 0) {
      fail("fiber %u has %s twice", which, what);
    }
  }

  const std::uint64_t seed_;
  const std::uint64_t limit_;
  std::atomic<bool> is_closed_{false};
  std::atomic<std::uint64_t> tickets_{0};
  std::atomic<std::uint64_t> alive_{0};
  std::atomic<std::uint64_t> peak_{0};
  book begun_;
  book ended_;
  book collected_;

  std::atomic<std::uint64_t> tokens_{0};
  book settled_;  // received or taken back

  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(event::count_)> events_{};
  std::atomic<std::uint64_t> faults_{0};
};

// Moves as values do that own something; what was moved from is empty.
class token {
 public:
  token() = default;
  explicit token(std::uint32_t number) noexcept : number_(number) {}
  token(token&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  token& operator=(token&& other) noexcept {
    number_ = std::exchange(other.number_, 0);
    return *this;
  }
  std::uint32_t number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ != 0; }

 private:
  std::uint32_t number_ = 0;
};

}  // namespace fiber_stress
