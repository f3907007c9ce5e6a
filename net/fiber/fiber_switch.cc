// SPDX-License-Identifier: BSL-1.0
//
// How fibers take their turns on a thread. A fiber that leaves its stack goes on directly to the
// next fiber in the worker's queue, if that is what comes next; else back to the thread, whose run
// loop decides. Whoever runs then does for the one who left what could not be done while he was
// still on his stack: queue him, publish his waiter, or free him.
#include <cxxabi.h>

#include <exception>
#include <utility>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"
#include "net/fiber/fiber_host.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/join_waiter.h"
#include "net/fiber/lock_watch.h"
#include "net/fiber/stack_overflow.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE::internal {

constinit std::atomic<const lock_watch*> lock_watch::installed{nullptr};

fiber_host::fiber_host(giver given_by, worker* mine) noexcept
    : by(given_by),
      self(mine),
      globals(reinterpret_cast<exception_globals*>(abi::__cxa_get_globals())) {
  install_overflow_handler();
}

__attribute__((no_sanitize("thread"))) void fiber_host::enter(fiber_state& first) noexcept {
  const lock_watch* const watch = lock_watch::get();
  const unsigned locks = watch != nullptr ? watch->begin() : 0;
  fiber_host* const outer = std::exchange(this_thread_state().host, this);
  exceptions = *globals;
  sanitizer.adopt_current_thread();
  sanitizer.start_switch(first.sanitizer_, false);
  netpoll_switch_context(&context, first.context_);
  sanitizer.finish_switch(departed->sanitizer_);
  *globals = exceptions;
  running = nullptr;
  this_thread_state().host = outer;
  if (watch != nullptr) {
    watch->end(locks);
  }
}

// What follows is run at each switch, and inlined into what leaves a stack.

[[gnu::always_inline]] inline void fiber_state::make_runnable(worker* self) noexcept {
  activity_.store(activity::ready, std::memory_order_relaxed);  // relaxed: nothing hangs on it
  if (route_ != nullptr) [[unlikely]] {
    route_->post(*this);
  } else if (binding_ != nullptr) [[unlikely]] {
    loop_.post(*this, *binding_);
  } else {
    loop_.post(*this, self);
  }
}

[[gnu::always_inline]] inline void fiber_state::make_runnable(fiber_host& host) noexcept {
  make_runnable(host.by == fiber_host::giver::loop ? host.self : worker::of(loop_));
}

// Does, from another stack, what the fiber left its own for. It may be gone after this. Throws,
// where a fiber has no successor, what one without a handle threw.
[[gnu::always_inline]] inline void fiber_state::settle(fiber_host& host) {
  switch (departure_) {
    case departure::yielded: make_runnable(host); break;
    case departure::parked:
      if (!commit_park()) {
        make_runnable(host);
      }
      break;
    case departure::finished: finish(host); break;
  }
}

// The fiber to go on with directly, taken out of the queue; null if there is none.
[[gnu::always_inline]] inline fiber_state* fiber_state::successor(fiber_host& host) noexcept {
  if (host.self == nullptr || (rethrows_ && error_ != nullptr)) {
    return nullptr;  // an exception must leave the run function
  }
  auto* const next =
      static_cast<fiber_state*>(host.self->loop().next_if(*host.self, &run_or_unwind));
  return next == nullptr && departure_ == departure::finished ? wake_joiner(host) : next;
}

