// SPDX-License-Identifier: BSL-1.0
//
// What takes more than one at a time: to wait for the first of several channels, to share a lock,
// to meet others at a latch, a barrier and a wait group, and to belong to a task group.
#include <memory>
#include <optional>
#include <vector>

#include "net/fiber/sync/barrier.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/latch.h"
#include "net/fiber/sync/once.h"
#include "net/fiber/sync/select.h"
#include "net/fiber/sync/shared_mutex.h"
#include "net/fiber/sync/task_group.h"
#include "net/fiber/sync/wait_group.h"
#include "testing/fiber_stress/actor.h"

namespace fiber_stress {

// Sends to one channel or receives from another, which may be the same, or neither.
void actor::choose() {
  const auto from = any_of(stage_.mailboxes).get();
  const auto to = any_of(stage_.mailboxes).get();
  token mine = books_.make_token();
  if (!mine) {
    return;
  }
  bool is_sent = false;
  std::optional<token> got;
  std::size_t told = net::no_case;
  auto receives = net::receive_case(*from, [&](std::optional<token> value) {
    told = 0;
    got = std::move(value);
  });
  auto sends = net::send_case(*to, std::move(mine), [&] {
    told = 1;
    is_sent = true;
  });
  net::error_code ec;
  std::size_t chosen = net::no_case;
  if (dice_.one_in(4)) {
    chosen = net::select(ec, receives, sends, net::otherwise([&] { told = 2; }));
  } else {
    chosen = net::select(ec, receives, sends, net::after(moment(), [&] { told = 2; }));
  }
  note(ec);
  if (ec == net::channel_errc::closed) {
    books_.expect(chosen == 1 && told == net::no_case, "another case was closed");
  } else {
    books_.expect(chosen == told, "another case was chosen than called");
    books_.expect(!ec == (chosen != net::no_case), "nothing was chosen, and no error");
  }
  books_.expect(!is_sent || !got, "two cases of one select happened");
  if (got) {
    books_.receive(std::move(*got));
  }
  if (is_sent) {
    books_.expect(!mine, "a token was sent and stayed");
    books_.add(event::sent);
  } else {
    books_.take_back(std::move(mine));
  }
  books_.add(event::selected);
}

void actor::share() {
  library& mine = any_of(stage_.libraries);
  net::error_code ec;
  bool is_in = true;
  if (dice_.one_in(4)) {
    switch (dice_.below(3)) {
      case 0: is_in = mine.mutex.try_lock(); break;
      case 1: is_in = mine.mutex.lock_for(moment(), ec); break;
      default: mine.mutex.lock(); break;
    }
    if (is_in) {
      mine.inside.enter(books_);
      books_.expect(mine.readers.load(std::memory_order_relaxed) == 0,  // relaxed: the mutex
                    "somebody shares what another holds alone");
      linger();
      mine.inside.leave();
      mine.mutex.unlock();
    }
  } else {
    switch (dice_.below(3)) {
      case 0: is_in = mine.mutex.try_lock_shared(); break;
      case 1: is_in = mine.mutex.lock_shared_for(moment(), ec); break;
      default: mine.mutex.lock_shared(); break;
    }
    if (is_in) {
      mine.readers.fetch_add(1, std::memory_order_relaxed);  // relaxed: the mutex orders it
      books_.expect(!mine.inside.is_visited(), "somebody holds alone what another shares");
      linger();
      mine.readers.fetch_sub(1, std::memory_order_relaxed);  // relaxed: likewise
      mine.mutex.unlock_shared();
    }
  }
  note(ec);
  if (is_in) {
    books_.add(event::shared);
  }
}

namespace {

// What those who meet have between them, on the stack of the one who called them.
struct meeting {
  struct count_phase {
    unsigned* phases;
    void operator()() const noexcept { ++*phases; }
  };

