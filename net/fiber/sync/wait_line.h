// SPDX-License-Identifier: BSL-1.0
//
// A wait_line is where those stand who wait for one thing, in the order in which they came, and the
// lock under which both the line and the thing are kept. What is waited for is up to whoever has
// the line: a unit of a semaphore, a count that is 0.
//
//   wait_line::admitted through;
//   {
//     const std::lock_guard lock(line);
//     … line.admit_front(through);        // he has got what he waited for
//   }
//   through.resume();                     // never under the lock
//
// Who sees a change that another one made has held the lock after him, also when there was nothing
// to wait for. So an object may be destroyed as soon as one has seen what one waited for, although
// the other is only just leaving the function that made it so.
#pragma once

#include <cstdint>

#include "net/config.h"
#include "net/fiber/wait.h"
#include "netpoll/base/brief_lock.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

class line_waiter;

class wait_line {
 public:
  // Those who have been let through and are to be resumed, which they must be.
  class admitted {
   public:
    bool any() const noexcept { return !queue_.empty(); }
    void resume() noexcept { netpoll::resume_all(queue_, netpoll::wake_reason::ready); }

   private:
    friend class wait_line;
    netpoll::waiter_queue queue_;
  };

  constexpr wait_line() noexcept = default;
  wait_line(const wait_line&) = delete;
  wait_line& operator=(const wait_line&) = delete;

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

  // These need the lock.
  bool empty() const noexcept { return waiters_.empty(); }
  line_waiter* front() const noexcept { return waiters_.front(); }
  void admit_front(admitted& through) noexcept;
  void admit_all(admitted& through) noexcept;

 private:
  friend class line_waiter;

  netpoll::brief_lock lock_;
  netpoll::intrusive_list<line_waiter> waiters_;  // under lock_
};

class line_waiter : public netpoll::waiter, public netpoll::intrusive_list_node<line_waiter> {
 public:
  // Whether it has been let through. For the one who waits, before and after the wait.
  bool has_passed() const noexcept { return state_ == state::passed; }

  bool commit() noexcept final;
  bool withdraw() noexcept final;

 protected:
  explicit line_waiter(wait_line& line) noexcept : line_(line) {}
  ~line_waiter() = default;

  // Under the lock of the line: whether there is no need to wait. If so, takes what it came for.
  virtual bool try_pass() noexcept = 0;

  // Under the lock of the line, after this was withdrawn: lets through who only waited behind it.
  virtual void make_way(wait_line::admitted& /*through*/) noexcept {}

 private:
  friend class wait_line;

  // outside -> queued  commit()
  // outside -> passed  commit(), and there was no need to wait
  // queued  -> passed  admit_…()
  // queued  -> outside withdraw()
  enum class state : std::uint8_t { outside, queued, passed };

  wait_line& line_;
  state state_ = state::outside;  // under the lock of the line while it is queued
};

// Waits until `who` has passed: `resumed`. Also when it is resumed just as the time comes or the
// fiber is cancelled; otherwise it is not in the line any more.
inline wait_result wait_in_line(line_waiter& who, netpoll::nanotime until, on_cancel how) {
  const wait_result result = wait_for(who, until, how);
  return who.has_passed() ? wait_result::resumed : result;
}

}  // namespace NET_NAMESPACE::internal
