// SPDX-License-Identifier: BSL-1.0
//
// An io_request is one operation on a descriptor: try; if it would block, wait; try again. This
// loop stands here and nowhere else. How the wait is done is up to whoever drives the request, a
// fiber, a thread or a handler:
//
//   request.start(fd);
//   while (request.advance() == io_request::step::wait) {
//     // from here on it may be resumed: a fiber must be off its stack when it commits
//     if (request.commit()) { …sleep until resumed… }
//   }
//   request.error(), request.bytes()
//
// Not thread-safe in itself: one driver at a time, as waiter.h describes.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "netpoll/base/clock.h"
#include "netpoll/direction.h"
#include "netpoll/fd.h"
#include "netpoll/poll_descriptor.h"
#include "netpoll/waiter.h"

namespace netpoll {

class io_request : public waiter {
 public:
  enum class step : std::uint8_t { done, wait };

  // Binds the request to a descriptor and begins the operation. A request is good for one
  // operation. The descriptor must outlive this call only: a handle destroyed later, in whatever
  // thread, ends the request with errc::closed.
  void start(const fd& target) noexcept { start(target.descriptor()); }

  // For a driver that is a plain thread: deadlines are read off the clock, since nobody may be
  // there to fire timers, and epoll need not know the descriptor. Before start().
  void keep_time_yourself() noexcept { keeps_time_ = true; }

  // Goes as far as is possible without waiting. After `done` the descriptor is free for the next
  // operation and the results can be read.
  step advance() noexcept;

  // The same over and over: until it is done, false; or committed, true, and from then on out of
  // reach of the caller.
  bool parks() noexcept;

  bool commit() noexcept override;
  bool withdraw() noexcept override;
  bool waits_for_kernel() const noexcept override { return true; }
  self_service begin_self_service() noexcept override;
  void end_self_service(bool fd_is_ready) noexcept override;
  // "read tcp 127.0.0.1:4000->127.0.0.1:80, deadline in 3.2 s".
  void describe(description& into) const noexcept override;

  // Ends a request that is not published and will not be driven on, as if it had been cancelled.
  void abandon() noexcept;

  // Makes the next attempt without asking whether the descriptor is ready.
  void insist() noexcept { insists_ = true; }

  // errc::closed, errc::deadline_exceeded, errc::end_of_file, std::errc::operation_canceled or what
  // the system call said.
  const std::error_code& error() const noexcept { return error_; }
  // What was transferred, also when error() is set.
  std::size_t bytes() const noexcept { return bytes_; }

 protected:
  explicit io_request(direction which) noexcept : direction_(which) {}
  ~io_request() = default;

  enum class outcome : std::uint8_t {
    done,     // finished; another try might succeed at once
    drained,  // finished, and there is nothing more for now
    blocked,  // not now: wait for readiness
    nap,      // not now, and readiness would not help: wait for nap_ns_
  };

  // One try on the descriptor: makes the system call and fills in error_ and bytes_.
  virtual outcome attempt(int number) noexcept = 0;

  // Puts in which call waits on which descriptor. `number` is -1 when that has been closed.
  virtual void describe_call(description& into, int number) const noexcept;

  // For calls on sockets: what keeps a call from blocking even if somebody who shares the
  // description has taken O_NONBLOCK away; nothing for a descriptor that is meant to block.
  int message_flags() const noexcept { return may_block() ? 0 : MSG_DONTWAIT; }
  // Whether the kernel waits in the call, since nobody else would: see
  // poll_descriptor::is_pollable().
  bool may_block() const noexcept { return !descriptor_->is_pollable(); }

  std::error_code error_;
  std::size_t bytes_ = 0;
  nanotime nap_ns_ = 0;

 private:
  //   idle   -> owning    advance() or commit(): got the direction and a reference
  //   idle   -> queued    commit(): another operation owns the direction
  //   queued -> owning    advance(): the direction was handed over, without a reference
  //   queued -> idle      withdraw()
  //   any    -> finished  the direction is given up if it was owned
  enum class phase : std::uint8_t { idle, queued, owning, finished };

  void start(poll_descriptor* target) noexcept {
    descriptor_ = target;
    phase_ = phase::idle;
    forget_reason();
    if (error_) [[unlikely]] {
      error_.clear();
    }
    bytes_ = 0;
    naps_ = false;
    if (target != nullptr) {
      generation_ = target->generation();
      epoch_ = target->current_epoch();
    }
  }
  step take_step() noexcept;
  step begin() noexcept;
  step take_over() noexcept;
  step go_on(poll_descriptor& descriptor, direction which) noexcept;
  bool enter(poll_descriptor& descriptor, direction which) noexcept;
  step try_on(poll_descriptor& descriptor, direction which) noexcept;
  step finish(poll_descriptor& descriptor, direction which) noexcept;
  step finish(std::error_code error) noexcept;
  bool park() noexcept;
  bool enqueue() noexcept;
  static bool is_too_late(const waiter& who) noexcept;

  poll_descriptor* descriptor_ = nullptr;
  // Which use of the descriptor the request is for. Until the direction is ours the handle may go
  // and the descriptor be used anew.
  std::uint32_t generation_ = 0;
  poll_descriptor::epoch epoch_ = 0;
  const direction direction_;
  phase phase_ = phase::idle;
  bool holds_reference_ = false;
  bool insists_ = false;
  bool naps_ = false;
  bool keeps_time_ = false;
  // What begin_self_service() took and end_self_service() gives back.
  bool is_self_server_ = false;
  bool holds_own_reference_ = false;
};

}  // namespace netpoll
