// SPDX-License-Identifier: BSL-1.0
//
// Runs a few actors on one thread and decides, before each access that one of them makes to what
// they share, who goes on. It repeats that for every order there is, up to a number of preemptions:
// switches away from an actor that could have gone on. Most races need one or two.
//
//   struct two_lockers { … void run(actors& all); void verify(); };
//   exploration found = explore<two_lockers>({.preemptions = 3});
//
// The orders are those of a sequentially consistent machine; what weaker orders would add is the
// subject of testing/model. One exploration at a time, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace netpoll::interleave {

// ---- For the instrumented types -----------------------------------------------------------------

// The calling actor is about to make an access. Outside an exploration nothing happens.
void step(const char* what, const void* where) noexcept;

// The calling actor cannot go on until `is_possible()`. The answer may depend on anything actors
// change.
void block_until(const char* what, const void* where, const std::function<bool()>& is_possible);

// Which actor calls: the same as long as it runs, and nobody else's meanwhile. Null outside.
const void* current_actor() noexcept;

// ---- For tests ----------------------------------------------------------------------------------

struct limits {
  // How often an order may leave an actor that could go on.
  std::size_t preemptions = 3;
  // An order with more steps than this is taken for one that never ends.
  std::size_t steps = 2000;
};

struct exploration {
  std::uint64_t orders = 0;
  std::size_t longest = 0;  // steps
  // Empty when every order was fine; else what was wrong, and the order that showed it.
  std::string failure;
};

using actor = std::function<void()>;

// A scenario is made anew for each order. Its actors run until they return; when none can go on
// before that, the order has failed. verify() is called after all have returned and says what is
// wrong, or nothing.
class scenario {
 public:
  virtual ~scenario() = default;
  virtual std::vector<actor> actors() = 0;
  virtual std::string verify() = 0;
};

exploration explore(const std::function<std::unique_ptr<scenario>()>& make, limits bounds);

template <typename Scenario>
exploration explore(limits bounds = {}) {
  return explore([] { return std::make_unique<Scenario>(); }, bounds);
}

}  // namespace netpoll::interleave