// The fiber has finished and nobody else is to run: he who joins it may, as if he had been queued.
// Null if there is no such fiber.
fiber_state* fiber_state::wake_joiner(fiber_host& host) noexcept {
  word who = ending_.load(std::memory_order_acquire);
  if (who == owned || who == alone || !host.self->runs_many || loop_.stopped() ||
      !host.self->may_go_on() ||
      // From here on his waiter is there until it is resumed from here.
      !ending_.compare_exchange_strong(who, owned, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
    return nullptr;
  }
  auto& waiter = *static_cast<join_waiter*>(reinterpret_cast<netpoll::waiter*>(who));
  fiber_state* const joiner = waiter.joiner_;
  if (joiner != nullptr && &joiner->loop_ == &loop_ && joiner->route_ == nullptr &&
      joiner->binding_ == nullptr && joiner->park_.take(waiter)) {
    is_joined_ = true;  // he has the handle, and does not look before this one has ended
    return joiner;
  }
  waiter.resume(netpoll::wake_reason::ready);  // he finds that he has to wait again, or not
  return nullptr;
}

// On the fiber's own stack, when it begins or goes on.
__attribute__((no_sanitize("thread"))) void fiber_state::arrive() noexcept {
  fiber_host& host = *this_thread_state().host;
  fiber_state* const before = std::exchange(host.departed, nullptr);
  sanitizer_.finish_switch(before != nullptr ? before->sanitizer_ : host.sanitizer);
  *host.globals = exceptions_;
  host.running = this;
  activity_.store(activity::running, std::memory_order_relaxed);  // relaxed: nothing hangs on it
  if (host.self != nullptr) {
    host.self->counts().switches.add();
    host.self->beat().tick();
  }
  if (before != nullptr) {
    before->settle(host);
  }
}

// From the fiber's stack to whoever is next. Returns, unless the fiber has finished, when it is
// entered again, maybe on another thread.
__attribute__((no_sanitize("thread"))) void fiber_state::leave(departure why,
                                                               fiber_host& host) noexcept {
  if (const lock_watch* const watch = lock_watch::get(); watch != nullptr) [[unlikely]] {
    watch->leaving(*this, why == departure::parked    ? lock_watch::step::waits
                          : why == departure::yielded ? lock_watch::step::yields
                                                      : lock_watch::step::ends);
  }
  departure_ = why;
  exceptions_ = *host.globals;
  host.departed = this;
  fiber_state* const next = successor(host);
  netpoll::sanitizer_stack& to = next != nullptr ? next->sanitizer_ : host.sanitizer;
  sanitizer_.start_switch(to, why == departure::finished);
  netpoll_switch_context(&context_, next != nullptr ? next->context_ : host.context);
  arrive();
}

bool fiber_state::run_or_unwind(operation& self, run_loop* loop) {
  auto& state = static_cast<fiber_state&>(self);
  if (loop == nullptr) {
    state.unwind();
  } else {
    fiber_host host(fiber_host::giver::loop, this_thread_state().innermost);
    state.enter_from_here(host);
  }
  return false;  // what finishes is counted there: it need not be the fiber that was entered
}

void fiber_state::run_slice() {
  fiber_host host(fiber_host::giver::executor, nullptr);
  enter_from_here(host);
}

// Runs the fiber to its end, with everything it waits for failing.
void fiber_state::unwind() noexcept {
  is_unwinding_ = true;
  fiber_host host(fiber_host::giver::nobody, nullptr);
  if (has_started_) {
    enter_from_here(host);
  } else {
    finish(host);
  }
}

void fiber_state::enter_from_here(fiber_host& host) {
  host.enter(*this);
  host.departed->settle(host);
}

fiber_slice::~fiber_slice() {
  if (who_ != nullptr) {
    who_->unwind();
  }
}

void fiber_slice::operator()() { std::exchange(who_, nullptr)->run_slice(); }

void fiber_state::entry(void* argument) noexcept {
  auto& self = *static_cast<fiber_state*>(argument);
  self.has_started_ = true;
  self.arrive();
  try {
    if (self.starts_pinned_) {
      self.pin();
    }
    self.call_body_(self.body_, self);
  } catch (const fiber_unwind&) {
    // The stack is unwound, which is all that was wanted.
  } catch (...) {
    // While unwinding there is nobody left to tell.
    self.error_ = self.is_unwinding_ ? nullptr : std::current_exception();
  }
  self.destroy_body_(self.body_);
  if (self.attachment_ != nullptr) {
    self.attachment_->end();
  }
  self.leave(departure::finished, *this_thread_state().host);
}

void fiber_state::yield(fiber_host& host) {
  fiber_state& self = *host.running;
  if (!self.is_unwinding_) {
    if (host.self != nullptr && host.self->may_go_on() && !self.loop_.stopped()) {
      host.self->beat().tick();
      return;  // there is nobody else
    }
    self.leave(departure::yielded, host);
  }
  if (self.is_unwinding_) [[unlikely]] {
    (void)self.unwound();
  }
}

void fiber_state::make_runnable() noexcept { make_runnable(worker::of(loop_)); }

void fiber_state::pin() {
  netpoll::check(route_ == nullptr, "a fiber cannot be pinned to a thread and obey an executor");
  if (pins_ == 0 && !is_unwinding_) {
    binding_ = &loop_.bind_to_this_thread();
  }
  ++pins_;
}

void fiber_state::unpin() noexcept {
  if (--pins_ == 0) {
    binding_ = nullptr;
  }
}

}  // namespace NET_NAMESPACE::internal
