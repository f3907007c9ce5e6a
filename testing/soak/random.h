// SPDX-License-Identifier: BSL-1.0
//
// A small seeded generator. Everything random in a run comes from one seed through generators like
// this one, each for one purpose, so that what one draws does not depend on when another does.
//
//   soak::random dice(soak::mix(seed, connection));
//   if (dice.one_in(8)) …
#pragma once

#include <cstdint>

namespace soak {

// A number that looks unrelated to both (splitmix64's finalizer).
constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t which) noexcept {
  std::uint64_t z = seed + (which + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

class random {
 public:
  explicit random(std::uint64_t seed) noexcept : seed_(seed) {}

  std::uint64_t next() noexcept { return mix(seed_, count_++); }
  // Less than `limit`, which is not 0.
  std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
    return least + below(most - least + 1);
  }
  bool one_in(std::uint64_t times) noexcept { return below(times) == 0; }

 private:
  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

}  // namespace soak
