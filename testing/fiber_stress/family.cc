// SPDX-License-Identifier: BSL-1.0
//
// What fibers do with fibers: spawn them, cancel them, and wait for their ends in every way there
// is.
#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <system_error>
#include <vector>

#include "net/fiber/wait.h"
#include "net/timer/sleep.h"
#include "testing/fiber_stress/actor.h"

namespace fiber_stress {

std::optional<charge> actor::spawn() {
  net::fiber_options options;
  options.name = "actor";
  options.pinned = dice_.one_in(16);
  if (dice_.one_in(16)) {
    options.stack_size = 256 << 10;
  }
  return spawn_with(options, [](actor& self) { self.live(); });
}

void actor::join(stage& where, charge child, event how) {
  const net::this_fiber::shield shield;
  bool has_thrown = false;
  try {
    child.who.join();
  } catch (const failure& caught) {
    has_thrown = true;
    where.books.expect(caught.ticket == child.ticket, "join() threw what another fiber threw");
    where.books.add(event::exceptions_rethrown);
  }
  where.books.expect(has_thrown == will_throw(where, child.ticket),
                     "join() did not end as the fiber did");
  where.books.expect(!child.who.joinable(), "a fiber is joinable after join()");
  where.books.collect(child.ticket, how);
}

void actor::join(charge child) {
  switch (dice_.below(6)) {
    case 0:
      child.who.cancel();
      books_.add(event::cancelled);
      return join(stage_, std::move(child), event::joined);
    case 1: {
      const notice_board::notice here(stage_.board, dice_.next(), child.who);
      do_something();
      linger();
      break;  // and joined below, when it does not hang there any more
    }
    case 2:
      if (net::on_fiber()) {
        const ledger::ticket ticket = child.ticket;
        { const net::fiber doomed = std::move(child.who); }
        return books_.collect(ticket, event::joined_by_destructors);
      }
      break;
    case 3:
    case 4: {
      net::error_code ec;
      bool is_joined = false;
      bool has_thrown = false;
      try {
        for (int tries = 0; !is_joined && !ec && tries != 20; ++tries) {
          is_joined = child.who.try_join_for(moment(), ec);
          books_.expect(is_joined != child.who.joinable(), "try_join_for() lies");
        }
      } catch (const failure& caught) {
        is_joined = has_thrown = true;
        books_.expect(caught.ticket == child.ticket, "join() threw what another fiber threw");
      }
      note(ec);
      if (is_joined) {
        books_.expect(has_thrown == will_throw(stage_, child.ticket),
                      "try_join_for() did not end as the fiber did");
        return books_.collect(child.ticket, event::joined_late);
      }
      break;
    }
    default: break;
  }
  join(stage_, std::move(child), event::joined);
}

void actor::raise() {
  if (depth_ >= deepest) {
    return;
  }
  if (std::optional<charge> child = spawn()) {
    do_something();
    join(std::move(*child));
  }
}

void actor::raise_many() {
  if (depth_ >= deepest) {
    return;
  }
  std::vector<charge> children;
  for (std::uint64_t i = dice_.between(2, 12); i != 0; --i) {
    if (std::optional<charge> child = spawn()) {
      children.push_back(std::move(*child));
    }
  }
  while (!children.empty()) {
    std::swap(any_of(children), children.back());
    join(std::move(children.back()));
    children.pop_back();
  }
}

void actor::hand_over() {
  if (std::optional<charge> child = spawn()) {
    child->is_to_be_cancelled = dice_.one_in(2);
    net::error_code ec;
    if (!stage_.charges.send(std::move(*child), ec)) {
      note(ec);
      join(std::move(*child));
    }
  }
}

void actor::let_go() {
  if (dice_.one_in(2)) {
    if (std::optional<charge> child = spawn()) {
      child->who.detach();
      books_.collect(child->ticket, event::detached);
    }
    return;
  }
  const std::optional<ledger::ticket> ticket = books_.take_ticket();
  if (!ticket) {
    return;
  }
  lane* const on = dice_.one_in(2) ? &any_of(stage_.lanes) : nullptr;
  const auto body = [&where = stage_, which = *ticket, depth = depth_ + 1, on] {
    const ledger::presence here(where.books, which);
    actor(where, which, depth, on).live();
    if (will_throw(where, which)) {
      where.books.add(event::exceptions_let_go);
      throw failure{which};
    }
  };
  if (on != nullptr) {
    net::go(on->strand, body);
  } else {
    net::go(stage_.context, body);
  }
  books_.collect(*ticket, event::let_go);
}

void actor::stop_immortal() {
  std::stop_source stop;
  net::fiber_options options;
  options.name = "immortal";
  options.stop = stop.get_token();
  std::optional<charge> child;
  if (depth_ < deepest && dice_.one_in(4)) {
    child = spawn_with(options, [](actor& self) { self.wait_for_ever_with_a_child(); });
  } else {
    child = spawn_with(options, [](actor& self) { self.wait_for_ever(); });
  }
  if (child) {
    linger();
    end_immortal(std::move(*child), stop);
  }
}

// Nobody but who cancels it ends the fiber.
void actor::end_immortal(charge child, std::stop_source& stop) {
  switch (dice_.below(6)) {
    case 0:
      stop.request_stop();
      books_.add(event::stops_requested);
      break;
    case 1: {
      const ledger::ticket ticket = child.ticket;
      { const net::fiber doomed = std::move(child.who); }
      return books_.collect(ticket, event::joined_by_destructors);
    }
    case 2:
      child.who.cancel();
      child.who.detach();
      return books_.collect(child.ticket, event::detached);
    case 3: {
      child.is_to_be_cancelled = true;
      net::error_code ec;
      if (stage_.charges.send(std::move(child), ec)) {
        return;
      }
      note(ec);
      child.who.cancel();
      break;
    }
    default: child.who.cancel(); break;
  }
  books_.add(event::cancelled);
  join(stage_, std::move(child), event::joined);
}

// Until the fiber is cancelled.
void actor::wait_for_ever() {
  net::error_code ec;
  net::mutex mutex;
  net::condition_variable variable;
  switch (dice_.below(9)) {
    case 0: (void)net::channel<int>().receive(ec); break;
    case 1: (void)net::channel<int>().send(1, ec); break;
    case 2: net::this_fiber::sleep_for(std::chrono::hours(1), ec); break;
    case 3: (void)net::counting_semaphore<>(0).acquire(ec); break;
    case 4: {
      std::unique_lock lock(mutex);
      (void)variable.wait(lock, [] { return false; }, ec);
      break;
    }
    case 5: {
      std::unique_lock lock(mutex);
      (void)variable.wait(lock, net::this_fiber::get_stop_token(), [] { return false; });
      return;
    }
    case 6:
      while (!net::this_fiber::is_cancelled()) {
        net::this_fiber::yield();
      }
      return;
    case 7: {
      net::channel<int> empty;
      do {
        (void)empty.receive_for(moment(), ec);
      } while (ec == net::error::deadline_exceeded);
      break;
    }
    default:
      try {
        (void)net::channel<int>().receive();
      } catch (const std::system_error& error) {
        ec = error.code();
      }
      break;
  }
  books_.expect(ec == net::error::operation_aborted, "a wait for ever ended without a reason");
  note(ec);
}

// Likewise, by waiting for a fiber that does so.
void actor::wait_for_ever_with_a_child() {
  net::mutex mutex;
  const bool is_for_mutex = dice_.one_in(2);
  std::unique_lock lock(mutex, std::defer_lock);
  if (is_for_mutex) {
    lock.lock();
  }
  std::optional<charge> child = spawn_with({}, [&mutex, is_for_mutex](actor& self) {
    if (is_for_mutex) {
      net::error_code ec;
      self.books_.expect(!mutex.lock(ec), "a mutex was locked by two");
      self.note(ec);
    } else {
      self.wait_for_ever();
    }
  });
  if (!child) {
    return wait_for_ever();
  }
  net::error_code ec;
  child->who.join(ec);
  books_.expect(ec == net::error::operation_aborted, "a wait for ever ended without a reason");
  note(ec);
  child->who.cancel();
  books_.add(event::cancelled);
  join(stage_, std::move(*child), event::joined);
}

// Two fibers wake each other in turn, with nobody else to help when that fails.
void actor::relay() {
  struct {
    net::mutex mutex;
    net::condition_variable changed;
    std::uint64_t turn = 0;  // under mutex
  } baton;
  const std::uint64_t rounds = dice_.between(1, 20);
  const auto run = [&baton, rounds](std::uint64_t parity) {
    for (std::uint64_t i = 0; i != rounds; ++i) {
      std::unique_lock lock(baton.mutex);
      baton.changed.wait(lock, [&] { return baton.turn % 2 == parity; });
      ++baton.turn;
      baton.changed.notify_one();
    }
  };
  std::optional<charge> child = spawn_with({}, [run](actor&) { run(1); });
  if (child) {
    run(0);
    join(stage_, std::move(*child), event::joined);
    books_.expect(baton.turn == 2 * rounds, "a relay lost a turn");
    books_.add(event::relayed);
  }
}

// One sends and closes, the other receives what there is.
void actor::pipe() {
  static constexpr std::size_t capacities[] = {0, 1, 4, net::channel<token>::unbounded};
  net::channel<token> line(capacities[dice_.below(std::size(capacities))]);
  std::optional<charge> child = spawn_with({}, [&line](actor& self) {
    for (std::uint64_t i = self.dice_.below(20); i != 0; --i) {
      token next = self.books_.make_token();
      if (!next) {
        break;
      }
      net::error_code ec;
      if (!line.send(std::move(next), ec)) {
        self.note(ec);
        self.books_.take_back(std::move(next));
        break;
      }
      self.books_.add(event::sent);
    }
    (void)line.close();
  });
  if (!child) {
    return;
  }
  net::error_code ec;
  while (auto got = line.receive(ec)) {
    books_.receive(std::move(*got));
  }
  note(ec);
  (void)line.close();
  while (auto left = line.try_receive(ec)) {
    books_.receive(std::move(*left));
  }
  books_.expect(ec == net::channel_errc::closed, "a closed channel is not closed");
  join(stage_, std::move(*child), event::joined);
  books_.add(event::piped);
}

}  // namespace fiber_stress
