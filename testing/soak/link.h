// SPDX-License-Identifier: BSL-1.0
//
// One connection, seen from above: what its two ends are to do, drawn from its seed, and what they
// say they did. When both ends are gone the two are compared.
//
// Direction 0 is from the client to the server. Of what one end says it sent, the other must have
// received a beginning, and all of it if nobody broke the connection off.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "testing/soak/random.h"
#include "testing/soak/tally.h"

namespace soak {

enum class traffic : std::uint8_t {
  echo,     // the server sends back what it gets
  duplex,   // both send at the same time
  in_turn,  // the client sends all and half-closes, then the server does
  idle,     // nobody sends; several operations wait in one direction, for deadlines
  records,  // several writers take turns in one direction
};

enum class ending : std::uint8_t {
  orderly,  // both send all, half-close, and read to the end
  close,    // one end is closed in the middle
  reset,    // the same, with SO_LINGER 0
  unread,   // one end stops reading, and is closed while the other sends
};

class link {
 public:
  static constexpr std::size_t header_bytes = 8;

  link(tally& counts, std::uint64_t seed, std::uint64_t id);
  ~link();
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  struct side_plan {
    bool has_mover = false;
    bool has_small_buffers = false;
    std::chrono::milliseconds timeout{0};
  };
  struct plan {
    traffic what = traffic::echo;
    ending how = ending::orderly;
    int breaking_side = 0;
    std::uint64_t break_after = 0;  // milliseconds, or bytes
    std::array<std::uint64_t, 2> bytes{};
    std::array<side_plan, 2> sides;
    unsigned writers = 1;
    unsigned waiting_readers = 1;
    std::chrono::milliseconds idle_time{0};
  };

  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t id() const noexcept { return id_; }
  const plan& what() const noexcept { return plan_; }
  std::uint64_t content_seed(int direction) const noexcept {
    return plan_.what == traffic::echo ? seed_ : mix(seed_, static_cast<std::uint64_t>(direction));
  }

  struct progress {
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> received{0};
    std::atomic<bool> is_half_closed{false};
    std::atomic<bool> has_seen_end{false};
  };
  std::array<progress, 2> directions;
  // An end is, or will be, closed in the middle: both may see errors and need not get all.
  std::atomic<bool> is_broken{false};

 private:
  static plan make_plan(std::uint64_t seed);

  tally& counts_;
  const std::uint64_t seed_;
  const std::uint64_t id_;
  const plan plan_;
};

// For messages.
const char* name_of(traffic what) noexcept;
const char* name_of(ending how) noexcept;

}  // namespace soak
