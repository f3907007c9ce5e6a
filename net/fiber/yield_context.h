// SPDX-License-Identifier: BSL-1.0
//
// A yield_context is what a function that spawn() runs is given: as a completion token it lets the
// fiber wait for the operation and returns the results, or throws the error.
//
//   void session(tcp::socket socket, net::yield_context yield) {
//     char data[1024];
//     const std::size_t n = socket.async_read_some(net::buffer(data), yield);
//     std::error_code ec;
//     net::async_write(socket, net::buffer(data, n), yield[ec]);  // does not throw
//   }
//
// The error is an error_code, an exception_ptr or another disposition, and not part of what is
// returned: that is nothing, the one result, or a tuple. Copies mean the same fiber; only that fiber
// may use them, and only before its function has returned. An operation that is dropped without
// calling its handler takes the fiber with it: its stack is unwound as when its context is
// destroyed, see fiber.h.
#pragma once

#include <memory>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"
#include "net/async/completion_signature.h"
#include "net/config.h"
#include "net/disposition.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/yield_wait.h"

namespace NET_NAMESPACE {
namespace internal {

// What spawn() knows of a fiber while its function runs.
class spawned_fiber {
 public:
  // `signal` passes on what comes in by the slot of spawn()'s handler; null if that has none.
  explicit spawned_fiber(std::shared_ptr<cancellation_signal> signal)
      : signal_(std::move(signal)), state_(parent_slot()) {}
  spawned_fiber(const spawned_fiber&) = delete;
  spawned_fiber& operator=(const spawned_fiber&) = delete;

  const std::shared_ptr<cancellation_signal>& signal() const noexcept { return signal_; }
  const cancellation_state& state() const noexcept { return state_; }

  template <typename... Filters>
  void reset_state(Filters&&... filters) {
    state_ = cancellation_state(parent_slot(), std::forward<Filters>(filters)...);
  }

  bool throw_if_cancelled = false;
  // What it was to wait for is gone: its function is to be left, and nobody told.
  bool is_abandoned = false;

 private:
  cancellation_slot parent_slot() const noexcept {
    return signal_ != nullptr ? signal_->slot() : cancellation_slot();
  }

  const std::shared_ptr<cancellation_signal> signal_;
  cancellation_state state_;
};

template <typename Executor>
class spawn_initiation;
template <typename Executor, typename Function, typename Handler>
class spawn_body;
template <typename Executor, typename Signature>
class yield_operation;

}  // namespace internal

template <typename Executor>
class basic_yield_context {
 public:
  using executor_type = Executor;
  using cancellation_slot_type = cancellation_slot;

  template <typename Other>
  requires(!std::is_same_v<Other, Executor> && std::is_convertible_v<Other, Executor>)
      basic_yield_context(const basic_yield_context<Other>& other)
      : fiber_(other.fiber_), executor_(other.executor_), ec_(other.ec_) {}

  // The executor that the fiber runs on.
  executor_type get_executor() const noexcept { return executor_; }

  // What came in by the slot of spawn()'s handler: terminal requests only, unless a filter is given,
  // or one for what comes in and one for what goes on to the operation that is waited for.
  cancellation_slot_type get_cancellation_slot() const noexcept { return fiber_->state().slot(); }
  cancellation_state get_cancellation_state() const noexcept { return fiber_->state(); }
  template <typename... Filters>
  requires(sizeof...(Filters) <= 2) void reset_cancellation_state(Filters&&... filters) const {
    fiber_->reset_state(std::forward<Filters>(filters)...);
  }
  cancellation_type cancelled() const noexcept { return fiber_->state().cancelled(); }

  // Whether to begin an operation throws error::operation_aborted when there was a request. False
  // at first.
  bool throw_if_cancelled() const noexcept { return fiber_->throw_if_cancelled; }
  void throw_if_cancelled(bool value) const noexcept { fiber_->throw_if_cancelled = value; }

  // A token that sets `ec` and does not throw error_codes.
  basic_yield_context operator[](error_code& ec) const {
    basic_yield_context with_ec(*this);
    with_ec.ec_ = &ec;
    return with_ec;
  }

 private:
  template <typename>
  friend class basic_yield_context;
  template <typename, typename, typename>
  friend class internal::spawn_body;
  template <typename, typename>
  friend class internal::yield_operation;

