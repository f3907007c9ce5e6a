// SPDX-License-Identifier: BSL-1.0
//
// What fibers and threads do with what all share.
#include <unistd.h>

#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <system_error>

#include "net/async/submit.h"
#include "net/fiber/wait.h"
#include "net/timer/sleep.h"
#include "testing/fiber_stress/actor.h"

namespace fiber_stress {
namespace {

// Not std::this_thread::get_id(), which a compiler may take for the same after a wait.
[[gnu::noinline]] pid_t this_thread() noexcept {
  asm volatile("" ::: "memory");
  return ::gettid();
}

}  // namespace

class actor::shielded {
 public:
  explicit shielded(actor& who) noexcept : who_(who) { ++who_.shields_; }
  ~shielded() { --who_.shields_; }
  shielded(const shielded&) = delete;
  shielded& operator=(const shielded&) = delete;

 private:
  actor& who_;
  const net::this_fiber::shield shield_;
};

void actor::note(const net::error_code& ec) {
  if (ec == net::error::operation_aborted) {
    books_.add(event::waits_aborted);
    books_.expect(net::this_fiber::is_cancelled(), "a wait was aborted, and nobody cancelled it");
    books_.expect(shields_ == 0, "a wait was aborted behind a shield");
  } else if (ec == net::error::deadline_exceeded) {
    books_.add(event::waits_timed_out);
  } else if (ec == net::channel_errc::closed) {
    books_.add(event::closed_on);
  } else if (ec && ec != net::error::would_block) {
    books_.fail("unexpected: %s", ec.message().c_str());
  }
}

void actor::linger() {
  switch (dice_.below(6)) {
    case 0: net::this_fiber::yield(); break;
    case 1: {
      net::error_code ec;
      net::this_fiber::sleep_for(moment(), ec);
      note(ec);
      break;
    }
    default: break;
  }
}

void actor::lock() {
  vault& mine = any_of(stage_.vaults);
  net::error_code ec;
  bool is_locked = true;
  switch (dice_.below(6)) {
    case 0: is_locked = mine.mutex.try_lock(); break;
    case 1: is_locked = mine.mutex.try_lock_for(moment()); break;
    case 2: is_locked = mine.mutex.lock(ec); break;
    case 3: is_locked = mine.mutex.lock_for(moment(), ec); break;
    default: mine.mutex.lock(); break;
  }
  note(ec);
  books_.expect(!is_locked || !ec, "a mutex was locked with an error");
  if (is_locked) {
    mine.inside.enter(books_);
    linger();
    mine.inside.leave();
    mine.mutex.unlock();
    books_.add(event::locked);
  }
}

void actor::pass_gate() {
  gate& mine = any_of(stage_.gates);
  net::error_code ec;
  bool is_through = true;
  switch (dice_.below(5)) {
    case 0: is_through = mine.free.try_acquire(); break;
    case 1: is_through = mine.free.try_acquire_for(moment()); break;
    case 2: is_through = mine.free.acquire(ec); break;
    case 3: is_through = mine.free.acquire_for(moment(), ec); break;
    default: mine.free.acquire(); break;
  }
  note(ec);
  if (is_through) {
    mine.enter(books_);
    linger();
    mine.leave();
    books_.add(event::acquired);
  }
}

void actor::ring() {
  bell& mine = any_of(stage_.bells);
  {
    const std::lock_guard lock(mine.mutex);
    ++mine.rings;
    books_.add(event::rung);
  }
  if (dice_.one_in(4)) {
    mine.rung.notify_all();
  } else {
    mine.rung.notify_one();
  }
}

void actor::listen() {
  bell& mine = any_of(stage_.bells);
  std::unique_lock lock(mine.mutex);
  const auto is_rung = [&] { return mine.rings != 0; };
  net::error_code ec;
  bool hears = false;
  switch (dice_.below(3)) {
    case 0: hears = mine.rung.wait_for(lock, moment(), is_rung, ec); break;
    case 1: hears = mine.rung.wait_for(lock, moment(), is_rung); break;
    default:
      hears = mine.rung.wait_for(lock, net::this_fiber::get_stop_token(), moment(), is_rung);
      break;
  }
  note(ec);
  books_.expect(lock.owns_lock(), "a condition variable did not give the lock back");
  if (hears) {
    --mine.rings;
    books_.add(event::heard);
  }
}

void actor::send() {
  mailbox& where = any_of(stage_.mailboxes);
  const auto box = where.get();
  token mine = books_.make_token();
  if (!mine) {
    return;
  }
  net::error_code ec;
  bool is_sent = false;
  switch (dice_.below(4)) {
    case 0: is_sent = box->try_send(std::move(mine), ec); break;
    case 1:
      is_sent = box->send_until(std::move(mine), std::chrono::steady_clock::now() + moment(), ec);
      break;
    default: is_sent = box->send_for(std::move(mine), moment(), ec); break;
  }
  note(ec);
  if (is_sent) {
    books_.expect(!mine, "a token was sent and stayed");
    books_.add(event::sent);
  } else {
    books_.take_back(std::move(mine));
  }
  if (dice_.one_in(200)) {
    where.renew(books_);
  }
}

void actor::receive() {
  const auto box = any_of(stage_.mailboxes).get();
  net::error_code ec;
  std::optional<token> got;
  switch (dice_.below(3)) {
    case 0: got = box->try_receive(ec); break;
    default: got = box->receive_for(moment(), ec); break;
  }
  note(ec);
  books_.expect(got.has_value() == !ec, "received with an error, or nothing without");
  if (got) {
    books_.receive(std::move(*got));
  }
}

void actor::sleep() {
  net::error_code ec;
  const auto until = std::chrono::steady_clock::now() + moment();
  net::this_fiber::sleep_until(until, ec);
  note(ec);
  books_.expect(ec || std::chrono::steady_clock::now() >= until, "a sleep was too short");
  books_.add(event::slept);
}

void actor::yield() {
  for (std::uint64_t i = dice_.below(8); i != 0; --i) {
    net::this_fiber::yield();
  }
  books_.add(event::yielded);
}

void actor::stand_behind_shield() {
  {
    const shielded here(*this);
    const shielded twice(*this);
    do_something();
    sleep();
  }
  if (net::this_fiber::is_cancelled() && shields_ == 0) {
    // It has not been forgotten.
    net::error_code ec;
    net::this_fiber::sleep_for(std::chrono::hours(1), ec);
    books_.expect(ec == net::error::operation_aborted, "a cancelled fiber slept for an hour");
  }
  books_.add(event::shielded);
}

void actor::look_at_stop_token() {
  const bool was_cancelled = net::this_fiber::is_cancelled();
  const std::stop_token mine = net::this_fiber::get_stop_token();
  books_.expect(mine.stop_possible(), "the stop token of a fiber cannot stop");
  books_.expect(!was_cancelled || mine.stop_requested(),
                "a fiber was cancelled, and its stop token does not know");
  int calls = 0;
  {
    const std::stop_callback count(mine, [&calls] { ++calls; });
    linger();
  }
  books_.expect(calls <= 1, "a stop callback was called twice");
}

void actor::stay_on_thread() {
  if (lane_ != nullptr) {
    return;  // whoever obeys a strand cannot stay
  }
  const net::this_fiber::pin pin;
  const pid_t before = this_thread();
  sleep();
  do_something();
  books_.expect(before == this_thread(), "a pinned fiber moved to another thread");
  books_.add(event::pinned);
}

void actor::pass_lane() {
  if (lane_ != nullptr) {
    lane_->pass(books_);
  }
  lane& other = any_of(stage_.lanes);
  net::post(other.strand, [&other, &books = books_] { other.pass(books); });
  books_.add(event::posted_to_strands);
}

// Exceptions of other fibers are in flight on the same thread meanwhile.
void actor::handle_exception() {
  const ledger::ticket mine = static_cast<ledger::ticket>(dice_.next());
  struct waits_in_destructor {
    actor& who;
    ~waits_in_destructor() {
      const int before = std::uncaught_exceptions();
      who.do_something();
      who.books_.expect(std::uncaught_exceptions() == before && before != 0,
                        "a fiber lost count of its exceptions across a wait");
    }
  };
  try {
    try {
      const waits_in_destructor outer{*this};
      const waits_in_destructor inner{*this};
      yield();
      throw failure{mine};
    } catch (const failure& caught) {
      do_something();
      books_.expect(caught.ticket == mine, "another exception was caught than thrown");
      throw;
    }
  } catch (const failure& again) {
    books_.expect(again.ticket == mine, "another exception was thrown again");
  }
  books_.expect(std::current_exception() == nullptr, "an exception is left");
  books_.add(event::exceptions_across_waits);
}

void actor::do_something() {
  switch (dice_.below(20)) {
    case 0:
    case 1:
    case 2: return lock();
    case 3:
    case 4: return pass_gate();
    case 5: return ring();
    case 6: return listen();
    case 7:
    case 8:
    case 9: return send();
    case 10:
    case 11:
    case 12: return receive();
    case 13: return sleep();
    case 14: return yield();
    case 15:
    case 16: return choose();
    case 17:
    case 18: return share();
    default: return stage_.board.strike(dice_.next(), books_);
  }
}

void actor::live() {
  if (dice_.one_in(8)) {
    // So that many are alive at a time.
    net::error_code ec;
    net::this_fiber::sleep_for(std::chrono::milliseconds(dice_.below(500)), ec);
    note(ec);
  }
  for (std::uint64_t acts = dice_.between(1, 6); acts != 0; --acts) {
    switch (dice_.below(32)) {
      case 0: stand_behind_shield(); break;
      case 1: look_at_stop_token(); break;
      case 2: stay_on_thread(); break;
      case 3: pass_lane(); break;
      case 4: handle_exception(); break;
      case 5:
      case 6: raise(); break;
      case 7: raise_many(); break;
      case 8: hand_over(); break;
      case 9: let_go(); break;
      case 10:
      case 11: stop_immortal(); break;
      case 12: relay(); break;
      case 13: pipe(); break;
      case 14: meet(); break;
      case 15: form_group(); break;
      default: do_something(); break;
    }
  }
}

}  // namespace fiber_stress
