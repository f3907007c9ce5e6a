// SPDX-License-Identifier: BSL-1.0
//
// A barrier holds up those who arrive until as many have come as it expects; then it calls a
// function, lets them all go, and is ready for the next time. In the standard shape, for fibers and
// threads alike.
//
//   net::barrier step(4, [&]() noexcept { … });
//   for (;;) { …; step.arrive_and_wait(); }
//
// The function is called by the last one to arrive, before anybody goes on; it may wait. Waiting
// follows the rules of net/fiber/sync/sync.h. However a wait ends, the arrival stands. Arriving
// more often than expected, and destroying it while somebody waits, abort.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/wait_line.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {
namespace internal {

struct no_completion {
  void operator()() const noexcept {}
};

// A barrier without its function.
class barrier_core {
 public:
  using phase = std::uint64_t;

  explicit barrier_core(std::ptrdiff_t expected) noexcept
      : expected_(expected), missing_(expected) {}
  ~barrier_core();

  // True: nobody is missing any more, so the caller must finish the phase.
  bool arrive(std::ptrdiff_t update, bool drops, phase& arrived_in) noexcept;
  void finish() noexcept;
  // `resumed`: the phase is over.
  wait_result wait(phase which, netpoll::nanotime until, on_cancel how);

 private:
  class waiter;

  wait_line line_;
  // Under line_.
  std::ptrdiff_t expected_;
  std::ptrdiff_t missing_;
  phase phase_ = 0;
};

}  // namespace internal

template <typename CompletionFunction = internal::no_completion>
class barrier {
  static_assert(std::is_nothrow_invocable_v<CompletionFunction&>,
                "the function of a barrier must not throw: declare it noexcept");

 public:
  // That somebody arrived in a phase; to wait for its end.
  class arrival_token {
   public:
    arrival_token(arrival_token&&) noexcept = default;
    arrival_token& operator=(arrival_token&&) noexcept = default;

   private:
    friend class barrier;
    explicit arrival_token(internal::barrier_core::phase which) noexcept : phase_(which) {}
    internal::barrier_core::phase phase_;
  };

  static constexpr std::ptrdiff_t max() noexcept {
    return std::numeric_limits<std::ptrdiff_t>::max();
  }

  explicit barrier(std::ptrdiff_t expected, CompletionFunction function = CompletionFunction())
      : core_(expected), function_(std::move(function)) {
    netpoll::check(expected >= 0, "a barrier was made with a negative count");
  }
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  [[nodiscard]] arrival_token arrive(std::ptrdiff_t update = 1) {
    return arrival_token(arrive_or_finish(update, false));
  }
  // Is not expected any more after this time.
  void arrive_and_drop() { (void)arrive_or_finish(1, true); }

  void wait(arrival_token&& token) const {
    internal::must_have_passed(core_.wait(token.phase_, netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for a barrier: use the "
                               "forms with an error_code");
  }
  // True: the phase is over.
  bool wait(arrival_token&& token, error_code& ec) const {
    return wait_by(token, netpoll::never, ec);
  }
  // The token can be used again if the wait failed.
  bool wait_until(arrival_token&& token, std::chrono::steady_clock::time_point time,
                  error_code& ec) const {
    return wait_by(token, netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(arrival_token&& token, const std::chrono::duration<Rep, Period>& duration,
                error_code& ec) const {
    return wait_by(token, internal::deadline_in(duration), ec);
  }

  void arrive_and_wait() { wait(arrive()); }
  bool arrive_and_wait(error_code& ec) { return wait(arrive(), ec); }

 private:
  internal::barrier_core::phase arrive_or_finish(std::ptrdiff_t update, bool drops) {
    internal::barrier_core::phase arrived_in = 0;
    if (core_.arrive(update, drops, arrived_in)) {
      function_();
      core_.finish();
    }
    return arrived_in;
  }
  bool wait_by(const arrival_token& token, netpoll::nanotime until, error_code& ec) const {
    return internal::report(core_.wait(token.phase_, until, on_cancel::stop_waiting), ec);
  }

  mutable internal::barrier_core core_;
  CompletionFunction function_;
};

}  // namespace NET_NAMESPACE
