// SPDX-License-Identifier: BSL-1.0
//
// A fiber or a thread that does things at random: acts.cc has what it does with what all share,
// gatherings.cc what takes several, family.cc what fibers do with fibers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sync/task_group.h"
#include "net/fiber/wait.h"
#include "testing/fiber_stress/ledger.h"
#include "testing/fiber_stress/stage.h"
#include "testing/soak/random.h"

namespace fiber_stress {

// What fibers throw.
struct failure {
  ledger::ticket ticket;
};

class actor {
 public:
  // How many generations there are.
  static constexpr unsigned deepest = 4;

  // On a plain thread, or in a fiber on its own.
  actor(stage& where, std::uint64_t number) : stage_(where), dice_(soak::mix(where.seed, number)) {}
  // In the fiber with this ticket; `lane` is the strand it obeys, if any.
  actor(stage& where, ledger::ticket ticket, unsigned depth, lane* on)
      : stage_(where), dice_(soak::mix(~where.seed, ticket)), depth_(depth), lane_(on) {}

  // A few things, of all there are.
  void live();
  // One thing that fibers and threads may do.
  void do_something();

  // Spawns a fiber that lives; nothing when no more may be spawned.
  std::optional<charge> spawn();
  // Waits for its end, in one of several ways.
  void join(charge child);
  // Waits for its end, whatever happens, and checks how it ended.
  static void join(stage& where, charge child, event how);

  soak::random& dice() noexcept { return dice_; }

 private:
  class shielded;

  // What all share.
  void lock();
  void pass_gate();
  void ring();
  void listen();
  void send();
  void receive();
  void choose();
  void share();
  void sleep();
  void yield();
  // For fibers only.
  void stand_behind_shield();
  void look_at_stop_token();
  void stay_on_thread();
  void pass_lane();
  void handle_exception();
  // Fibers with fibers.
  void raise();
  void raise_many();
  void hand_over();
  void let_go();
  void stop_immortal();
  void relay();
  void pipe();
  void meet();
  bool join_group(net::task_group& group);
  void form_group();

  void wait_for_ever();
  void wait_for_ever_with_a_child();
  void end_immortal(charge child, std::stop_source& stop);

  template <typename Function>
  std::optional<charge> spawn_with(net::fiber_options options, Function function);
  static bool will_throw(const stage& where, ledger::ticket ticket) noexcept {
    return soak::mix(where.seed + 1, ticket) % 8 == 0;
  }

  std::chrono::microseconds moment() {
    // Sometimes the time has come already.
    return std::chrono::microseconds(dice_.one_in(8) ? -1 : static_cast<long>(dice_.below(300)));
  }
  template <typename Array>
  auto& any_of(Array& things) {
    return things[dice_.below(things.size())];
  }
  // Counts how a wait ended, which it must have had a reason for.
  void note(const net::error_code& ec);
  void linger();  // for what is held meanwhile

  stage& stage_;
  ledger& books_ = stage_.books;
  soak::random dice_;
  const unsigned depth_ = 0;
  lane* const lane_ = nullptr;
  unsigned shields_ = 0;
};

// -------------------------------------------------------------------------------------------------

// Calls function(actor&) in the new fiber.
template <typename Function>
std::optional<charge> actor::spawn_with(net::fiber_options options, Function function) {
  const std::optional<ledger::ticket> ticket = books_.take_ticket();
  if (!ticket) {
    return std::nullopt;
  }
  lane* const on = !options.pinned && dice_.one_in(6) ? &any_of(stage_.lanes) : nullptr;
  const auto body = [&where = stage_, which = *ticket, depth = depth_ + 1, on, function] {
    const ledger::presence here(where.books, which);
    actor self(where, which, depth, on);
    function(self);
    if (will_throw(where, which)) {
      throw failure{which};
    }
  };
  books_.add(net::on_fiber() ? event::spawned_by_fibers : event::spawned_by_threads);
  if (on != nullptr) {
    books_.add(event::spawned_on_strands);
    return charge{net::fiber(on->strand, options, body), *ticket};
  }
  return charge{net::fiber(stage_.context, options, body), *ticket};
}

}  // namespace fiber_stress
