// SPDX-License-Identifier: BSL-1.0
#include "netpoll/thread_parker.h"

#include <algorithm>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/fork_count.h"

namespace netpoll {

thread_parker& thread_parker::current() {
  static thread_local thread_parker mine;
  return mine;
}

thread_parker::thread_parker() {
  open_in_this_process();
  clock::add_observer(*this);
}

// A child process has its parent's eventfd, and would wake it.
void thread_parker::open_in_this_process() {
  check(event_.open() == 0, "no descriptor left for a thread to wait with (eventfd failed)");
  forks_ = fork_count();
  signalled_ = false;
}

thread_parker::~thread_parker() { clock::remove_observer(*this); }

bool thread_parker::park(waiter& who, nanotime until) {
  {
    const std::lock_guard lock(mutex_);
    if (forks_ != known_fork_count()) [[unlikely]] {
      open_in_this_process();
    }
    resumed_ = false;
    drain();  // what woke an earlier wait, or would have, had poll not found the descriptor first
  }
  who.set_resumer(*this);
  // Asked for before the commit: what is being waited on may be gone after it.
  const waiter::self_service help = who.begin_self_service();
  if (!who.commit()) {
    who.end_self_service(false);
    return true;
  }
  until = std::min(until, help.until);
  if (until == never && help.fd < 0) {
    const std::lock_guard lock(mutex_);
    if (!resumed_) {
      stands_by_.emplace();  // only others can help
    }
  }
  bool fd_is_ready = false;
  bool time_is_up = false;
  bool is_withdrawn = false;
  while (!is_withdrawn && !was_resumed()) {
    sleep(help, until, fd_is_ready, time_is_up);
    is_withdrawn = (fd_is_ready || time_is_up) && who.withdraw();
  }
  if (is_withdrawn) {
    const std::lock_guard lock(mutex_);
    stands_by_.reset();
  }
  who.end_self_service(fd_is_ready);
  return !is_withdrawn || help.keeps_time;
}

void thread_parker::sleep(const waiter::self_service& help, nanotime until, bool& fd_is_ready,
                          bool& time_is_up) {
  // Once withdrawing has failed, only being resumed is still to be waited for.
  const bool only_event = fd_is_ready || time_is_up;
  ::pollfd fds[2] = {{.fd = event_.number(), .events = POLLIN, .revents = 0},
                     {.fd = help.fd, .events = help.events, .revents = 0}};
  std::int64_t timeout_ns = -1;
  if (until != never && !only_event) {
    const nanotime left = until - clock::now();
    if (left <= 0) {
      time_is_up = true;
      return;
    }
    timeout_ns = clock::is_replaced() ? -1 : left;
  }
  const unsigned count = help.fd >= 0 && !only_event ? 2 : 1;
  const sys::result found = sys::poll(fds, count, timeout_ns);
  if (!found.ok()) {
    return;  // interrupted: look again
  }
  if (fds[0].revents != 0) {
    const std::lock_guard lock(mutex_);
    signalled_ =
        true;  // also when it was a child process that wrote it, made without being counted
    drain();
    // Woken without being resumed means that a deadline or the clock moved: begin anew.
    time_is_up |= help.keeps_time && !resumed_;
  }
  fd_is_ready |= count == 2 && fds[1].revents != 0;
}

bool thread_parker::was_resumed() noexcept {
  const std::lock_guard lock(mutex_);
  return resumed_;
}

void thread_parker::resume(waiter& /*who*/) noexcept {
  // The eventfd is written under the lock: once the parker sees resumed_, nobody needs it any more.
  const std::lock_guard lock(mutex_);
  resumed_ = true;
  stands_by_.reset();
  signal();
}

void thread_parker::recheck() noexcept {
  const std::lock_guard lock(mutex_);
  signal();
}

void thread_parker::signal() noexcept {
  if (!signalled_) {
    signalled_ = true;
    event_.signal();
  }
}

void thread_parker::drain() noexcept {
  if (signalled_) {
    signalled_ = false;
    event_.drain();
  }
}

}  // namespace netpoll
