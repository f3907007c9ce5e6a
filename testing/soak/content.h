// SPDX-License-Identifier: BSL-1.0
//
// What a stream carries: a byte is known from the stream's seed and its place alone, so either end
// can check all it gets without having seen what was sent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "testing/soak/random.h"

namespace soak {

// Fills `data` with what the stream holds from `place` on.
inline void fill_content(std::uint8_t* data, std::size_t size, std::uint64_t seed,
                         std::uint64_t place) noexcept {
  std::uint64_t word = mix(seed, place / 8) >> (place % 8 * 8);
  for (std::size_t i = 0; i < size; ++i) {
    if ((place + i) % 8 == 0) {
      word = mix(seed, (place + i) / 8);
    }
    data[i] = static_cast<std::uint8_t>(word);
    word >>= 8;
  }
}

// How many bytes of `data` are not what the stream holds from `place` on.
inline std::size_t wrong_content(const std::uint8_t* data, std::size_t size, std::uint64_t seed,
                                 std::uint64_t place) noexcept {
  std::size_t wrong = 0;
  std::uint64_t word = mix(seed, place / 8) >> (place % 8 * 8);
  for (std::size_t i = 0; i < size; ++i) {
    if ((place + i) % 8 == 0) {
      word = mix(seed, (place + i) / 8);
    }
    wrong += data[i] != static_cast<std::uint8_t>(word);
    word >>= 8;
  }
  return wrong;
}

}  // namespace soak
