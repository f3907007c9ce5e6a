// SPDX-License-Identifier: BSL-1.0
//
// The half of poll_descriptor that keeps the time: deadlines, timeouts and naps, and the one timer
// that serves them. The protocol is at `times` in the header.
#include <algorithm>
#include <mutex>

#include "netpoll/poll_descriptor.h"
#include "netpoll/reactor.h"

namespace netpoll {

// Brings everything in line with the deadlines, does `also` under the same lock, and resumes,
// without it, whose time is up.
template <typename Also>
void poll_descriptor::reconcile(Also also) noexcept {
  waiter_queue expired;
  {
    const std::lock_guard lock(timer_mutex_);
    reconcile_locked(expired);
    also();
  }
  resume_all(expired, wake_reason::deadline);
}

void poll_descriptor::set_deadline(directions which, nanotime when) noexcept {
  std::uint32_t bits = 0;
  for (const direction each : all_directions) {
    if (contains(which, each)) {
      times_[each].deadline.store(when, std::memory_order_seq_cst);
      bits |= expired_bit(each);
    }
  }
  // After the stores. A thread that comes to keep the time itself is counted first and reads the
  // deadline then.
  const nanotime armed_at = armed_at_.load(std::memory_order_seq_cst);
  if ((interrupts_.load(std::memory_order_seq_cst) & bits) != 0 ||
      self_servers_.load(std::memory_order_seq_cst) != 0 || when < armed_at ||
      (armed_at != never && may_have_passed(when))) [[unlikely]] {
    reconcile([&] { tell_self_servers(); });
  }
}

// Of a deadline that a timer armed for an earlier time is left to see to: if that timer is overdue
// the deadline may have passed as well, and that must not go unnoticed until the reactor comes
// round. What is far enough away for a coarse clock has not.
bool poll_descriptor::may_have_passed(nanotime when) noexcept {
  return when <= clock::latest() && when <= clock::now();
}

void poll_descriptor::set_timeout(directions which, nanotime timeout) noexcept {
  for (const direction each : all_directions) {
    if (contains(which, each)) {
      times_[each].timeout.store(timeout, std::memory_order_seq_cst);
      has_own_times_[each].store(true, std::memory_order_seq_cst);
    }
  }
}

void poll_descriptor::begin_timed_operation(direction which) noexcept {
  times& mine = times_[which];
  // relaxed, here and for operation_deadline: a nap is set by the owner of the direction only, and
  // a timer that ends it at the same time stores what is stored here.
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
      reconcile([] {});
      return;
    }
  }
  if ((interrupts_.load(std::memory_order_seq_cst) & expired_bit(which)) != 0) {
    reconcile([] {});  // the bit may be what the previous operation's timeout left
  }
}

void poll_descriptor::set_nap(direction which, nanotime until) noexcept {
  times_[which].nap.store(until, std::memory_order_seq_cst);
  has_own_times_[which].store(true, std::memory_order_seq_cst);
  if (until < armed_at_.load(std::memory_order_seq_cst)) {
    reconcile([] {});
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
  bool is_over = false;
  reconcile([&] { is_over = bit_is_set(); });
  return is_over;
}

nanotime poll_descriptor::wake_time(direction which) const noexcept {
  const times& mine = times_[which];
  return std::min({mine.deadline.load(std::memory_order_seq_cst),
                   mine.operation_deadline.load(std::memory_order_seq_cst),
                   mine.nap.load(std::memory_order_seq_cst)});
}

nanotime poll_descriptor::time_limit(direction which) const noexcept {
  const times& mine = times_[which];
  return std::min(mine.deadline.load(std::memory_order_seq_cst),
                  mine.operation_deadline.load(std::memory_order_seq_cst));
}

bool poll_descriptor::has_passed(direction which, nanotime now) const noexcept {
  return time_limit(which) <= now;
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

// After a deadline was moved: those who keep the time themselves have to look at it. They look for
// themselves when theirs comes; telling each other then would go on for ever. Needs timer_mutex_.
void poll_descriptor::tell_self_servers() noexcept {
  for (const direction which : all_directions) {
    if (waiter* const who = self_server_[which]) {
      who->get_resumer()->recheck();
    }
  }
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

}  // namespace netpoll
