// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/link.h"

#include <algorithm>

namespace soak {
namespace {

// Mostly little, seldom much.
std::uint64_t draw_bytes(random& dice) {
  switch (dice.below(16)) {
    case 0:
      return 0;
    case 1:
    case 2:
    case 3:
    case 4:
      return dice.below(16);
    case 5:
      return dice.below(4u << 20);
    case 6:
    case 7:
      return dice.below(512u << 10);
    default:
      return dice.below(64u << 10);
  }
}

}  // namespace

link::link(tally& counts, std::uint64_t seed, std::uint64_t id)
    : counts_(counts), seed_(seed), id_(id), plan_(make_plan(seed)) {
  counts_.add(event::links);
}

link::plan link::make_plan(std::uint64_t seed) {
  random dice(seed);
  plan made;
  const std::uint64_t kind = dice.below(16);
  made.what = kind < 6    ? traffic::echo
              : kind < 10 ? traffic::duplex
              : kind < 12 ? traffic::in_turn
              : kind < 14 ? traffic::idle
                          : traffic::records;
  const std::uint64_t how = dice.below(16);
  made.how = how < 10   ? ending::orderly
             : how < 12 ? ending::close
             : how < 14 ? ending::reset
                        : ending::unread;
  if (made.what == traffic::records) {
    made.how = ending::orderly;  // a record cut off by an error would not be resumed
  }
  made.breaking_side = static_cast<int>(dice.below(2));
  made.break_after = made.how == ending::unread ? draw_bytes(dice) : dice.below(20);
  made.bytes = {draw_bytes(dice), draw_bytes(dice)};
  for (side_plan& each : made.sides) {
    each.has_mover = made.what == traffic::idle || dice.one_in(2);
    each.has_small_buffers = dice.one_in(3);
    const std::uint64_t timeout = dice.one_in(4) ? dice.between(1, 50) : 0;
    each.timeout = std::chrono::milliseconds(timeout);
    if (made.what == traffic::records) {
      each.has_mover = false;
      each.timeout = {};
    }
    if (made.what == traffic::idle) {
      each.timeout = {};  // an operation's timeout starts when it gets its turn
    }
  }
  made.writers = static_cast<unsigned>(dice.between(2, 4));
  made.waiting_readers = static_cast<unsigned>(dice.between(1, 3));
  made.idle_time = std::chrono::milliseconds(dice.between(5, 200));
  switch (made.what) {
    case traffic::echo:
      made.bytes[1] = made.bytes[0];
      break;
    case traffic::idle:
      made.bytes = {0, 0};
      break;
    case traffic::records:
      made.bytes[1] = 0;
      break;
    default:
      break;
  }
  return made;
}

link::~link() {
  for (int i = 0; i < 2; ++i) {
    // relaxed: the last reference orders what the ends wrote before.
    const progress& mine = directions[static_cast<std::size_t>(i)];
    const std::uint64_t sent = mine.sent.load(std::memory_order_relaxed);
    const std::uint64_t received = mine.received.load(std::memory_order_relaxed);
    const bool is_whole = mine.is_half_closed.load(std::memory_order_relaxed) &&
                          mine.has_seen_end.load(std::memory_order_relaxed) && sent == received;
    const auto describe = [&](fault which, std::uint64_t bytes, const char* what) {
      counts_.fail(which, bytes,
                   "link %llu seed %llu %s %s, direction %d: %s; sent %llu received %llu "
                   "half-closed %d end seen %d",
                   static_cast<unsigned long long>(id_), static_cast<unsigned long long>(seed_),
                   name_of(plan_.what), name_of(plan_.how), i, what,
                   static_cast<unsigned long long>(sent), static_cast<unsigned long long>(received),
                   mine.is_half_closed.load(std::memory_order_relaxed),
                   mine.has_seen_end.load(std::memory_order_relaxed));
    };
    if (received > sent) {
      describe(fault::wrong_bytes, received - sent, "more received than sent");
    } else if (!is_broken.load(std::memory_order_relaxed) && !is_whole) {
      describe(fault::lost_bytes, std::max<std::uint64_t>(sent - received, 1),
               "not all received, though nobody broke it off");
    }
  }
}

const char* name_of(traffic what) noexcept {
  switch (what) {
    case traffic::echo:
      return "echo";
    case traffic::duplex:
      return "duplex";
    case traffic::in_turn:
      return "in_turn";
    case traffic::idle:
      return "idle";
    case traffic::records:
      return "records";
  }
  return "?";
}

const char* name_of(ending how) noexcept {
  switch (how) {
    case ending::orderly:
      return "orderly";
    case ending::close:
      return "close";
    case ending::reset:
      return "reset";
    case ending::unread:
      return "unread";
  }
  return "?";
}

}  // namespace soak
