// SPDX-License-Identifier: BSL-1.0
//
// The two directions of a descriptor are an index, so that whatever is true of both is written once.
//
//   per_direction<std::atomic<nanotime>> deadline_;
//   deadline_[direction::read].store(never);
#pragma once

#include <cstddef>
#include <cstdint>

namespace netpoll {

enum class direction : std::uint8_t { read = 0, write = 1 };

inline constexpr direction both_directions[] = {direction::read, direction::write};

// Which directions something applies to.
enum class directions : std::uint8_t { none = 0, read = 1, write = 2, both = 3 };

constexpr bool contains(directions set, direction one) noexcept {
  return (static_cast<unsigned>(set) >> static_cast<unsigned>(one) & 1U) != 0;
}

// One T for each direction.
template <typename T>
struct per_direction {
  T values[2];

  T& operator[](direction which) noexcept { return values[static_cast<std::size_t>(which)]; }
  const T& operator[](direction which) const noexcept {
    return values[static_cast<std::size_t>(which)];
  }
};

}  // namespace netpoll
