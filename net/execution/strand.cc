// SPDX-License-Identifier: BSL-1.0
#include "net/execution/strand.h"

#include <memory>

#include "net/execution/run_loop.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE::internal {
namespace {

void destroy_all(operation_queue& queue) noexcept {
  while (operation* const each = queue.pop()) {
    each->destroy();
  }
}

// An executor need not have a loop, and the functions that a strand runs do without. Fibers do not,
// but their executors have one.
run_loop& no_loop() noexcept {
  class no_events final : public event_source {
   public:
    void wait(netpoll::nanotime) override { fail(); }
    void wake() noexcept override {}
    void add_timer(netpoll::timer_queue::entry&, netpoll::waiter&, netpoll::nanotime) override {
      fail();
    }
    bool remove_timer(netpoll::timer_queue::entry&, netpoll::waiter&) noexcept override {
      return false;
    }
    netpoll::nanotime next_timer() const noexcept override { return netpoll::never; }

   private:
    static void fail() { netpoll::check(false, "what needs a run loop was run outside of one"); }
  };
  // Never destroyed, as a strand may be used at the very end of the program.
  static auto& context = *new execution_context;
  static auto& events = *new no_events;
  static auto& loop = *new run_loop(context, events);
  return loop;
}

}  // namespace

strand_queue::~strand_queue() {
  destroy_all(turn_);
  destroy_all(waiting_);
}

bool strand_queue::push(operation& what) noexcept {
  const std::lock_guard lock(mutex_);
  if (is_taken_) {
    waiting_.push(what);
    return false;
  }
  is_taken_ = true;
  turn_.push(what);
  return true;
}

void strand_queue::abandon() noexcept {
  operation_queue doomed;
  {
    const std::lock_guard lock(mutex_);
    doomed.splice(turn_);
    doomed.splice(waiting_);
    is_taken_ = false;
  }
  destroy_all(doomed);
}

// What a function that throws leaves behind stays where it is, before what came meanwhile.
void strand_queue::run_turn() {
  run_loop* const current = run_loop::current();
  run_loop& loop = current != nullptr ? *current : no_loop();
  while (operation* const next = turn_.pop()) {
    (void)next->run(loop);
  }
}

bool strand_queue::leave() noexcept {
  const std::lock_guard lock(mutex_);
  turn_.splice(waiting_);
  is_taken_ = !turn_.empty();
  return is_taken_;
}

strand_queue::entry::entry(const strand_queue& queue) noexcept
    : queue_(queue), outer_(std::exchange(innermost(), this)) {}

strand_queue::entry::~entry() { innermost() = outer_; }

// Not inlined: see this_thread_state().
[[gnu::noinline]] const strand_queue::entry*& strand_queue::innermost() noexcept {
  static constinit thread_local const entry* on_this_thread = nullptr;
  asm volatile("" ::: "memory");
  return on_this_thread;
}

bool strand_queue::runs_in_this_thread() const noexcept {
  for (const entry* each = innermost(); each != nullptr; each = each->outer_) {
    if (&each->queue_ == this) {
      return true;
    }
  }
  return false;
}

std::shared_ptr<strand_queue> make_strand_queue() { return std::make_shared<strand_queue>(); }

}  // namespace NET_NAMESPACE::internal
