// SPDX-License-Identifier: BSL-1.0
//
// What a fiber and the handler of the operation it waits for share: the results, and who has come
// first. It outlives both, since either may be gone early: the fiber when its context is destroyed,
// the handler when its operation is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/handler_memory.h"
#include "net/config.h"
#include "net/fiber/wait.h"
#include "netpoll/describe.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

// state_:
//   open   -> parked  commit(), when the fiber has left its stack
//   parked -> open    withdraw(): the fiber is being unwound
//   any    -> over    finish(), by the handler; resumes the fiber if it was parked
// finish() releases the results to whoever then reads `over`.
class yield_wait : public netpoll::waiter {
 public:
  bool commit() noexcept override { return move(state::open, state::parked); }
  bool withdraw() noexcept override { return move(state::parked, state::open); }
  void describe(netpoll::description& into) const noexcept override {
    into << "asynchronous operation";
  }
  bool waits_for_kernel() const noexcept override { return true; }

 protected:
  yield_wait() = default;
  ~yield_wait() = default;

  // By the fiber. False if it is unwound and cannot be thrown out of.
  bool wait() {
    while (state_.load(std::memory_order_acquire) != state::over) {
      if (wait_for(*this, netpoll::never, on_cancel::ignore) == wait_result::cancelled) {
        return state_.load(std::memory_order_acquire) == state::over;
      }
    }
    return true;
  }

  // By the handler.
  void finish() noexcept {
    if (state_.exchange(state::over, std::memory_order_acq_rel) == state::parked) {
      resume(netpoll::wake_reason::ready);
    }
  }

  // acq_rel: who is last destroys what the other one used.
  bool is_last() noexcept { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

 private:
  enum class state : std::uint8_t { open, parked, over };

  bool move(state from, state to) noexcept {
    return state_.compare_exchange_strong(from, to, std::memory_order_acq_rel,
                                          std::memory_order_acquire);
  }

  std::atomic<state> state_{state::open};
  std::atomic<int> references_{2};
};

template <typename... Args>
class yield_results final : public yield_wait {
 public:
  using values = std::tuple<std::decay_t<Args>...>;

  static yield_results& make() { return *make_operation<yield_results>(std::allocator<void>()); }

  // For one of the two each.
  struct letting_go {
    void operator()(yield_results* what) const noexcept { what->let_go(); }
  };
  using fibers_part = std::unique_ptr<yield_results, letting_go>;

  struct finishing {
    void operator()(yield_results* what) const noexcept {
      what->finish();
      what->let_go();
    }
  };
  using handlers_part = std::unique_ptr<yield_results, finishing>;

  // Null if there are none: the handler was dropped, or the fiber is unwound.
  values* wait() { return yield_wait::wait() && values_ ? &*values_ : nullptr; }

  template <typename... Given>
  void set(Given&&... given) {
    values_.emplace(std::forward<Given>(given)...);
  }

 private:
  template <typename T, typename Allocator>
  friend void destroy_operation(const Allocator&, T*) noexcept;
  template <typename T, typename Allocator, typename... A>
  friend T* make_operation(const Allocator&, A&&...);

  yield_results() = default;
  ~yield_results() = default;

  void let_go() noexcept {
    if (is_last()) {
      destroy_operation(std::allocator<void>(), this);
    }
  }

  std::optional<values> values_;
};

}  // namespace NET_NAMESPACE::internal
