// SPDX-License-Identifier: BSL-1.0
//
// Calls a function once, whoever comes first; all others wait until it has returned. In the
// standard shape, for fibers and threads alike.
//
//   net::call_once(flag, [&] { table = read_table(); });      // may wait
//
// A call that throws does not count: the exception leaves call_once(), and the next one tries.
// Waiting for another's call follows the rules of net/fiber/sync/sync.h. Calling it again from
// inside the function, and destroying the flag while the function is called, abort.
#pragma once

#include <cstdint>
#include <tuple>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/owner.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

class once_flag {
 public:
  constexpr once_flag() noexcept = default;
  once_flag(const once_flag&) = delete;
  once_flag& operator=(const once_flag&) = delete;
  ~once_flag();

 private:
  template <typename Function, typename... Args>
  friend void call_once(once_flag& flag, Function&& function, Args&&... args);
  template <typename Function, typename... Args>
  friend bool call_once(once_flag& flag, error_code& ec, Function&& function, Args&&... args);
  class waiter;

  // idle          -> calling         begin(), by who is to call; acquire calling       ->
  // calling|queued  another begins to wait, under line_ calling|queued -> calling        end(),
  // under line_: those who waited are let through; or, if the
  //                                  call failed, it is up to the first of them
  // calling       -> done, idle      end(); release. Who did this does not touch it any more
  static constexpr unsigned idle = 0;
  static constexpr unsigned calling = 1;
  static constexpr unsigned queued = 2;
  static constexpr unsigned done = 4;

  bool is_done() const noexcept { return state_.load(std::memory_order_acquire) == done; }
  // `resumed`: done, or if `is_caller`, the caller is to call and to end().
  wait_result begin(on_cancel how, bool& is_caller);
  void end(bool succeeded) noexcept;

  template <typename Function, typename... Args>
  void call(Function&& function, Args&&... args) {
    struct ending {
      once_flag& flag;
      bool succeeded = false;
      ~ending() { flag.end(succeeded); }
    } at_end{*this};
    std::apply(std::forward<Function>(function),
               std::forward_as_tuple(std::forward<Args>(args)...));
    at_end.succeeded = true;
  }

  netpoll::atomic<unsigned> state_{idle};
  netpoll::atomic<internal::owner_id> caller_{0};
  internal::wait_line line_;
};

template <typename Function, typename... Args>
void call_once(once_flag& flag, Function&& function, Args&&... args) {
  if (flag.is_done()) {
    return;
  }
  bool is_caller = false;
  internal::must_have_passed(flag.begin(on_cancel::ignore, is_caller),
                             "a fiber that is being unwound cannot wait for a call of call_once()");
  if (is_caller) {
    flag.call(std::forward<Function>(function), std::forward<Args>(args)...);
  }
}

// False: the fiber was cancelled while another's call was under way.
template <typename Function, typename... Args>
bool call_once(once_flag& flag, error_code& ec, Function&& function, Args&&... args) {
  bool is_caller = false;
  if (!internal::report(
          flag.is_done() ? wait_result::resumed : flag.begin(on_cancel::stop_waiting, is_caller),
          ec)) {
    return false;
  }
  if (is_caller) {
    flag.call(std::forward<Function>(function), std::forward<Args>(args)...);
  }
  return true;
}

}  // namespace NET_NAMESPACE
