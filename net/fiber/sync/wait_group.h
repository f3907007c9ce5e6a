// SPDX-License-Identifier: BSL-1.0
//
// A count of things under way that goes up and down, and those who wait until it is 0.
//
//   net::wait_group group;
//   for (job& each : jobs) {
//     group.add();
//     net::go([&] { each.run(); group.done(); });
//   }
//   group.wait();
//
// See task_group for one that does the counting, and knows of exceptions and cancellation. Waiting
// follows the rules of net/fiber/sync/sync.h. What is to be waited for must be added before the
// wait. Counting below 0, and destroying it while somebody waits, abort; who has seen that it is 0
// may destroy it.
#pragma once

#include <chrono>
#include <cstddef>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/gate.h"
#include "net/fiber/wait.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

class wait_group {
 public:
  wait_group() noexcept : gate_("wait group", 0) {}
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  // `number` may be negative.
  void add(std::ptrdiff_t number = 1) noexcept {
    gate_.add(number, "a wait group was counted below 0, or too far");
  }
  void done() noexcept { add(-1); }
  // Old as soon as it is returned.
  std::ptrdiff_t count() const noexcept { return gate_.count(); }

  void wait() {
    internal::must_have_passed(gate_.wait(netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for a wait group: use "
                               "wait(error_code&)");
  }
  // True: the count was 0.
  bool wait(error_code& ec) { return wait_by(netpoll::never, ec); }
  bool wait_until(std::chrono::steady_clock::time_point time, error_code& ec) {
    return wait_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) {
    return wait_by(internal::deadline_in(duration), ec);
  }
  // False also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  bool try_wait_until(const std::chrono::time_point<Clock, Duration>& time) {
    error_code ec;
    return wait_by(internal::deadline_at(time), ec);
  }
  template <typename Rep, typename Period>
  bool try_wait_for(const std::chrono::duration<Rep, Period>& duration) {
    error_code ec;
    return wait_by(internal::deadline_in(duration), ec);
  }

 private:
  bool wait_by(netpoll::nanotime until, error_code& ec) {
    return internal::report(gate_.wait(until, on_cancel::stop_waiting), ec);
  }

  mutable internal::gate gate_;
};

}  // namespace NET_NAMESPACE
