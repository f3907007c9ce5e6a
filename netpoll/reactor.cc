// SPDX-License-Identifier: BSL-1.0
#include "netpoll/reactor.h"

#include <algorithm>
#include <mutex>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/fork_count.h"
#include "netpoll/poll_descriptor_pool.h"

namespace netpoll {
namespace {

// How many events one look at epoll fetches. When it is full, the next wait finds the rest.
constexpr int batch_size = 256;

// No poll_descriptor has this tag: its index is past the pool's end.
constexpr std::uint64_t wakeup_tag = ~std::uint64_t{0};
constexpr std::uint64_t timer_tag = wakeup_tag - 1;

// What epoll is told for the events that a descriptor's trigger asks for.
std::uint32_t events_for(trigger how, std::uint32_t events) noexcept {
  switch (how) {
    case trigger::edge: return events | EPOLLET;
    case trigger::exclusive:
      return EPOLLIN | EPOLLET | EPOLLEXCLUSIVE;  // the kernel allows no more
    case trigger::level:
      // A hang-up or an error cannot be left out; nobody waiting, it is reported once and no more.
      return events != 0 ? events : std::uint32_t{EPOLLONESHOT};
    case trigger::one_shot: return events | EPOLLONESHOT;
  }
  return events;
}

// Level-triggered: a descriptor of the reactor's own, reported until it is drained.
sys::result add_own(int epoll, int number, std::uint64_t tag) noexcept {
  ::epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return sys::epoll_control(epoll, EPOLL_CTL_ADD, number, &event);
}

}  // namespace

reactor::~reactor() {
  if (epoll_) {
    clock::remove_observer(*this);
    shut_down();
  }
}

int reactor::open() noexcept {
  check(!epoll_, "a reactor is opened once");
  const sys::result created = sys::epoll_create();
  if (!created.ok()) {
    return created.error;
  }
  unique_fd epoll(static_cast<int>(created.value));
  if (const int error = wakeup_.open()) {
    return error;
  }
  if (const sys::result added = add_own(epoll.get(), wakeup_.number(), wakeup_tag); !added.ok()) {
    return added.error;
  }
  epoll_ = std::move(epoll);
  forks_ = fork_count();
  clock::add_observer(*this);
  return 0;
}

int reactor::reopen() noexcept {
  const sys::result created = sys::epoll_create();
  if (!created.ok()) {
    return created.error;
  }
  const unique_fd epoll(static_cast<int>(created.value));
  if (const int error = wakeup_.open()) {
    return error;
  }
  if (const sys::result added = add_own(epoll.get(), wakeup_.number(), wakeup_tag); !added.ok()) {
    return added.error;
  }
  if (timer_fd_) {
    if (const int error = open_timer(epoll.get())) {
      return error;
    }
  }
  // Under the same number, which another loop may poll.
  if (const sys::result put = sys::duplicate_to(epoll.get(), epoll_.get()); !put.ok()) {
    return put.error;
  }
  forks_ = fork_count();
  register_all_again();
  // Somebody may have notified the parent's wakeup before the fork.
  wakeup_.notify();
  if (timer_fd_) {
    hand_over_to_outer_loop();
  }
  return 0;
}

void reactor::register_all_again() noexcept {
  waiter_queue failed;
  {
    const std::lock_guard lock(open_mutex_);
    for (poll_descriptor* each = open_.front(); each != nullptr; each = each->list_next) {
      each->register_again(failed);
    }
  }
  resume_all(failed, wake_reason::ready);
}

// Returns an errno value.
int reactor::open_timer(int epoll) noexcept {
  const sys::result created = sys::timer_fd();
  if (!created.ok()) {
    return created.error;
  }
  unique_fd timer(static_cast<int>(created.value));
  if (const sys::result added = add_own(epoll, timer.get(), timer_tag); !added.ok()) {
    return added.error;
  }
  timer_fd_ = std::move(timer);
  timer_fd_time_ = never;
  return 0;
}

int reactor::native_handle(int& error) noexcept {
  error = 0;
  if (!timer_fd_) {
    error = open_timer(epoll_.get());
    if (error != 0) {
      return -1;
    }
    hand_over_to_outer_loop();
  }
  return epoll_.get();
}

void reactor::wait(nanotime until) noexcept {
  ::epoll_event events[batch_size];
  if (timer_fd_) {
    wakeup_.end_sleep();
  }
  std::int64_t timeout_ns = 0;
  if (until == never && timers_.next() == never) {
    timeout_ns = -1;
  } else if (until > 0) {
    timeout_ns = time_to_wait(until);
  }
  const bool sleeps = timeout_ns != 0 && wakeup_.begin_sleep();
  if (!sleeps) {
    timeout_ns = 0;
  } else if (!is_single_threaded()) {
    // Read again after begin_sleep(): a timer armed before it is seen here, one armed after it sees
    // us.
    timeout_ns = time_to_wait(until);
  }
  const sys::result found = sys::epoll_wait(epoll_.get(), events, batch_size, timeout_ns);
  if (sleeps) {
    wakeup_.end_sleep();
  }
  check(found.ok() || found.error == EINTR,
        "epoll_wait failed: was the reactor's descriptor closed from outside the library?");
  dispatch(events, found.value);

  if (timers_.next() != never) {
    const nanotime now = clock::now();
    if (timers_.next() <= now) {
      timers_.expire(now);
    }
  }
  if (timer_fd_) {
    hand_over_to_outer_loop();
  }
}

void reactor::dispatch(const ::epoll_event* events, long count) noexcept {
  // With many descriptors each is a cache miss, and so is whoever waits: they are asked for while
  // the ones before are dealt with.
  constexpr long descriptors_ahead = 8;
  constexpr long waiters_ahead = 4;
  const auto descriptor_of = [&](long i) -> poll_descriptor* {
    const std::uint64_t tag = i < count ? events[i].data.u64 : wakeup_tag;
    return tag >= timer_tag ? nullptr
                            : &poll_descriptor_pool::at(static_cast<std::uint32_t>(tag >> 32));
  };
  const auto prefetch = [&](long i) {
    if (const poll_descriptor* const which = descriptor_of(i)) {
      which->prefetch();
    }
  };
  waiter_queue ready;
  for (long i = 0; i < descriptors_ahead && count > 1; ++i) {
    prefetch(i);
  }
  for (long i = 0; i < count; ++i) {
    if (count > 1) {
      prefetch(i + descriptors_ahead);
      if (const poll_descriptor* const which = descriptor_of(i + waiters_ahead)) {
        which->prefetch_waiter(events[i + waiters_ahead].events);
      }
    }
    const std::uint64_t tag = events[i].data.u64;
    if (tag == wakeup_tag) {
      wakeup_.drain();
      continue;
    }
    if (tag == timer_tag) {
      timer_fd_time_ = 0;  // armed anew in any case, which makes it unreadable
      continue;
    }
    poll_descriptor& which = *descriptor_of(i);
    if (!which.is_current(static_cast<std::uint32_t>(tag))) {
      continue;
    }
    if (which.is_rearmed()) [[unlikely]] {
      which.notify_and_rearm(events[i].events, ready);
    } else {
      which.notify(events[i].events, ready);
    }
  }
  resume_all(ready, wake_reason::ready);
}

// From here until the next wait(), whatever there is to do makes epoll_ readable.
void reactor::hand_over_to_outer_loop() noexcept {
  // Somebody who notified while nobody slept did not write the eventfd.
  while (!wakeup_.begin_sleep()) {
    wakeup_.signal();
  }
  // Read after begin_sleep(), as in wait().
  const nanotime first = timers_.next();
  if (first != timer_fd_time_ && !clock::is_replaced()) {
    timer_fd_time_ = first;
    sys::set_timer_fd(timer_fd_.get(), first == never ? 0 : std::max<nanotime>(first, 1));
  } else if (clock::is_replaced() && first <= clock::now()) {
    wakeup_.signal();
  }
}

// In nanoseconds, for epoll_wait: negative is for ever.
std::int64_t reactor::time_to_wait(nanotime until) const noexcept {
  const nanotime first = std::min(until, timers_.next());
  if (first == never) {
    return -1;
  }
  const nanotime now = clock::now();
  if (first <= now) {
    return 0;
  }
  // A replaced clock tells when it moves; the kernel's knows nothing of it.
  return clock::is_replaced() ? -1 : first - now;
}

void reactor::arm(timer_queue::entry& which, nanotime when, std::uint32_t sequence) {
  if (timers_.arm(which, when, sequence)) {
    wakeup_.notify_if_asleep();
  }
}

void reactor::add_waiter(timer_queue::entry& which, waiter& who, nanotime when) {
  if (timers_.add_waiter(which, who, when)) {
    wakeup_.notify_if_asleep();
  }
}

int reactor::control(int operation, poll_descriptor& which, std::uint32_t events) noexcept {
  ::epoll_event event{};
  event.events = events_for(which.how_triggered(), events);
  event.data.u64 = which.tag();
  return sys::epoll_control(epoll_.get(), operation, which.number(), &event).error;
}

// An epoll set is shared between parent and child; only the process that made it may change it.
bool reactor::is_of_another_process() const noexcept { return forks_ != known_fork_count(); }

void reactor::remove(poll_descriptor& which) noexcept {
  if (is_of_another_process()) {
    return;  // a child lets go of its copy of the number; the parent still waits on it
  }
  // Before close(2): if the description is shared with a duplicate, its events must end with ours.
  ::epoll_event unused{};
  sys::epoll_control(epoll_.get(), EPOLL_CTL_DEL, which.number(), &unused);
}

void reactor::enlist(poll_descriptor& which) noexcept {
  const std::lock_guard lock(open_mutex_);
  open_.add(which);
  which.is_enlisted_.store(true, std::memory_order_release);
}

void reactor::delist(poll_descriptor& which) noexcept {
  const std::lock_guard lock(open_mutex_);
  if (which.is_enlisted_.exchange(false, std::memory_order_acq_rel)) {
    open_.remove(which);
  }
}

void reactor::shut_down() noexcept {
  for (;;) {
    poll_descriptor* which = nullptr;
    {
      const std::lock_guard lock(open_mutex_);
      which = open_.front();
      if (which != nullptr) {
        // Here, and not when its number is closed: who is blocked in the kernel on a descriptor
        // that cannot be polled may leave it when there is no reactor any more.
        open_.remove(*which);
        which->is_enlisted_.store(false, std::memory_order_release);
      }
    }
    if (which == nullptr) {
      break;
    }
    which->do_not_linger();
    which->close();
  }
  timers_.cancel_all();
}

}  // namespace netpoll
