// SPDX-License-Identifier: BSL-1.0
#include "testing/fiber_stress/ledger.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace fiber_stress {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(event::count_)> names{
    "spawned by fibers",
    "spawned by threads",
    "spawned on strands",
    "joined",
    "joined after a deadline or two",
    "joined by destructors",
    "detached",
    "let go of from the start",
    "left to groups",
    "exceptions rethrown by join",
    "exceptions nobody was to catch",
    "exceptions that left run()",
    "exceptions handled across waits",
    "cancelled",
    "stops requested",
    "waits aborted",
    "waits timed out",
    "locked",
    "rung",
    "heard",
    "acquired",
    "sent",
    "received",
    "found a channel closed",
    "channels closed",
    "slept",
    "yielded",
    "shielded",
    "pinned",
    "posted to strands",
    "relayed",
    "piped",
    "selected",
    "shared",
    "met",
    "dumped",
};

constexpr std::uint64_t faults_shown = 20;

}  // namespace

ledger::ledger(std::uint64_t seed, std::uint64_t fibers, std::uint64_t most_alive,
               std::uint64_t tokens)
    : seed_(seed),
      limit_(most_alive),
      begun_(fibers),
      ended_(fibers),
      collected_(fibers),
      settled_(tokens) {}

std::optional<ledger::ticket> ledger::take_ticket() noexcept {
  // relaxed: a hint.
  if (is_closed_.load(std::memory_order_relaxed)) {
    return std::nullopt;
  }
  const std::uint64_t alive = alive_.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (alive <= limit_) {
    std::uint64_t next = tickets_.load(std::memory_order_relaxed);  // relaxed: only compared
    while (next != begun_.size()) {
      if (tickets_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
        // relaxed: a figure.
        std::uint64_t peak = peak_.load(std::memory_order_relaxed);
        while (peak < alive &&
               !peak_.compare_exchange_weak(peak, alive, std::memory_order_relaxed)) {
        }
        return static_cast<ticket>(next);
      }
    }
  }
  alive_.fetch_sub(1, std::memory_order_acq_rel);
  return std::nullopt;
}

bool ledger::is_spent() const noexcept {
  return is_closed_.load(std::memory_order_relaxed) ||  // relaxed: a hint
         tickets_.load(std::memory_order_relaxed) == begun_.size();
}

token ledger::make_token() noexcept {
  // relaxed: only has to be unique.
  const std::uint64_t number = tokens_.fetch_add(1, std::memory_order_relaxed) + 1;
  return token(number < settled_.size() ? static_cast<std::uint32_t>(number) : 0);
}

void ledger::receive(token which) noexcept {
  if (which.number() == 0 || which.number() >= settled_.size()) {
    fail("a token was received that nobody made: %u", which.number());
  } else if (settled_[which.number()].fetch_add(1, std::memory_order_acq_rel) != 0) {
    fail("token %u was received twice, or although it was not sent", which.number());
  }
  add(event::received);
}

void ledger::take_back(token which) noexcept {
  if (which.number() == 0) {
    fail("a token was not sent, and yet moved from");
  } else if (settled_[which.number()].fetch_add(1, std::memory_order_acq_rel) != 0) {
    fail("token %u was reported not sent, and was received", which.number());
  }
}

std::uint64_t ledger::total() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : events_) {
    sum += each.load(std::memory_order_relaxed);  // relaxed: a sign of life
  }
  return sum;
}

void ledger::fail(const char* format, ...) noexcept {
  if (faults_.fetch_add(1, std::memory_order_acq_rel) >= faults_shown) {
    return;
  }
  char text[256];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  std::printf("FAULT (seed %llu): %s\n", static_cast<unsigned long long>(seed_), text);
  std::fflush(stdout);
}

void ledger::balance() noexcept {
  const std::uint64_t taken = tickets_taken();
  for (std::uint64_t i = 0; i != taken; ++i) {
    const int begun = begun_[i].load(std::memory_order_acquire);
    const int ended = ended_[i].load(std::memory_order_acquire);
    const int collected = collected_[i].load(std::memory_order_acquire);
    if (begun != 1 || ended != 1 || collected != 1) {
      fail("fiber %llu began %d, ended %d and was collected %d times",
           static_cast<unsigned long long>(i), begun, ended, collected);
    }
  }
  // relaxed: nobody makes any now.
  const std::uint64_t made = std::min<std::uint64_t>(tokens_.load(std::memory_order_relaxed) + 1,
                                                     settled_.size());
  for (std::uint64_t i = 1; i < made; ++i) {
    if (settled_[i].load(std::memory_order_acquire) != 1) {
      fail("token %llu was lost", static_cast<unsigned long long>(i));
    }
  }
  if (alive() != 0) {
    fail("%llu fibers are left", static_cast<unsigned long long>(alive()));
  }
}

void ledger::print(double seconds) const {
  for (std::size_t i = 0; i != names.size(); ++i) {
    std::printf("%12llu %s\n",
                static_cast<unsigned long long>(of(static_cast<event>(i))), names[i]);
  }
  std::printf("%12llu fibers, %llu at a time, in %.1f s: %.0f a second\n",
              static_cast<unsigned long long>(tickets_taken()),
              static_cast<unsigned long long>(most_alive()), seconds,
              static_cast<double>(tickets_taken()) / seconds);
  std::fflush(stdout);
}

}  // namespace fiber_stress
