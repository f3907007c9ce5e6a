// SPDX-License-Identifier: BSL-1.0
//
// A thread_parker lets a plain thread wait for any waiter, whether or not somebody runs the
// reactor: it sleeps in poll(2) on the descriptor itself and on an eventfd by which a close, a
// cancellation or a moved deadline reaches it, and it keeps the time itself.
//
//   netpoll::thread_parker::current().park(request);
#pragma once

#include <mutex>
#include <optional>

#include "netpoll/base/clock.h"
#include "netpoll/census.h"
#include "netpoll/event_fd.h"
#include "netpoll/waiter.h"

namespace netpoll {

class thread_parker final : private resumer, private clock::observer {
 public:
  // The calling thread's own. Creates it, and with it an eventfd, the first time; aborts when the
  // process has no descriptor left for that.
  static thread_parker& current();

  // Commits `who` and blocks until it was resumed, or until it is worth trying again: who waits
  // looks for itself. False: `until` came first, and `who` is not published any more.
  bool park(waiter& who, nanotime until = never);

 private:
  thread_parker();
  ~thread_parker();

  void resume(waiter& who) noexcept override;
  void recheck() noexcept override;
  void time_moved() noexcept override { recheck(); }
  bool was_resumed() noexcept;
  // These need mutex_.
  void open_in_this_process();
  void signal() noexcept;
  void drain() noexcept;
  void sleep(const waiter::self_service& help, nanotime until, bool& fd_is_ready, bool& time_is_up);

  event_fd event_;
  int forks_ = 0;  // which process made it
  std::mutex mutex_;
  bool resumed_ = false;    // under mutex_
  bool signalled_ = false;  // under mutex_: event_ is readable
  // Under mutex_: while it waits for others alone, and has not been resumed.
  std::optional<bystander> stands_by_;
};

}  // namespace netpoll
