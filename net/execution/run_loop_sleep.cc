// SPDX-License-Identifier: BSL-1.0
//
// How the workers of a run loop fall asleep, and who wakes them. What is pushed without the mutex
// is seen by one who falls asleep after it, or sees him: call_for_help() and
// finds_work_before_sleep().
#include "net/execution/run_loop.h"

namespace NET_NAMESPACE {

// Whether the calling thread, a worker, is the only one that there is, and nothing waits but in its
// own queue. Then it has nobody to lock the loop against, nobody to tell that it sleeps, and nobody
// who could post until it runs the next operation: waiting resumes, and calls no handler.
bool run_loop::is_alone() const noexcept {
  // relaxed, all: there is nobody else.
  return netpoll::is_single_threaded() && worker_count_ == 1 && shared_.empty() &&
         inbox_.looks_empty() && !is_embedded_.load(std::memory_order_relaxed) &&
         idle_check_.load(std::memory_order_relaxed) == nullptr;
}

// Waits for events, which are queued with the worker as they come.
void run_loop::look_at_events(worker& self, netpoll::nanotime until) {
  const bool may_sleep = until != do_not_wait;
  self.is_polling = true;
  if (may_sleep) {
    self.beat().rest();
  }
  events_.wait(until);
  self.beat().tick();
  const netpoll::nanotime now = netpoll::clock::now();
  self.set_about_now(now);
  last_poll_.store(now, std::memory_order_relaxed);  // relaxed: a hint
  self.is_polling = false;
}

// Needs mutex_. Waits for events while the others sleep, or work.
void run_loop::wait_for_events(worker& self, unique_lock& lock, netpoll::nanotime until) {
  const bool may_sleep = until != do_not_wait;
  poller_ = &self;
  if (may_sleep) {
    add_sleepers(1);
    sleepers_in_time_ += until != netpoll::never;
    const bool found = finds_work_before_sleep(self) || finds_work_in_idle_check(self, lock);
    if (found) {
      poller_ = nullptr;
      sleepers_in_time_ -= until != netpoll::never;
      add_sleepers(-1);
      // As below: it may have been woken while it checked, and others may be idle.
      is_searched_.store(false, std::memory_order_relaxed);  // relaxed: under the mutex
      if (idle_ != nullptr) {
        wake_one();
      }
      return;
    }
  }
  const std::size_t size_before = self.size();
  lock.unlock();
  look_at_events(self, until);
  lock.lock();
  poller_ = nullptr;
  if (may_sleep) {
    sleepers_in_time_ -= until != netpoll::never;
    add_sleepers(-1);
    // relaxed: under the mutex. Whoever woke this thread finds it looking.
    is_searched_.store(false, std::memory_order_relaxed);
  }
  // Somebody has to look at the events while this thread runs what it found or had before, or when
  // its time has come and it leaves.
  if (idle_ != nullptr &&
      (!may_sleep || self.size() > size_before || self.has_bound() || has_come(until))) {
    wake_one();
  }
}

// Needs mutex_. Somebody else waits for events.
void run_loop::wait_idle(worker& self, unique_lock& lock, netpoll::nanotime until) {
  self.idle.is_woken = false;
  self.idle.next = idle_;
  idle_ = &self;
  add_sleepers(1);
  sleepers_in_time_ += until != netpoll::never;
  if (!finds_work_before_sleep(self)) {
    if (may_be_stuck()) {
      events_.wake();  // it is for the one who waits for events to say: he may have some
    }
    const auto is_woken = [&] { return self.idle.is_woken; };
    self.beat().rest();
    if (until == netpoll::never || netpoll::clock::is_replaced()) {
      self.idle.wake_up.wait(lock, is_woken);
    } else {
      self.idle.wake_up.wait_until(lock, netpoll::to_steady_time(until), is_woken);
    }
    self.beat().tick();
  }
  if (!self.idle.is_woken) {
    remove_idle(self);
  }
  sleepers_in_time_ -= until != netpoll::never;
}

// Needs mutex_. The worker counts as a sleeper already, so whoever pushes from now on calls for
// help; what was pushed before is seen here.
bool run_loop::finds_work_before_sleep(worker& self) noexcept {
  if (worker_count_ != 1) {
    netpoll::heavy_fence();  // with call_for_help()
    if (steal(self)) {
      return true;
    }
  }
  return !inbox_.empty();  // see post_shared()
}

// Needs mutex_. Whether everybody sleeps, and nothing is under way that the loop knows of but
// fibers.
bool run_loop::may_be_stuck() const noexcept {
  // relaxed, all: under the mutex, or as where they are written.
  if (idle_check_.load(std::memory_order_relaxed) == nullptr ||
      is_embedded_.load(std::memory_order_relaxed) ||
      sleepers_.load(std::memory_order_relaxed) != worker_count_ || sleepers_in_time_ != 0 ||
      events_.next_timer() != netpoll::never) {
    return false;
  }
  const totals sum = sum_of_counts();
  // Nobody runs, so all has been counted.
  return sum.fibers_spawned - sum.fibers_finished == work_.load(std::memory_order_relaxed);
}

bool run_loop::has_slept_since(const totals& before) const noexcept {
  const std::lock_guard lock(mutex_);
  const totals now = sum_of_counts();
  return may_be_stuck() && !has_shared() && now.switches == before.switches &&
         now.wakes == before.wakes;
}

// Needs mutex_, and gives it up for a while if there is something to check. For the one who is
// about to wait for events: all others are really asleep.
bool run_loop::finds_work_in_idle_check(worker& self, unique_lock& lock) noexcept {
  if (!may_be_stuck()) {
    return false;
  }
  const auto check = idle_check_.load(std::memory_order_relaxed);  // relaxed: as above
  lock.unlock();
  if (check != nullptr) {
    check(*this);
  }
  lock.lock();
  return has_shared() || self.size() != 0 || self.has_bound() ||
         stopped_.load(std::memory_order_relaxed);
}

// Needs mutex_.
void run_loop::add_sleepers(int count) noexcept {
  // relaxed: written under the mutex; for those who read without, there are the fences, and the
  // inbox's lock.
  sleepers_.store(sleepers_.load(std::memory_order_relaxed) + static_cast<unsigned>(count),
                  std::memory_order_relaxed);
}

// Needs mutex_.
void run_loop::remove_idle(worker& who) noexcept {
  worker** at = &idle_;
  while (*at != &who) {
    at = &(*at)->idle.next;
  }
  *at = who.idle.next;
  add_sleepers(-1);
}

// Needs mutex_. `who` is in idle_.
void run_loop::wake_idle(worker& who) noexcept {
  remove_idle(who);
  who.idle.is_woken = true;
  who.idle.wake_up.notify_one();
}

// Needs mutex_. The worker has work. Whoever is woken to find some wakes the next one, as long as
// there is more.
void run_loop::has_found(worker& self) noexcept {
  const bool was_searching = self.is_searching;
  end_search(self);
  if (sleepers_.load(std::memory_order_relaxed) == 0) {  // relaxed: under the mutex
    return;
  }
  if (was_searching) {
    netpoll::heavy_fence();  // with call_for_help(), which left it to this one
  }
  bool is_more = has_shared() || self.size() > 1;
  for (worker* each = workers_.front(); !is_more && each != nullptr; each = each->list_next) {
    is_more = each != &self && each->size() != 0;
  }
  if (is_more) {
    wake_one();
  }
}

// Needs mutex_.
void run_loop::end_search(worker& self) noexcept {
  if (self.is_searching) {
    self.is_searching = false;
    is_searched_.store(false, std::memory_order_relaxed);  // relaxed: the fences that follow
  }
}

// Needs mutex_. Makes sure one thread comes to look at the queues.
void run_loop::wake_one() noexcept {
  // relaxed, all: under the mutex.
  if (is_searched_.load(std::memory_order_relaxed)) {
    return;
  }
  if (idle_ != nullptr) {
    idle_->is_searching = true;
    is_searched_.store(true, std::memory_order_relaxed);
    wake_idle(*idle_);
    ++past_.wakes;
  } else if (sleepers_.load(std::memory_order_relaxed) != 0) {
    is_searched_.store(true, std::memory_order_relaxed);
    events_.wake();
    ++past_.wakes;
  } else if (is_embedded_.load(std::memory_order_relaxed)) {
    events_.wake();
  }
}

void run_loop::wake_somebody() noexcept {
  const std::lock_guard lock(mutex_);
  wake_one();
}

// Needs mutex_. Wakes this one if it sleeps.
void run_loop::wake(worker& who) noexcept {
  if (poller_ == &who) {
    events_.wake();
    return;
  }
  for (worker* each = idle_; each != nullptr; each = each->idle.next) {
    if (each == &who) {
      wake_idle(who);
      return;
    }
  }
}

}  // namespace NET_NAMESPACE