  basic_yield_context(internal::spawned_fiber& fiber, const Executor& executor)
      : fiber_(&fiber), executor_(executor) {}

  internal::spawned_fiber* fiber_;
  Executor executor_;
  error_code* ec_ = nullptr;
};

using yield_context = basic_yield_context<any_io_executor>;

// --------------------------------------------------------------------------------------------------

namespace internal {

// The results without the disposition.
template <typename... Results>
struct yield_return {
  using type = std::tuple<Results...>;
};
template <>
struct yield_return<> {
  using type = void;
};
template <typename Result>
struct yield_return<Result> {
  using type = Result;
};

template <typename... Args>
struct yield_traits : yield_return<std::decay_t<Args>...> {
  static constexpr bool has_disposition = false;
  static constexpr bool has_error_code = false;
};
template <typename First, typename... Others>
requires is_disposition_v<std::decay_t<First>>
struct yield_traits<First, Others...> : yield_return<std::decay_t<Others>...> {
  static constexpr bool has_disposition = true;
  static constexpr bool has_error_code = std::is_same_v<std::decay_t<First>, error_code>;
};

template <typename Executor, typename... Args>
class yield_handler {
  using results = yield_results<Args...>;

 public:
  using executor_type = Executor;
  using cancellation_slot_type = cancellation_slot;

  yield_handler(results& into, const Executor& executor, const spawned_fiber& fiber)
      : into_(&into), executor_(executor), signal_(fiber.signal()), slot_(fiber.state().slot()) {}
  yield_handler(yield_handler&&) = default;

  executor_type get_executor() const noexcept { return executor_; }
  cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }

  void operator()(Args... args) {
    into_->set(static_cast<Args&&>(args)...);
    into_.reset();
  }

 private:
  typename results::handlers_part into_;
  Executor executor_;
  std::shared_ptr<cancellation_signal> signal_;  // the slot is part of it
  cancellation_slot slot_;
};

template <typename Executor, typename R, typename... Args>
class yield_operation<Executor, R(Args...)> {
  using traits = yield_traits<Args...>;
  using results = yield_results<Args...>;

 public:
  using return_type = typename traits::type;

  template <typename Initiation, typename... InitArgs>
  static return_type run(const basic_yield_context<Executor>& yield, Initiation&& initiation,
                         InitArgs&&... args) {
    spawned_fiber& fiber = *yield.fiber_;
    if (fiber.throw_if_cancelled && fiber.state().cancelled() != cancellation_type::none) {
      throw std::system_error(make_error_code(error::operation_aborted), "yield");
    }
    results& shared = results::make();
    const typename results::fibers_part mine(&shared);
    std::forward<Initiation>(initiation)(
        yield_handler<Executor, Args...>(shared, yield.executor_, fiber),
        std::forward<InitArgs>(args)...);
    typename results::values* values = nullptr;
    try {
      values = shared.wait();
    } catch (const fiber_unwind&) {
      fiber.is_abandoned = true;
      throw;
    }
    if (values == nullptr) {
      fiber.is_abandoned = true;
      throw fiber_unwind{};
    }
    if constexpr (traits::has_disposition) {
      check(std::get<0>(*values), yield.ec_);
    }
    return take(*values, std::make_index_sequence<sizeof...(Args) - traits::has_disposition>());
  }

 private:
  template <typename Disposition>
  static void check(Disposition& outcome, [[maybe_unused]] error_code* ec) {
    if constexpr (traits::has_error_code) {
      if (ec != nullptr) {
        *ec = outcome;
        return;
      }
    }
    if (outcome != no_error) {
      NET_NAMESPACE::throw_exception(std::move(outcome));
    }
  }

  template <std::size_t... Indices>
  static return_type take([[maybe_unused]] typename results::values& values,
                          std::index_sequence<Indices...>) {
    if constexpr (!std::is_void_v<return_type>) {
      return return_type(std::get<Indices + traits::has_disposition>(std::move(values))...);
    }
  }
};

}  // namespace internal

template <typename Executor, typename Signature>
class async_result<basic_yield_context<Executor>, Signature> {
  using operation =
      internal::yield_operation<Executor,
                                typename internal::signature_traits<Signature>::unqualified>;

 public:
  using return_type = typename operation::return_type;

  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation&& initiation, const basic_yield_context<Executor>& yield,
                              Args&&... args) {
    return operation::run(yield, std::forward<Initiation>(initiation), std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE
