// SPDX-License-Identifier: BSL-1.0
#include "net/execution/run_loop.h"

#include <algorithm>
#include <utility>

#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace {

// A worker looks at the shared queue each time it has to look around, and at the events if nobody
// did for so long, or after so many looks: readiness and timers must not starve behind operations
// that keep queueing others.
constexpr netpoll::nanotime time_between_polls = 20'000;
constexpr unsigned looks_between_polls = 16;

// A worker's share of the shared queue is no more than this, if there are others.
constexpr std::size_t share_limit = 128;

// Puts what is in `first` before what is in `queue`.
void prepend(operation_queue& queue, operation_queue& first) noexcept {
  first.splice(queue);
  queue.splice(first);
}

}  // namespace

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
  worker self(*this, many);
  if (work_.load(std::memory_order_acquire) == 0) {
    stop();
    return 0;
  }
  while (operation* const next = take(self, until())) {
    run_one_turn(self, *next);
    if (!many && self.runs() != 0) {
      break;
    }
  }
  if (self.has_captured()) [[unlikely]] {
    self.rethrow_captured();
  }
  return self.runs();
}

void run_loop::capture_exception() noexcept {
  worker* const self = worker::of(*this);
  netpoll::check(self != nullptr, "only a thread that runs the context can keep an exception");
  self->capture_exception();
}

void run_loop::run_one_turn(worker& self, operation& what) {
  // Ends the operation's work also when it leaves by an exception.
  struct at_end {
    run_loop& loop;
    worker& self;
    bool is_finished = true;
    ~at_end() {
      if (is_finished) {
        self.count_run();
        loop.work_finished(&self);
      }
    }
  } end{*this, self};
  self.beat().tick();
  end.is_finished = what.run(*this);
}

// Null: stopped, or nothing came before `until`.
[[gnu::always_inline]] inline operation* run_loop::take(worker& self, netpoll::nanotime until) {
  if (!stopped()) {
    if (operation* const next = self.pop_in_turn()) [[likely]] {
      if (self.size() != 0) {
        call_for_help();
      }
      return next;
    }
  }
  return search(self, until);
}

operation* run_loop::search(worker& self, netpoll::nanotime until) {
  for (;;) {
    if (stopped()) {
      return nullptr;
    }
    if (self.must_look()) {
      if (self.has_captured()) [[unlikely]] {
        return nullptr;
      }
      look_around(self);
      if (until != do_not_wait && has_come(until)) {
        return nullptr;  // although there may be something to run
      }
    }
    if (self.has_bound() && self.is_turn_of_bound()) [[unlikely]] {
      if (operation* const next = take_bound(self)) {
        return next;
      }
    }
    if (operation* const next = self.pop()) {
      if (self.size() != 0) {
        call_for_help();
      }
      return next;
    }
    if (!find_more(self, until)) {
      return nullptr;
    }
  }
}

operation* run_loop::take_bound(worker& self) noexcept {
  if (self.bound().empty()) {
    const std::lock_guard lock(mutex_);
    internal::thread_binding& mine = *self.binding();
    self.bound().splice(mine.inbox);
    mine.has_inbox.store(false, std::memory_order_relaxed);  // relaxed: under the mutex
  }
  return self.bound().pop();
}

// The worker has something to run, but others might starve.
void run_loop::look_around(worker& self) {
  const netpoll::nanotime now = netpoll::clock::now();
  self.set_about_now(now);
  // relaxed: a hint.
  const bool must_poll = now - last_poll_.load(std::memory_order_relaxed) >= time_between_polls ||
                         self.take_a_look() % looks_between_polls == 0;
  // relaxed: a hint.
  if (!must_poll && shared_size_.load(std::memory_order_relaxed) == 0 && inbox_.looks_empty()) {
    return;
  }
  unique_lock lock(mutex_);
  take_shared(self);
  if (must_poll && poller_ == nullptr) {
    wait_for_events(self, lock, do_not_wait);
  }
}

// The worker has nothing to run. False: nothing came before `until`.
bool run_loop::find_more(worker& self, netpoll::nanotime until) {
  self.has_looked();
  settle_credit(self);
  if (is_alone() && !stopped() && !self.has_bound()) {
    look_at_events(self, until);
    return self.size() != 0 || !has_come(until);
  }
  unique_lock lock(mutex_);
  // relaxed: under the mutex.
  if (stopped_.load(std::memory_order_relaxed) || self.has_bound()) {
    end_search(self);
    return true;  // take() sees it
  }
  if (take_shared(self) || steal(self)) {
    has_found(self);
    return true;
  }
  end_search(self);
  if (poller_ == nullptr) {
    wait_for_events(self, lock, until);
    return self.size() != 0 || has_shared() || self.has_bound() || !has_come(until);
  }
  if (until == do_not_wait || has_come(until)) {
    return false;
  }
  wait_idle(self, lock, until);
  return true;
}

