// SPDX-License-Identifier: BSL-1.0
#include "net/execution/run_loop.h"

#include <limits>
#include <utility>

#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace {

// After so many operations a thread looks at the events, even if there is more to run: readiness
// and timers must not starve behind operations that keep queueing others.
constexpr unsigned runs_between_polls = 128;

constexpr netpoll::nanotime do_not_wait = std::numeric_limits<netpoll::nanotime>::min();

}  // namespace

// A thread that is inside a run function.
class run_loop::worker {
 public:
  explicit worker(run_loop& loop) noexcept : loop_(loop), outer_(std::exchange(innermost_, this)) {}
  ~worker() { innermost_ = outer_; }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // Not inlined: a fiber may ask on one thread and ask again on another, and the address of a
  // thread-local must not be kept across that.
  [[gnu::noinline]] static worker* innermost() noexcept { return innermost_; }

  static worker* of(const run_loop& loop) noexcept {
    for (worker* each = innermost(); each != nullptr; each = each->outer_) {
      if (&each->loop_ == &loop) {
        return each;
      }
    }
    return nullptr;
  }

  run_loop& loop_;
  worker* const outer_;
  // What events_.wait() posted; only while this thread is in there.
  operation_queue found_;
  bool is_polling_ = false;
  unsigned runs_until_poll_ = runs_between_polls;

  // While idle, under the loop's mutex_.
  std::condition_variable wake_up_;
  bool is_woken_ = false;
  worker* next_idle_ = nullptr;

 private:
  static thread_local worker* innermost_;
};

constinit thread_local run_loop::worker* run_loop::worker::innermost_ = nullptr;

std::size_t run_loop::run() {
  return run_while(true, [] { return netpoll::never; });
}

std::size_t run_loop::run_one() {
  return run_while(false, [] { return netpoll::never; });
}

std::size_t run_loop::run_until(netpoll::nanotime until) {
  return run_while(true, [until] { return until; });
}

std::size_t run_loop::run_one_until(netpoll::nanotime until) {
  return run_while(false, [until] { return until; });
}

std::size_t run_loop::poll() {
  return run_while(true, [] { return do_not_wait; });
}

std::size_t run_loop::poll_one() {
  return run_while(false, [] { return do_not_wait; });
}

template <typename Step>
std::size_t run_loop::run_while(bool many, Step until) {
  worker self(*this);
  // Also when a handler throws.
  struct leaving {
    run_loop& loop;
    worker& self;
    ~leaving() {
      if (loop.is_embedded_.load(std::memory_order_acquire)) {
        loop.leave_to_outer_loop(self);
      }
    }
  } const guard{*this, self};
  if (work_.load(std::memory_order_acquire) == 0) {
    stop();
    return 0;
  }
  std::size_t count = 0;
  while (run_next(self, until())) {
    if (count != std::numeric_limits<std::size_t>::max()) {
      ++count;
    }
    if (!many) {
      break;
    }
  }
  return count;
}

// The thread leaves a run function, and whether somebody comes back is up to whether the event
// source says that there is something to do.
void run_loop::leave_to_outer_loop(worker& self) noexcept {
  std::unique_lock lock(mutex_);
  const bool is_stopped = stopped_.load(std::memory_order_relaxed);  // relaxed: under the mutex
  if (is_stopped && !is_polled_) {
    // Stopped or out of work, it did not look: what made the source readable would do so for ever.
    wait_for_events(self, lock, do_not_wait);
  }
  if (!is_stopped) {
    tell_outer_loop();
  }
}

// Needs mutex_.
void run_loop::tell_outer_loop() noexcept {
  // relaxed: under the mutex.
  if (is_embedded_.load(std::memory_order_relaxed) && !queue_.empty()) {
    events_.wake();
  }
}

// Runs operations until one counts. False: stopped, or nothing came before `until`.
bool run_loop::run_next(worker& self, netpoll::nanotime until) {
  // Ends the operation's work also when it leaves by an exception.
  struct work_of_one {
    run_loop& loop;
    bool is_finished = true;
    ~work_of_one() {
      if (is_finished) {
        loop.work_finished();
      }
    }
  };
  while (operation* const next = take(self, until)) {
    work_of_one work{*this};
    work.is_finished = next->run(*this);
    if (work.is_finished) {
      return true;
    }
  }
  return false;
}

operation* run_loop::take(worker& self, netpoll::nanotime until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_.load(std::memory_order_relaxed)) {  // relaxed: under the mutex
      return nullptr;
    }
    const bool must_look = --self.runs_until_poll_ == 0;
    if (must_look) {
      self.runs_until_poll_ = runs_between_polls;
      if (!is_polled_) {
        wait_for_events(self, lock, do_not_wait);
        continue;
      }
    }
    if (operation* const next = queue_.pop()) {
      // Whoever is woken with work wakes the next one, as long as there is more.
      if (idle_ != nullptr && !queue_.empty()) {
        wake_one(lock);
      }
      return next;
    }
    self.runs_until_poll_ = runs_between_polls;
    if (!is_polled_) {
      const bool may_wait = until != do_not_wait;
      if (!wait_for_events(self, lock, until) && queue_.empty() &&
          (!may_wait || netpoll::clock::now() >= until)) {
        return nullptr;
      }
    } else if (until == do_not_wait || netpoll::clock::now() >= until) {
      return nullptr;
    } else {
      wait_idle(self, lock, until);
    }
  }
}

// Waits in events_ and queues what it found. True if that was anything.
bool run_loop::wait_for_events(worker& self, std::unique_lock<std::mutex>& lock,
                               netpoll::nanotime until) {
  is_polled_ = true;
  self.is_polling_ = true;
  lock.unlock();
  events_.wait(until);
  lock.lock();
  self.is_polling_ = false;
  is_polled_ = false;
  const bool found = !self.found_.empty();
  queue_.splice(self.found_);
  // Somebody has to look at the events while this thread runs what it found or was queued before,
  // or when its time has come and it leaves.
  if (idle_ != nullptr && (found || until == do_not_wait || netpoll::clock::now() >= until)) {
    wake_one(lock);
  }
  return found;
}

void run_loop::wait_idle(worker& self, std::unique_lock<std::mutex>& lock,
                         netpoll::nanotime until) {
  self.is_woken_ = false;
  self.next_idle_ = idle_;
  idle_ = &self;
  const auto is_woken = [&] { return self.is_woken_; };
  if (until == netpoll::never || netpoll::clock::is_replaced()) {
    self.wake_up_.wait(lock, is_woken);
  } else {
    self.wake_up_.wait_until(lock, netpoll::to_steady_time(until), is_woken);
  }
  if (!self.is_woken_) {
    worker** at = &idle_;
    while (*at != &self) {
      at = &(*at)->next_idle_;
    }
    *at = self.next_idle_;
  }
}

// Makes sure one thread comes to look at the queue. Keeps the lock.
void run_loop::wake_one(std::unique_lock<std::mutex>&) noexcept {
  if (worker* const who = idle_) {
    idle_ = who->next_idle_;
    who->is_woken_ = true;
    who->wake_up_.notify_one();
  } else if (is_polled_ ||
             is_embedded_.load(std::memory_order_relaxed)) {  // relaxed: under the mutex
    events_.wake();
  }
}

void run_loop::embed() noexcept {
  const std::lock_guard lock(mutex_);
  is_embedded_.store(true, std::memory_order_release);
  tell_outer_loop();
}

void run_loop::post(operation& what) noexcept {
  if (worker* const self = worker::of(*this); self != nullptr && self->is_polling_) {
    self->found_.push(what);
    return;
  }
  std::unique_lock lock(mutex_);
  queue_.push(what);
  wake_one(lock);
}

void run_loop::stop() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_.store(true, std::memory_order_release);
  while (worker* const who = idle_) {
    idle_ = who->next_idle_;
    who->is_woken_ = true;
    who->wake_up_.notify_one();
  }
  if (is_polled_) {
    events_.wake();
  }
}

void run_loop::restart() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_.store(false, std::memory_order_release);
  tell_outer_loop();
}

void run_loop::work_finished() noexcept {
  const std::size_t before = work_.fetch_sub(1, std::memory_order_acq_rel);
  netpoll::check(before != 0, "more work finished than was started");
  if (before == 1) {
    stop();
  }
}

bool run_loop::destroy_queued() noexcept {
  operation_queue doomed;
  {
    const std::lock_guard lock(mutex_);
    doomed.splice(queue_);
  }
  const bool any = !doomed.empty();
  while (operation* const next = doomed.pop()) {
    next->destroy();
  }
  return any;
}

bool run_loop::runs_in_this_thread() const noexcept { return worker::of(*this) != nullptr; }

run_loop* run_loop::current() noexcept {
  worker* const self = worker::innermost();
  return self != nullptr ? &self->loop_ : nullptr;
}

}  // namespace NET_NAMESPACE
