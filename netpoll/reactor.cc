// SPDX-License-Identifier: BSL-1.0
#include "netpoll/reactor.h"

#include <algorithm>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/poll_descriptor_pool.h"

namespace netpoll {
namespace {

// How many events one look at epoll fetches. When it is full, the next wait finds the rest.
constexpr int batch_size = 256;

// No poll_descriptor has this tag: its index is past the pool's end.
constexpr std::uint64_t wakeup_tag = ~std::uint64_t{0};

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
  ::epoll_event event{};
  event.events = EPOLLIN;  // level-triggered: stays readable until the sleeper has drained it
  event.data.u64 = wakeup_tag;
  const sys::result added =
      sys::epoll_control(epoll.get(), EPOLL_CTL_ADD, wakeup_.number(), &event);
  if (!added.ok()) {
    return added.error;
  }
  epoll_ = std::move(epoll);
  clock::add_observer(*this);
  return 0;
}

void reactor::wait(nanotime until) noexcept {
  ::epoll_event events[batch_size];
  const bool wants_sleep = until > 0 && time_to_wait(until) != 0;
  const bool sleeps = wants_sleep && wakeup_.begin_sleep();
  // Read again after begin_sleep(): a timer armed before it is seen here, one armed after it sees us.
  const std::int64_t timeout_ns = sleeps ? time_to_wait(until) : 0;
  const sys::result found = sys::epoll_wait(epoll_.get(), events, batch_size, timeout_ns);
  if (sleeps) {
    wakeup_.end_sleep();
  }
  check(found.ok() || found.error == EINTR,
        "epoll_wait failed: was the reactor's descriptor closed from outside the library?");

  waiter_queue ready;
  for (long i = 0; i < found.value; ++i) {
    const std::uint64_t tag = events[i].data.u64;
    if (tag == wakeup_tag) {
      wakeup_.drain();
      continue;
    }
    poll_descriptor& which = poll_descriptor_pool::at(static_cast<std::uint32_t>(tag >> 32));
    if (which.is_current(static_cast<std::uint32_t>(tag))) {
      which.notify(events[i].events, ready);
    }
  }
  resume_all(ready, wake_reason::ready);

  if (timers_.next() != never) {
    const nanotime now = clock::now();
    if (timers_.next() <= now) {
      timers_.expire(now);
    }
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

int reactor::add(poll_descriptor& which) noexcept {
  ::epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = which.tag();
  return sys::epoll_control(epoll_.get(), EPOLL_CTL_ADD, which.number(), &event).error;
}

void reactor::remove(poll_descriptor& which) noexcept {
  // Before close(2): if the description is shared with a duplicate, its events must end with ours.
  ::epoll_event unused{};
  sys::epoll_control(epoll_.get(), EPOLL_CTL_DEL, which.number(), &unused);
}

void reactor::enlist(poll_descriptor& which) noexcept {
  const std::lock_guard lock(open_mutex_);
  open_.add(which);
}

void reactor::delist(poll_descriptor& which) noexcept {
  const std::lock_guard lock(open_mutex_);
  open_.remove(which);
}

void reactor::shut_down() noexcept {
  for (;;) {
    poll_descriptor* which = nullptr;
    {
      const std::lock_guard lock(open_mutex_);
      which = open_.front();
    }
    if (which == nullptr) {
      break;
    }
    which->close();
  }
  timers_.cancel_all();
}

}  // namespace netpoll
