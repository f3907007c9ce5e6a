// SPDX-License-Identifier: BSL-1.0
#include "netpoll/io_request.h"

#include <sys/poll.h>

#include <cerrno>

#include "netpoll/describe.h"
#include "netpoll/error.h"
#include "netpoll/fd.h"

namespace netpoll {
namespace {

std::error_code cancelled() noexcept { return system_error_code(ECANCELED); }

}  // namespace

// Of what follows advance() and commit() are made, and parks() of both: one function each, since
// every operation goes through them. What they read of the request again and again is handed on,
// for no compiler may keep it beyond an atomic access.

[[gnu::always_inline]] inline io_request::step io_request::finish(poll_descriptor& descriptor,
                                                                  direction which) noexcept {
  if (insists_) [[unlikely]] {
    // The try that was to come did not: what it would have found is there for the next operation.
    descriptor.restore_ready(which);
  }
  descriptor.unlock(which, holds_reference_);
  holds_reference_ = false;
  phase_ = phase::finished;
  return step::done;
}

[[gnu::noinline]] io_request::step io_request::finish(std::error_code error) noexcept {
  error_ = error;
  if (phase_ == phase::owning) {
    return finish(*descriptor_, direction_);
  }
  phase_ = phase::finished;
  return step::done;
}

// The direction and a reference are ours: tries until done or there is reason to wait.
[[gnu::always_inline]] inline io_request::step io_request::try_on(poll_descriptor& descriptor,
                                                                  direction which) noexcept {
  for (;;) {
    if (descriptor.is_interrupted(which, epoch_) || keeps_time_) [[unlikely]] {
      if (descriptor.is_cancelled(epoch_)) {
        return finish(cancelled());
      }
      // Otherwise a deadline. It may have been moved since the timer fired; a close shows when the
      // reference is taken.
      if (descriptor.is_expired(which, keeps_time_)) {
        return finish(make_error_code(errc::deadline_exceeded));
      }
    }
    if (!descriptor.consume_ready(which) && !insists_ && descriptor.is_pollable()) {
      return step::wait;
    }
    insists_ = false;
    const outcome what = attempt(descriptor.number());
    if (what == outcome::done) [[likely]] {
      descriptor.restore_ready(which);
      return finish(descriptor, which);
    }
    if (what == outcome::drained) {
      if (descriptor.must_try_again(which)) {
        descriptor.restore_ready(which);
      }
      return finish(descriptor, which);
    }
    if (what == outcome::nap) {
      naps_ = true;
      insists_ = true;
      descriptor.set_nap(which, add_saturated(clock::now(), nap_ns_));
      return step::wait;
    }
    if (!descriptor.is_pollable()) {
      return finish(system_error_code(EAGAIN));  // nothing would ever tell when to try again
    }
  }
}

// The direction is ours, a reference perhaps not.
[[gnu::always_inline]] inline io_request::step io_request::go_on(poll_descriptor& descriptor,
                                                                 direction which) noexcept {
  if (!holds_reference_) {
    if (!descriptor.mutex().add_reference()) {
      return finish(make_error_code(errc::closed));
    }
    holds_reference_ = true;
  }
  return try_on(descriptor, which);
}

// The direction and a reference have been taken. False: of a descriptor that has been given to
// another use since start(); the request is finished.
[[gnu::always_inline]] inline bool io_request::enter(poll_descriptor& descriptor,
                                                     direction which) noexcept {
  phase_ = phase::owning;
  holds_reference_ = true;
  if (!descriptor.is_current(generation_)) [[unlikely]] {
    finish(make_error_code(errc::closed));
    return false;
  }
  descriptor.begin_operation(which);
  return true;
}

[[gnu::always_inline]] inline io_request::step io_request::begin() noexcept {
  if (descriptor_ == nullptr) [[unlikely]] {
    return finish(make_error_code(errc::closed));
  }
  poll_descriptor& descriptor = *descriptor_;
  const direction which = direction_;
  const fd_mutex::lock_result locked = descriptor.mutex().try_lock(which);
  if (locked == fd_mutex::lock_result::acquired) [[likely]] {
    return enter(descriptor, which) ? try_on(descriptor, which) : step::done;
  }
  return locked == fd_mutex::lock_result::busy ? step::wait : finish(make_error_code(errc::closed));
}

// In the queue until now, and resumed.
[[gnu::noinline]] io_request::step io_request::take_over() noexcept {
  poll_descriptor& descriptor = *descriptor_;
  if (reason() != wake_reason::ready) {
    return finish(reason() == wake_reason::closed || !descriptor.is_current(generation_)
                      ? make_error_code(errc::closed)
                      : cancelled());
  }
  // The direction was handed over by the operation before this one.
  phase_ = phase::owning;
  if (!descriptor.mutex().add_reference()) {
    return finish(make_error_code(errc::closed));
  }
  return enter(descriptor, direction_) ? try_on(descriptor, direction_) : step::done;
}

[[gnu::always_inline]] inline io_request::step io_request::take_step() noexcept {
  if (phase_ == phase::queued) [[unlikely]] {
    return take_over();
  }
  if (phase_ == phase::finished) [[unlikely]] {
    return step::done;
  }
  // Cancelled by withdrawing just this request, from a queue or from where it was parked: no epoch
  // tells.
  if (reason() == wake_reason::cancelled) [[unlikely]] {
    return finish(cancelled());
  }
  return phase_ == phase::owning ? go_on(*descriptor_, direction_) : begin();
}

io_request::step io_request::advance() noexcept { return take_step(); }

// Whether what would have ended a queued operation has happened before it could queue up.
bool io_request::is_too_late(const waiter& who) noexcept {
  const auto& mine = static_cast<const io_request&>(who);
  return !mine.descriptor_->is_current(mine.generation_) ||
         mine.descriptor_->is_cancelled(mine.epoch_);
}

// Commits a request that does not own its direction: into the queue.
[[gnu::noinline]] bool io_request::enqueue() noexcept {
  phase_ = phase::queued;  // before it is true: it may be resumed before the call returns
  switch (descriptor_->mutex().lock_or_enqueue(direction_, *this, &io_request::is_too_late)) {
    case fd_mutex::lock_result::busy: return true;
    case fd_mutex::lock_result::acquired: enter(*descriptor_, direction_); return false;
    case fd_mutex::lock_result::refused:
      phase_ = phase::idle;
      finish(descriptor_->is_current(generation_) ? cancelled() : make_error_code(errc::closed));
      return false;
    case fd_mutex::lock_result::closed: break;
  }
  phase_ = phase::idle;  // advance() finds it closed
  return false;
}

[[gnu::always_inline]] inline bool io_request::park() noexcept {
  if (phase_ == phase::idle) [[unlikely]] {
    return enqueue();
  }
  poll_descriptor& descriptor = *descriptor_;
  const direction which = direction_;
  const bool naps = naps_;
  naps_ = false;
  bool is_armed = descriptor.arm(which);
  if (!is_armed && naps) {
    // A nap is not ended by readiness; the try that follows it clears what is there.
    descriptor.consume_ready(which);
    is_armed = descriptor.arm(which);
  }
  if (!is_armed) {
    return false;
  }
  // A nap is ended by its timer, whatever epoll has to say.
  if (!keeps_time_ && !naps) {
    if (const int error = descriptor.ensure_reported(which)) {
      descriptor.disarm(which);
      if (error != EPERM) {
        finish(system_error_code(error));
      }
      return false;  // EPERM: nothing to wait for, advance() tries without asking
    }
  }
  holds_reference_ = false;
  descriptor.drop_reference();
  if (descriptor.is_interrupted(which, epoch_) || (naps && descriptor.nap_is_over(which))) {
    descriptor.disarm(which);
    return false;
  }
  // Not a member may be touched after this: the request may be resumed, and gone.
  return descriptor.publish(which, *this, naps);
}

bool io_request::commit() noexcept { return park(); }

bool io_request::parks() noexcept {
  while (take_step() == step::wait) {
    if (park()) {
      return true;
    }
  }
  return false;
}

bool io_request::withdraw() noexcept {
  if (phase_ == phase::queued) {
    if (!descriptor_->mutex().withdraw(direction_, *this)) {
      return false;
    }
    phase_ = phase::idle;  // nobody handed the direction over: advance() begins anew
    return true;
  }
  return phase_ == phase::owning && descriptor_->withdraw(direction_, *this);
}

waiter::self_service io_request::begin_self_service() noexcept {
  self_service mine;
  if (phase_ != phase::owning) {
    return mine;  // in the queue of a direction: its owner keeps the time
  }
  mine.keeps_time = true;
  is_self_server_ = true;
  descriptor_->add_self_server(*this, direction_);
  mine.until = descriptor_->wake_time(direction_);
  holds_own_reference_ = !insists_ && descriptor_->mutex().add_reference();
  if (holds_own_reference_) {
    mine.fd = descriptor_->number();
    mine.events = direction_ == direction::read    ? POLLIN
                  : direction_ == direction::write ? POLLOUT
                                                   : POLLPRI;
  }
  return mine;
}

void io_request::end_self_service(bool fd_is_ready) noexcept {
  if (!is_self_server_) {
    return;
  }
  is_self_server_ = false;
  insists_ |= fd_is_ready;
  descriptor_->remove_self_server(direction_);
  if (holds_own_reference_) {
    holds_own_reference_ = false;
    descriptor_->drop_reference();
  }
}

void io_request::describe(description& into) const noexcept {
  poll_descriptor& descriptor = *descriptor_;
  if (!descriptor.is_pollable()) {
    // A close does not wait for those who use it, so it is left alone.
    into << "its turn on a descriptor that blocks its threads";
    return;
  }
  const bool has_reference = descriptor.mutex().add_reference();
  const bool is_current = has_reference && descriptor.is_current(generation_);
  describe_call(into, is_current ? descriptor.number() : -1);
  if (is_current) {
    const nanotime now = clock::now();
    if (phase_ == phase::queued) {
      into << ", behind another";
    } else if (!descriptor.nap_is_over(direction_)) {
      into << ", tries again" << in_time{descriptor.wake_time(direction_) - now};
    }
    if (const nanotime limit = descriptor.time_limit(direction_); limit != never) {
      into << ", deadline" << in_time{add_saturated(limit, -now)};
    }
  }
  if (has_reference) {
    descriptor.drop_reference();
  }
}

void io_request::describe_call(description& into, int number) const noexcept {
  switch (direction_) {
    case direction::read: into << "read "; break;
    case direction::write: into << "write "; break;
    case direction::urgent: into << "urgent data of "; break;
  }
  describe_descriptor(into, number);
}

void io_request::abandon() noexcept {
  if (phase_ == phase::queued && reason() == wake_reason::ready) {
    phase_ = phase::owning;  // the direction had been handed over
  }
  if (phase_ != phase::finished) {
    finish(cancelled());
  }
}

}  // namespace netpoll