// Needs mutex_. Moves the worker's share of the shared queue to its own; false if there is none.
bool run_loop::take_shared(worker& self) noexcept {
  empty_inbox();
  if (shared_.empty()) {
    return false;
  }
  const std::size_t size =
      shared_size_.load(std::memory_order_relaxed);  // relaxed: under the mutex
  std::size_t count = size;
  if (worker_count_ == 1) {
    self.append(shared_, size);
  } else {
    count = std::min((size + worker_count_ - 1) / worker_count_, share_limit);
    operation_queue share;
    for (std::size_t i = 0; i != count; ++i) {
      share.push(*shared_.pop());
    }
    self.append(share, count);
  }
  shared_size_.store(size - count, std::memory_order_relaxed);  // relaxed: a hint for all others
  return true;
}

// Needs mutex_, so that no worker leaves meanwhile and only one steals at a time.
bool run_loop::steal(worker& self) noexcept {
  if (worker_count_ == 1) {
    return false;
  }
  // Round robin: from the one after the last victim.
  for (unsigned i = 0; i != worker_count_; ++i) {
    worker* const victim = next_victim_ != nullptr ? next_victim_ : workers_.front();
    next_victim_ = victim->list_next;
    operation_queue loot;
    if (victim == &self) {
      continue;
    }
    if (const std::size_t count = victim->steal(loot)) {
      self.append(loot, count);
      self.counts().steals.add();
      return true;
    }
  }
  return false;
}

// As long as all workers are busy nobody has to be told: each looks into the inbox in time. Who
// falls asleep counts himself first and then looks, so he finds what was pushed because nobody slept.
void run_loop::post_shared(operation& what) noexcept {
  // relaxed, all: ordered by the inbox's lock.
  const auto must_wake = [this] {
    return (sleepers_.load(std::memory_order_relaxed) != 0 &&
            !is_searched_.load(std::memory_order_relaxed)) ||
           is_embedded_.load(std::memory_order_relaxed);
  };
  if (!must_wake() && inbox_.push_unless(what, must_wake)) [[likely]] {
    return;
  }
  const std::lock_guard lock(mutex_);
  inbox_.push(what);
  wake_one();
}

// Needs mutex_. Moves what came from outside to where it has its turn.
void run_loop::empty_inbox() noexcept {
  if (const std::size_t count = inbox_.take_all(shared_)) {
    // relaxed: under the mutex, and a hint for all others.
    shared_size_.store(shared_size_.load(std::memory_order_relaxed) + count,
                       std::memory_order_relaxed);
  }
}

void run_loop::post(operation& what, internal::thread_binding& to) noexcept {
  if (worker* const self = worker::of(*this); self != nullptr && self->binding() == &to) {
    self->bound().push(what);
    return;
  }
  const std::lock_guard lock(mutex_);
  to.inbox.push(what);
  to.has_inbox.store(true,
                     std::memory_order_relaxed);  // relaxed: read under the mutex before sleep
  if (to.present != nullptr) {
    wake(*to.present);
  }
  tell_outer_loop();
}

internal::thread_binding& run_loop::bind_to_this_thread() {
  worker* const self = worker::of(*this);
  netpoll::check(self != nullptr, "only a thread that runs the context can be bound to");
  if (self->binding() == nullptr) {
    auto made = std::make_unique<bound_thread>();
    made->thread = ::pthread_self();
    made->binding.present = self;
    const std::lock_guard lock(mutex_);
    bindings_.push_back(std::move(made));
    self->set_binding(&bindings_.back()->binding);
  }
  return *self->binding();
}

// Needs mutex_. The binding of the calling thread, if it was ever bound to.
internal::thread_binding* run_loop::find_binding() noexcept {
  for (const auto& each : bindings_) {
    if (::pthread_equal(each->thread, ::pthread_self()) != 0) {
      return &each->binding;
    }
  }
  return nullptr;
}

void run_loop::add_worker(worker& self) noexcept {
  const std::lock_guard lock(mutex_);
  workers_.add(self);
  ++worker_count_;
  if (internal::thread_binding* const mine = find_binding()) {
    if (mine->present != nullptr) {
      // This run function was called inside another one on the same loop.
      mine->present->set_binding(nullptr);
      prepend(mine->inbox, mine->present->bound());
      mine->has_inbox.store(!mine->inbox.empty(),
                            std::memory_order_relaxed);  // relaxed: own thread
    }
    mine->present = &self;
    self.set_binding(mine);
  }
}

