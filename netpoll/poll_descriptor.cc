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

// What an edge-triggered descriptor is registered for from the beginning, and what it ends up with.
constexpr std::uint32_t events_without_asking =
    events_of(direction::read) | events_of(direction::urgent);
constexpr std::uint32_t all_events = events_without_asking | events_of(direction::write);

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
  keeps_number_ = false;
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
    has_own_times_[which].store(false, std::memory_order_relaxed);
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
      reported_ = events_of(which) | (is_rearmed() ? 0 : events_without_asking);
      return register_locked();
    case registration::for_reading:
    case registration::done: break;
  }
  const std::uint32_t wanted = reported_ | events_of(which);
  if (wanted == reported_) {
    return 0;
  }
  // An edge that came before is not lost: the kernel looks at the descriptor anew.
  const int error = arm_locked(wanted);
  if (error == 0) {
    note_registered();
  }
  return error;
}

void poll_descriptor::note_registered() noexcept {
  const bool is_all = how_triggered() != trigger::edge || reported_ == all_events;
  registration_.store(is_all ? registration::done : registration::for_reading,
                      std::memory_order_release);
}

int poll_descriptor::register_locked() noexcept {
  const int error = reactor_->control(EPOLL_CTL_ADD, *this, reported_);
  if (error == 0) {
    note_registered();
  } else if (error == EPERM) {
    registration_.store(registration::impossible, std::memory_order_release);
  }
  return error;
}

void poll_descriptor::register_again(waiter_queue& failed) noexcept {
  const std::lock_guard lock(timer_mutex_);
  if (!is_registered()) {
    return;
  }
  registration_.store(registration::none, std::memory_order_release);
  if (register_locked() != 0) {
    notify(fatal, failed);
  }
}

int poll_descriptor::replace(int other) noexcept {
  waiter_queue failed;
  sys::result put;
  {
    const std::lock_guard lock(timer_mutex_);
    // The old description is taken out while the number still leads to it.
    const bool was_registered = is_registered();
    if (was_registered) {
      reactor_->remove(*this);
      registration_.store(registration::none, std::memory_order_release);
    }
    put = sys::duplicate_to(other, number_);
    if (was_registered && register_locked() != 0) {
      notify(fatal, failed);
    }
  }
  resume_all(failed, wake_reason::ready);
  return put.error;
}

int poll_descriptor::arm_locked(std::uint32_t wanted) noexcept {
  const int error = reactor_->control(EPOLL_CTL_MOD, *this, wanted);
  if (error == 0) {
    reported_ = wanted;
  }
  return error;
}

bool poll_descriptor::end_use(int* kept_number) noexcept {
  if (!fd_mutex_.close()) {
    return false;
  }
  if (kept_number != nullptr) {
    *kept_number = number_;
    keeps_number_ = true;
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

void poll_descriptor::cancel() noexcept {
  interrupts_.fetch_add(cancel_count::one, std::memory_order_seq_cst);
  for (const direction which : all_directions) {
    if (waiter* const who = evict(which)) {
      who->resume(wake_reason::cancelled);
    }
  }
  fd_mutex_.cancel_queued();
}

void poll_descriptor::prefetch_waiter(std::uint32_t events) const noexcept {
  const direction which = (events & EPOLLIN) != 0 ? direction::read : direction::write;
  // relaxed: only a hint. Nobody is looked at, only fetched, so he may be gone, or not be there.
  const state who = state_[which].load(std::memory_order_relaxed) & ~marks;
  // The waiter, and what it is a part of.
  __builtin_prefetch(reinterpret_cast<const void*>(who), 1);
  __builtin_prefetch(reinterpret_cast<const void*>(who - 64), 1);
}

void poll_descriptor::notify(std::uint32_t events, waiter_queue& resumed) noexcept {
  if ((events & lasting) != 0) [[unlikely]] {
    lasting_events_.fetch_or(events & lasting, std::memory_order_release);
  }
  const auto notify_one = [&](direction which) {
    if ((events & (events_of(which) | fatal)) == 0) {
      return;
    }
    state value = state_[which].load(std::memory_order_seq_cst);
    while (value != ready && (value & napping_mark) == 0) {
      if (state_[which].compare_exchange_weak(value, ready, std::memory_order_seq_cst)) {
        if (value != none && value != parking) {
          resumed.push(*waiter_of(value));
        }
        return;
      }
    }
  };
  notify_one(direction::read);
  notify_one(direction::write);
  notify_one(direction::urgent);
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
  // A one-shot report has disarmed everything, so that is written down before anybody is woken who
  // might wait again; a level-triggered one goes on until nobody waits, which shows afterwards.
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

// Closes the number. Called by the holder of the last reference of a closed descriptor.
void poll_descriptor::destroy() noexcept {
  // What epoll_wait has already fetched for this use is now for a generation that is over.
  generation_.fetch_add(1, std::memory_order_release);
  // A closed descriptor is no longer registered by anybody, and who did it held a reference.
  if (is_registered()) {
    reactor_->remove(*this);
  }
  if (is_enlisted_.load(std::memory_order_acquire)) {
    reactor_->delist(*this);
  }
  if (!keeps_number_) {
    sys::close(number_);
  }
  number_ = -1;
}

void poll_descriptor::do_duty(fd_mutex::duty what) noexcept {
  if (what == fd_mutex::duty::destroy) {
    destroy();
    what = fd_mutex_.finish_destroy();
  }
  if (what == fd_mutex::duty::recycle) {
    poll_descriptor_pool::release(*this);
  }
}

}  // namespace netpoll
