// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/random.h"

#include <cstdint>

namespace NET_NAMESPACE::internal {
namespace {

// Not inlined: the address of a thread-local must not be kept across a switch.
[[gnu::noinline]] std::uint32_t next() noexcept {
  static constinit thread_local std::uint32_t state = 0;
  asm volatile("" ::: "memory");
  if (state == 0) {
    state = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&state) >> 4) | 1;
  }
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

}  // namespace

std::size_t random_below(std::size_t limit) noexcept {
  return static_cast<std::size_t>((std::uint64_t{next()} * limit) >> 32);
}

}  // namespace NET_NAMESPACE::internal