  net::event is_ready;
  net::once_flag once;
  unsigned calls = 0;
  unsigned phases = 0;
  std::optional<net::latch> arrived;
  std::optional<net::barrier<count_phase>> step;
  net::wait_group guests;
};

}  // namespace

// Nobody is cancelled out of a meeting, and nobody is missing: it ends by itself or never.
void actor::meet() {
  const unsigned rounds = static_cast<unsigned>(dice_.below(4));
  meeting here;
  std::vector<charge> children;
  for (std::uint64_t i = dice_.between(1, 6); i != 0; --i) {
    here.guests.add();
    std::optional<charge> child = spawn_with({}, [&here, rounds](actor& self) {
      here.is_ready.wait();
      net::call_once(here.once, [&] {
        self.yield();
        ++here.calls;
      });
      self.books_.expect(here.calls == 1, "call_once() returned before the call");
      here.arrived->count_down();
      for (unsigned round = 0; round != rounds; ++round) {
        here.step->arrive_and_wait();
        self.books_.expect(here.phases == 2 * round + 1, "a barrier is out of step");
        here.step->arrive_and_wait();
      }
      here.guests.done();
    });
    if (!child) {
      here.guests.done();
      break;
    }
    children.push_back(std::move(*child));
  }
  const auto guests = static_cast<std::ptrdiff_t>(children.size());
  here.arrived.emplace(guests);
  here.step.emplace(guests + 1, meeting::count_phase{&here.phases});
  here.is_ready.set();
  here.arrived->wait();
  books_.expect(here.calls == (guests != 0 ? 1U : 0U), "a latch opened too early");
  for (unsigned round = 0; round != 2 * rounds; ++round) {
    here.step->arrive_and_wait();
  }
  here.guests.wait();
  books_.expect(here.phases == 2 * rounds, "a barrier missed a phase");
  while (!children.empty()) {
    join(stage_, std::move(children.back()), event::joined);
    children.pop_back();
  }
  books_.add(event::met);
}

// A fiber of a group, which may spawn another one into it, or cancel it.
bool actor::join_group(net::task_group& group) {
  const std::optional<ledger::ticket> ticket = books_.take_ticket();
  if (!ticket) {
    return false;
  }
  books_.add(net::on_fiber() ? event::spawned_by_fibers : event::spawned_by_threads);
  group.spawn(stage_.context,
              [&where = stage_, &group, which = *ticket, depth = depth_ + 1] {
                const ledger::presence here(where.books, which);
                actor self(where, which, depth, nullptr);
                self.live();
                if (depth < deepest && self.dice_.one_in(4)) {
                  (void)self.join_group(group);
                }
                if (self.dice_.one_in(16)) {
                  group.cancel();
                }
                if (will_throw(where, which)) {
                  throw failure{which};
                }
              });
  books_.collect(*ticket, event::grouped);
  return true;
}

void actor::form_group() {
  if (depth_ >= deepest) {
    return;
  }
  std::stop_source stop;
  net::task_group group(
      stop.get_token(),
      dice_.one_in(2) ? net::on_failure::cancel_rest : net::on_failure::keep_going);
  for (std::uint64_t i = dice_.between(1, 8); i != 0 && join_group(group); --i) {
  }
  switch (dice_.below(4)) {
    case 0: group.cancel(); break;
    case 1: stop.request_stop(); break;
    case 2: return;  // the group's destructor does
    default: break;
  }
  net::error_code ec;
  bool is_empty = false;
  try {
    while (!is_empty && !ec) {
      is_empty = group.wait_for(moment(), ec);
      if (ec == net::error::deadline_exceeded) {
        note(ec);
        ec.clear();
      }
    }
    note(ec);
  } catch (const failure& caught) {
    is_empty = true;
    books_.expect(will_throw(stage_, caught.ticket), "a group threw what no fiber threw");
    books_.add(event::exceptions_rethrown);
  }
  if (is_empty) {
    books_.expect(group.size() == 0, "a group was waited for and is not empty");
  }
}

}  // namespace fiber_stress
