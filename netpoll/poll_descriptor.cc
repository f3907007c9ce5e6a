// SPDX-License-Identifier: BSL-1.0
#include "netpoll/poll_descriptor.h"

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/poll_descriptor_pool.h"
#include "netpoll/reactor.h"

namespace netpoll {
namespace {

constexpr std::uint32_t lasting = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

// Which events may let a try in the direction go on.
constexpr std::uint32_t events_of(direction which) noexcept {
  switch (which) {
    case direction::read: return EPOLLIN | EPOLLRDHUP;
    case direction::write: return EPOLLOUT;
    case direction::urgent: return EPOLLPRI;
  }
  return 0;
}
// These come unasked and concern everybody.
constexpr std::uint32_t fatal = EPOLLHUP | EPOLLERR;

constexpr std::uint32_t all_events =
    events_of(direction::read) | events_of(direction::write) | events_of(direction::urgent);

}  // namespace

std::uint64_t poll_descriptor::tag() const noexcept {
  return std::uint64_t{index_} << 32 | generation_.load(std::memory_order_acquire);
}

void poll_descriptor::open(reactor& where, int number) noexcept {
  // destroy() moved it, too; but who asks a closed handle which use it is has been told that.
  generation_.fetch_add(1, std::memory_order_release);
  reactor_ = &where;
  number_ = number;
  // relaxed, all of these: published with the handle, by its owner.
  registration_.store(registration::none, std::memory_order_relaxed);
  trigger_.store(trigger::edge, std::memory_order_relaxed);
  lingers_.store(false, std::memory_order_relaxed);
  reported_ = 0;
  lasting_events_.store(0, std::memory_order_relaxed);
  interrupts_.store(0, std::memory_order_relaxed);
  for (const direction which : all_directions) {
    // A new descriptor can be written to until it says otherwise.
    state_[which].store(which == direction::write ? ready : none, std::memory_order_relaxed);
    times_[which].deadline.store(never, std::memory_order_relaxed);
    times_[which].operation_deadline.store(never, std::memory_order_relaxed);
    times_[which].nap.store(never, std::memory_order_relaxed);
    times_[which].timeout.store(0, std::memory_order_relaxed);
  }
  where.enlist(*this);
  fd_mutex_.reset();
}

int poll_descriptor::set_trigger(trigger how) noexcept {
  const std::lock_guard lock(timer_mutex_);
  // relaxed, here and below: the mutex orders it.
  if (registration_.load(std::memory_order_relaxed) != registration::none) {
    return EBUSY;
  }
  trigger_.store(how, std::memory_order_relaxed);
  reported_ = 0;
  return 0;
}

int poll_descriptor::report_from_now_on(direction which) noexcept {
  if (how_triggered() == trigger::exclusive && which != direction::read) {
    return EINVAL;
  }
  const std::lock_guard lock(timer_mutex_);
  switch (registration_.load(std::memory_order_relaxed)) {
    case registration::impossible: return EPERM;
    case registration::none:
      reported_ = is_rearmed() ? events_of(which) : all_events;
      return register_locked();
    case registration::done: break;
  }
  const std::uint32_t wanted = reported_ | events_of(which);
  return !is_rearmed() || wanted == reported_ ? 0 : arm_locked(wanted);
}

int poll_descriptor::register_locked() noexcept {
  const int error = reactor_->add(*this, reported_);
  if (error == 0) {
    registration_.store(registration::done, std::memory_order_release);
  } else if (error == EPERM) {
    registration_.store(registration::impossible, std::memory_order_release);
  }
  return error;
}

int poll_descriptor::arm_locked(std::uint32_t wanted) noexcept {
  const int error = reactor_->modify(*this, wanted);
  if (error == 0) {
    reported_ = wanted;
  }
  return error;
}

bool poll_descriptor::close() noexcept {
  if (!fd_mutex_.close()) {
    return false;
  }
  waiter_queue woken;
  {
    const std::lock_guard lock(timer_mutex_);
    interrupts_.fetch_or(closed_bit::one, std::memory_order_seq_cst);
    ++sequence_;
    armed_at_.store(never, std::memory_order_seq_cst);
    reactor_->timers().disarm(*this);
    for (const direction which : all_directions) {
      if (waiter* const who = evict(which)) {
        woken.push(*who);
      }
    }
  }
  resume_all(woken, wake_reason::closed);
  const fd_mutex::duty what = fd_mutex_.drop_reference();
  settle(what);
  // Of a parent's threads that were inside a call when it forked, none is here to leave it.
  if (what != fd_mutex::duty::destroy && is_pollable() && !reactor_->is_of_another_process()) {
    fd_mutex_.wait_until_destroyed();
  }
  return true;
}

void poll_descriptor::do_not_linger() noexcept {
  // In a child process the socket is the parent's, too.
  if (!lingers_.load(std::memory_order_acquire) || reactor_->is_of_another_process() ||
      !fd_mutex_.add_reference()) {
    return;
  }
  const ::linger in_background{.l_onoff = 0, .l_linger = 0};
  sys::set_option(number_, SOL_SOCKET, SO_LINGER, &in_background, sizeof(in_background));
  drop_reference();
}

void poll_descriptor::unlock(direction which, bool holds_reference) noexcept {
  if (!holds_reference) {
    settle(fd_mutex_.unlock(which));
    return;
  }
  const fd_mutex::duty what = fd_mutex_.unlock_and_drop(which);
  settle(what);
  if (what == fd_mutex::duty::destroy) {
    settle(fd_mutex_.unlock(which));
  }
}

bool poll_descriptor::consume_ready(direction which) noexcept {
  // seq_cst: the clear must be visible before the system call that follows finds nothing, else a
  // notify() in between could be overwritten.
  return state_[which].exchange(none, std::memory_order_seq_cst) == ready;
}

void poll_descriptor::restore_ready(direction which) noexcept {
  state expected = none;
  state_[which].compare_exchange_strong(expected, ready, std::memory_order_seq_cst);
}

bool poll_descriptor::must_try_again(direction which) const noexcept {
  return which == direction::read && lasting_events_.load(std::memory_order_acquire) != 0;
}

bool poll_descriptor::arm(direction which) noexcept {
  state expected = none;
  if (state_[which].compare_exchange_strong(expected, parking, std::memory_order_seq_cst)) {
    return true;
  }
  check(expected == ready, "two operations wait in one direction of a descriptor");
  return false;
}

bool poll_descriptor::publish(direction which, waiter& who, bool napping) noexcept {
  state expected = parking;
  const state mine = reinterpret_cast<state>(&who) | (napping ? napping_mark : 0);
  return state_[which].compare_exchange_strong(expected, mine, std::memory_order_seq_cst);
}

void poll_descriptor::disarm(direction which) noexcept {
  state expected = parking;
  state_[which].compare_exchange_strong(expected, none, std::memory_order_seq_cst);
}

bool poll_descriptor::withdraw(direction which, waiter& who) noexcept {
  state value = state_[which].load(std::memory_order_seq_cst);
  while (waiter_of(value) == &who) {
    if (state_[which].compare_exchange_weak(value, none, std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

// Takes out whoever is parked, or makes him who is about to park look again.
waiter* poll_descriptor::evict(direction which) noexcept {
  state value = state_[which].load(std::memory_order_seq_cst);
  while (value != none && value != ready) {
    if (state_[which].compare_exchange_weak(value, none, std::memory_order_seq_cst)) {
      return value == parking ? nullptr : waiter_of(value);
    }
  }
  return nullptr;
}

poll_descriptor::epoch poll_descriptor::current_epoch() const noexcept {
  return cancel_count::get(interrupts_.load(std::memory_order_seq_cst));
}

bool poll_descriptor::is_interrupted(direction which, epoch since) const noexcept {
  const std::uint32_t value = interrupts_.load(std::memory_order_seq_cst);
  return (value & (closed_bit::one | expired_bit(which))) != 0 || cancel_count::get(value) != since;
}

void poll_descriptor::cancel() noexcept {
  interrupts_.fetch_add(cancel_count::one, std::memory_order_seq_cst);
  for (const direction which : all_directions) {
    if (waiter* const who = evict(which)) {
      who->resume(wake_reason::cancelled);
    }
  }
  fd_mutex_.cancel_queued();
}

void poll_descriptor::notify(std::uint32_t events, waiter_queue& resumed) noexcept {
  if ((events & lasting) != 0) {
    lasting_events_.fetch_or(events & lasting, std::memory_order_release);
  }
  for (const direction which : all_directions) {
    if ((events & (events_of(which) | fatal)) == 0) {
      continue;
    }
    state value = state_[which].load(std::memory_order_seq_cst);
    while (value != ready && (value & napping_mark) == 0) {
      if (state_[which].compare_exchange_weak(value, ready, std::memory_order_seq_cst)) {
        if (value != none && value != parking) {
          resumed.push(*waiter_of(value));
        }
        break;
      }
    }
  }
}

// Whether somebody has begun to wait for the direction.
bool poll_descriptor::is_waited_for(direction which) const noexcept {
  const state value = state_[which].load(std::memory_order_seq_cst);
  return value != none && value != ready && (value & napping_mark) == 0;
}

void poll_descriptor::notify_and_rearm(std::uint32_t events, waiter_queue& resumed) noexcept {
  // epoll_ctl needs the number, and the number a reference; closed meanwhile means nobody waits.
  if (!fd_mutex_.add_reference()) {
    return;
  }
  // A one-shot report has disarmed everything, so that is written down before anybody is woken who might
  // wait again; a level-triggered one goes on until nobody waits, which shows afterwards.
  const bool is_disarmed = how_triggered() == trigger::one_shot;
  if (!is_disarmed) {
    notify(events, resumed);
  }
  int error = 0;
  {
    const std::lock_guard lock(timer_mutex_);
    std::uint32_t wanted = 0;
    for (const direction which : all_directions) {
      const bool was_wanted = (reported_ & events_of(which)) == events_of(which);
      const bool has_come = (events & (events_of(which) | fatal)) != 0;
      if (was_wanted && !(has_come && (is_disarmed || !is_waited_for(which)))) {
        wanted |= events_of(which);
      }
    }
    if (is_disarmed) {
      reported_ = 0;
    }
    if (wanted != reported_) {
      error = arm_locked(wanted);
    }
  }
  if (is_disarmed || error != 0) {
    // What cannot be armed is woken instead: its next wait reports the error.
    notify(error != 0 ? fatal : events, resumed);
  }
  drop_reference();
}

void poll_descriptor::set_deadline(directions which, nanotime when) noexcept {
  bool must_look = false;
  for (const direction each : all_directions) {
    if (contains(which, each)) {
      times_[each].deadline.store(when, std::memory_order_seq_cst);
      must_look |= (interrupts_.load(std::memory_order_seq_cst) & expired_bit(each)) != 0;
    }
  }
  // After the store: a thread that comes to keep the time itself is counted first and reads it then.
  must_look |= self_servers_.load(std::memory_order_seq_cst) != 0;
  const nanotime armed_at = armed_at_.load(std::memory_order_seq_cst);
  // A timer that is armed early enough sees to the rest, unless it is overdue: then the new deadline may
  // have passed as well, and that must not go unnoticed until the reactor comes round.
  if (must_look || when < armed_at || (armed_at != never && armed_at <= clock::now())) {
    reconcile_and_tell();
  }
}

void poll_descriptor::set_timeout(directions which, nanotime timeout) noexcept {
  for (const direction each : all_directions) {
    if (contains(which, each)) {
      times_[each].timeout.store(timeout, std::memory_order_seq_cst);
    }
  }
}

void poll_descriptor::begin_operation(direction which) noexcept {
  times& mine = times_[which];
  // relaxed, here and for operation_deadline: a nap is set by the owner of the direction only, and a
  // timer that ends it at the same time stores what is stored here.
  if (mine.nap.load(std::memory_order_relaxed) != never) {
    mine.nap.store(never, std::memory_order_seq_cst);
  }
  // relaxed: the operation that begins now may as well have begun before the timeout was set.
  const nanotime timeout = mine.timeout.load(std::memory_order_relaxed);
  if (timeout == 0) {
    if (mine.operation_deadline.load(std::memory_order_relaxed) != never) {
      mine.operation_deadline.store(never, std::memory_order_seq_cst);
    }
  } else {
    const nanotime until = add_saturated(clock::now(), timeout);
    mine.operation_deadline.store(until, std::memory_order_seq_cst);
    if (until < armed_at_.load(std::memory_order_seq_cst)) {
      reconcile();
      return;
    }
  }
  if ((interrupts_.load(std::memory_order_seq_cst) & expired_bit(which)) != 0) {
    reconcile();  // the bit may be what the previous operation's timeout left
  }
}

void poll_descriptor::set_nap(direction which, nanotime until) noexcept {
  times_[which].nap.store(until, std::memory_order_seq_cst);
  if (until < armed_at_.load(std::memory_order_seq_cst)) {
    reconcile();
  }
}

bool poll_descriptor::is_expired(direction which, bool look) noexcept {
  const auto bit_is_set = [&] {
    return (interrupts_.load(std::memory_order_seq_cst) & expired_bit(which)) != 0;
  };
  if (!bit_is_set() && !(look && wake_time(which) != never)) {
    return false;
  }
  // The bit alone is not to be believed: a timer may just have set it for a deadline that was moved
  // before, and be about to take it back.
  waiter_queue expired;
  bool is_over = false;
  {
    const std::lock_guard lock(timer_mutex_);
    reconcile_locked(expired);
    is_over = bit_is_set();
  }
  resume_all(expired, wake_reason::deadline);
  return is_over;
}

nanotime poll_descriptor::wake_time(direction which) const noexcept {
  const times& mine = times_[which];
  return std::min({mine.deadline.load(std::memory_order_seq_cst),
                   mine.operation_deadline.load(std::memory_order_seq_cst),
                   mine.nap.load(std::memory_order_seq_cst)});
}

bool poll_descriptor::has_passed(direction which, nanotime now) const noexcept {
  const times& mine = times_[which];
  return std::min(mine.deadline.load(std::memory_order_seq_cst),
                  mine.operation_deadline.load(std::memory_order_seq_cst)) <= now;
}

void poll_descriptor::add_self_server(waiter& who, direction which) noexcept {
  const std::lock_guard lock(timer_mutex_);
  self_server_[which] = &who;
  self_servers_.fetch_add(1, std::memory_order_seq_cst);
}

void poll_descriptor::remove_self_server(direction which) noexcept {
  const std::lock_guard lock(timer_mutex_);
  self_server_[which] = nullptr;
  self_servers_.fetch_sub(1, std::memory_order_seq_cst);
}

void poll_descriptor::on_timer(timer_queue::entry& self, std::uint32_t sequence) noexcept {
  static_cast<poll_descriptor&>(self).timer_fired(sequence);
}

void poll_descriptor::timer_fired(std::uint32_t sequence) noexcept {
  waiter_queue expired;
  {
    const std::lock_guard lock(timer_mutex_);
    if (sequence != sequence_) {
      return;
    }
    armed_at_.store(never, std::memory_order_seq_cst);
    reconcile_locked(expired);
  }
  resume_all(expired, wake_reason::deadline);
}

void poll_descriptor::reconcile() noexcept {
  waiter_queue expired;
  {
    const std::lock_guard lock(timer_mutex_);
    reconcile_locked(expired);
  }
  resume_all(expired, wake_reason::deadline);
}

// After a deadline was moved: those who keep the time themselves have to look at it. They look for
// themselves when theirs comes; telling each other then would go on for ever.
void poll_descriptor::reconcile_and_tell() noexcept {
  waiter_queue expired;
  {
    const std::lock_guard lock(timer_mutex_);
    reconcile_locked(expired);
    for (const direction which : all_directions) {
      if (waiter* const who = self_server_[which]) {
        who->get_resumer()->recheck();
      }
    }
  }
  resume_all(expired, wake_reason::deadline);
}

// Brings the expired bits and the timer in line with the deadlines. Needs timer_mutex_.
void poll_descriptor::reconcile_locked(waiter_queue& expired) noexcept {
  if ((interrupts_.load(std::memory_order_seq_cst) & closed_bit::one) != 0) {
    return;  // closed meanwhile: everybody has been woken, and the timer must stay disarmed
  }
  const nanotime now = clock::now();
  for (const direction which : all_directions) {
    const std::uint32_t bit = expired_bit(which);
    bool is_over = has_passed(which, now);
    if (is_over) {
      interrupts_.fetch_or(bit, std::memory_order_seq_cst);
      is_over = has_passed(which, now);
    }
    if (!is_over) {
      interrupts_.fetch_and(~bit, std::memory_order_seq_cst);
    }
    times& mine = times_[which];
    const bool nap_is_over = mine.nap.load(std::memory_order_seq_cst) <= now;
    if (nap_is_over) {
      mine.nap.store(never, std::memory_order_seq_cst);
    }
    if (is_over || nap_is_over) {
      if (waiter* const who = evict(which)) {
        expired.push(*who);
      }
    }
  }
  arm_timer();
}

// Arms the timer for the first of all times still to come, if it would fire too late for that.
void poll_descriptor::arm_timer() noexcept {
  const std::uint32_t interrupts = interrupts_.load(std::memory_order_seq_cst);
  nanotime first = never;
  for (const direction which : all_directions) {
    // What has expired waits for nothing but to be moved.
    if ((interrupts & expired_bit(which)) == 0) {
      first = std::min(first, wake_time(which));
    }
  }
  // relaxed: only written under timer_mutex_.
  if (first < armed_at_.load(std::memory_order_relaxed)) {
    armed_at_.store(first, std::memory_order_seq_cst);
    reactor_->arm(*this, first, ++sequence_);
  }
}

// Closes the number. Called by the holder of the last reference of a closed descriptor.
void poll_descriptor::destroy() noexcept {
  // What epoll_wait has already fetched for this use is now for a generation that is over.
  generation_.fetch_add(1, std::memory_order_release);
  // relaxed: a closed descriptor is no longer registered by anybody, and who did it held a reference.
  if (registration_.load(std::memory_order_relaxed) == registration::done) {
    reactor_->remove(*this);
  }
  if (is_enlisted_.load(std::memory_order_acquire)) {
    reactor_->delist(*this);
  }
  sys::close(number_);
  number_ = -1;
}

void poll_descriptor::settle(fd_mutex::duty what) noexcept {
  if (what == fd_mutex::duty::destroy) {
    destroy();
    what = fd_mutex_.finish_destroy();
  }
  if (what == fd_mutex::duty::recycle) {
    poll_descriptor_pool::release(*this);
  }
}

}  // namespace netpoll
