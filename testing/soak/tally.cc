// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/tally.h"

#include <cstdarg>
#include <cstdio>

namespace soak {
namespace {

constexpr std::uint64_t described_per_kind = 10;

constexpr std::array<const char*, static_cast<std::size_t>(event::count_)> event_names = {
    "connections",
    "dials",
    "dials timed out",
    "dials out of descriptors",
    "accepts",
    "reads",
    "writes",
    "bytes sent",
    "bytes received",
    "half-closes",
    "resets seen",
    "operations ended by close",
    "cancels",
    "operations ended by cancel",
    "deadlines moved",
    "deadlines fired",
    "timers fired",
    "fibers",
    "steps in plain threads",
    "descriptors churned",
    "EMFILE episodes",
    "signals delivered",
};

constexpr std::array<const char*, static_cast<std::size_t>(fault::count_)> fault_names = {
    "lost bytes",        "wrong bytes",          "leaked descriptors",  "stolen descriptors",
    "early deadlines",   "late deadlines",       "stray cancellations", "stray closes",
    "unexpected errors", "operations not ended", "fibers left",
};

}  // namespace

void tally::fail(fault which, std::uint64_t by, const char* format, ...) noexcept {
  const auto kind = static_cast<std::size_t>(which);
  faults_[kind].fetch_add(by, std::memory_order_relaxed);
  if (described_[kind].fetch_add(1, std::memory_order_relaxed) >= described_per_kind) {
    return;
  }
  char text[512];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  std::printf("FAULT, %s: %s\n", fault_names[kind], text);
  std::fflush(stdout);
}

bool tally::report() const {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::printf("%-28s %llu\n", event_names[i],
                static_cast<unsigned long long>(events_[i].load(std::memory_order_relaxed)));
  }
  bool is_right = true;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const std::uint64_t count = faults_[i].load(std::memory_order_relaxed);
    std::printf("%-28s %llu\n", fault_names[i], static_cast<unsigned long long>(count));
    is_right &= count == 0;
  }
  std::fflush(stdout);
  return is_right;
}

}  // namespace soak