// What the worker has not run is left to the others, or to the next one.
void run_loop::remove_worker(worker& self) noexcept {
  settle_credit(self);
  unique_lock lock(mutex_);
  end_search(self);
  // relaxed, all: under the mutex.
  const bool is_stopped = stopped_.load(std::memory_order_relaxed);
  if (is_embedded_.load(std::memory_order_relaxed) && is_stopped && poller_ == nullptr) {
    // Stopped or out of work, it did not look: what made the source readable would do so for ever.
    wait_for_events(self, lock, do_not_wait);
  }
  workers_.remove(self);
  --worker_count_;
  next_victim_ = nullptr;
  past_.add(self.counts());
  operation_queue left;
  const std::size_t count = self.take_all(left);
  prepend(shared_, left);
  shared_size_.store(shared_size_.load(std::memory_order_relaxed) + count,
                     std::memory_order_relaxed);
  if (internal::thread_binding* const mine = self.binding()) {
    prepend(mine->inbox, self.bound());
    mine->has_inbox.store(!mine->inbox.empty(), std::memory_order_relaxed);
    mine->present = nullptr;
    for (worker* each = self.outer(); each != nullptr; each = each->outer()) {
      if (&each->loop() == this) {
        mine->present = each;
        each->set_binding(mine);
        break;
      }
    }
  }
  if (sleepers_.load(std::memory_order_relaxed) != 0 && !is_stopped) {
    wake_one();
  }
  if (!is_stopped) {
    tell_outer_loop();
  }
}

void run_loop::forget_other_threads() noexcept {
  internal::worker_beat::forget_other_threads();
  const auto is_of_this_thread = [](const worker* which) {
    const worker* each = internal::this_thread_state().innermost;
    while (each != nullptr && each != which) {
      each = each->outer();
    }
    return each != nullptr;
  };
  const std::lock_guard lock(mutex_);
  worker* next = nullptr;
  for (worker* each = workers_.front(); each != nullptr; each = next) {
    next = each->list_next;
    if (is_of_this_thread(each)) {
      continue;
    }
    workers_.remove(*each);
    --worker_count_;
    past_.add(each->counts());
    operation_queue left;
    const std::size_t count = each->take_all(left);
    prepend(shared_, left);
    shared_size_.store(shared_size_.load(std::memory_order_relaxed) + count,
                       std::memory_order_relaxed);  // relaxed, here and below: one thread
  }
  for (const auto& each : bindings_) {
    if (!is_of_this_thread(each->binding.present)) {
      each->binding.present = nullptr;
    }
  }
  idle_ = nullptr;
  poller_ = nullptr;
  next_victim_ = nullptr;
  sleepers_in_time_ = 0;
  sleepers_.store(0, std::memory_order_relaxed);
  is_searched_.store(false, std::memory_order_relaxed);
}

// Needs mutex_.
void run_loop::tell_outer_loop() noexcept {
  // relaxed: under the mutex.
  if (!is_embedded_.load(std::memory_order_relaxed)) {
    return;
  }
  bool has_work = has_shared();
  for (const auto& each : bindings_) {
    has_work |= !each->binding.inbox.empty();
  }
  if (has_work) {
    events_.wake();
  }
}

void run_loop::embed() noexcept {
  const std::lock_guard lock(mutex_);
  is_embedded_.store(true, std::memory_order_release);
  tell_outer_loop();
}

void run_loop::stop() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_.store(true, std::memory_order_release);
  while (idle_ != nullptr) {
    wake_idle(*idle_);
  }
  if (poller_ != nullptr) {
    events_.wake();
  }
}

void run_loop::restart() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_.store(false, std::memory_order_release);
  tell_outer_loop();
}

void run_loop::finish_work(std::size_t count) noexcept {
  const std::size_t before = work_.fetch_sub(count, std::memory_order_acq_rel);
  netpoll::check(before >= count, "more work finished than was started");
  if (before == count) {
    stop();
  }
}

void run_loop::settle_credit(worker& self) noexcept {
  if (const std::size_t credit = self.take_credit()) {
    finish_work(credit);
  }
}

bool run_loop::destroy_queued() noexcept {
  operation_queue doomed;
  {
    const std::lock_guard lock(mutex_);
    empty_inbox();
    doomed.splice(shared_);
    for (const auto& each : bindings_) {
      doomed.splice(each->binding.inbox);
    }
    shared_size_.store(0, std::memory_order_relaxed);  // relaxed: nobody else is left
  }
  const bool any = !doomed.empty();
  while (operation* const next = doomed.pop()) {
    next->destroy();
  }
  return any;
}

void run_loop::totals::add(const internal::worker_counts& more) noexcept {
  fibers_spawned += more.fibers_spawned.get();
  fibers_finished += more.fibers_finished.get();
  switches += more.switches.get();
  steals += more.steals.get();
}

unsigned run_loop::worker_count() const noexcept {
  const std::lock_guard lock(mutex_);
  return worker_count_;
}

run_loop::totals run_loop::counts() const {
  const std::lock_guard lock(mutex_);
  return sum_of_counts();
}

// Needs mutex_.
run_loop::totals run_loop::sum_of_counts() const noexcept {
  totals sum = past_;
  for (const worker* each = workers_.front(); each != nullptr; each = each->list_next) {
    sum.add(each->counts());
  }
  return sum;
}

void run_loop::count_spawn() noexcept {
  const std::lock_guard lock(mutex_);
  ++past_.fibers_spawned;
}

void run_loop::count_finish() noexcept {
  const std::lock_guard lock(mutex_);
  ++past_.fibers_finished;
}

}  // namespace NET_NAMESPACE
