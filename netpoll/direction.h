// SPDX-License-Identifier: BSL-1.0
//
// What a descriptor can be waited on for is an index, so that whatever is true of all is written
// once.
//
//   per_direction<atomic<nanotime>> deadline_;
//   deadline_[direction::read].store(never);
//
// Urgent is what poll(2) calls POLLPRI: a socket's out-of-band data, a changed file under /proc. It
// has no data path of its own here; it is a direction because one may wait for it while others
// read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace netpoll {

enum class direction : std::uint8_t { read = 0, write = 1, urgent = 2 };

inline constexpr direction all_directions[] = {direction::read, direction::write,
                                               direction::urgent};

// Which directions something applies to, a bit each. Who sets something for reading means the wait
// for urgent data too.
enum class directions : std::uint8_t { none = 0, read = 0b101, write = 0b010, both = 0b111 };

constexpr bool contains(directions set, direction one) noexcept {
  return (static_cast<unsigned>(set) >> static_cast<unsigned>(one) & 1U) != 0;
}

// One T for each direction.
template <typename T>
struct per_direction {
  T values[3];

  T& operator[](direction which) noexcept { return values[static_cast<std::size_t>(which)]; }
  const T& operator[](direction which) const noexcept {
    return values[static_cast<std::size_t>(which)];
  }
};

}  // namespace netpoll
