// SPDX-License-Identifier: BSL-1.0
//
// A future is a value that comes later, from a fiber or from whoever keeps the promise: in the
// standard shape, for fibers and threads alike.
//
//   net::future<int> answer = net::async([] { return compute(); });
//   …
//   use(answer.get());                        // rethrows what the fiber threw
//
// Waiting follows the rules of net/fiber/sync/sync.h; get() throws error::operation_aborted when
// the waiting fiber is cancelled, and the future is as it was.
//
// Who loses the future of a fiber lets the fiber run on; cancel() cancels it. A promise that is
// destroyed unkept, or a fiber that is unwound with its context, breaks it: std::future_error with
// std::future_errc::broken_promise. Future and promise are for one fiber or thread at a time each.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/fiber/fiber_options.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/sync/deadline.h"
#include "net/fiber/sync/gate.h"
#include "net/fiber/sync/task_function.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/base/clock.h"

namespace NET_NAMESPACE {

using std::future_status;

template <typename T>
class promise;

namespace internal {

// What stands for a result that is no object.
struct void_result {};
template <typename T>
using stored_result =
    std::conditional_t<std::is_void_v<T>, void_result,
                       std::conditional_t<std::is_reference_v<T>,
                                          std::remove_reference_t<T>*, T>>;

// What a future and its promise share. The promise writes it before the gate opens.
template <typename T>
struct future_state {
  gate unkept{"future", 1};
  std::optional<stored_result<T>> value;
  std::exception_ptr error;
  bool is_kept = false;       // for the promise
  bool is_retrieved = false;  // likewise
  std::stop_source stop{std::nostopstate};  // of who keeps the promise, if he cares

  void keep() noexcept {
    is_kept = true;
    unkept.add(-1, "a promise was kept twice");
  }
};

}  // namespace internal

template <typename T>
class future {
 public:
  future() noexcept = default;
  future(future&&) noexcept = default;
  future& operator=(future&&) noexcept = default;

  // Whether it has a promise and was not got yet; all but this need that.
  bool valid() const noexcept { return state_ != nullptr; }
  bool is_ready() const noexcept { return state().unkept.is_open(); }

  // Waits for the value and takes it; the future is not valid any more. Throws what the promise was
  // given instead.
  T get() {
    error_code ec;
    (void)wait(ec);
    internal::throw_if(ec, "get");
    const std::shared_ptr<internal::future_state<T>> state = std::move(state_);
    if (state->error != nullptr) {
      std::rethrow_exception(state->error);
    }
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**state->value);
    } else if constexpr (!std::is_void_v<T>) {
      return *std::move(state->value);
    }
  }

  void wait() const {
    internal::must_have_passed(state().unkept.wait(netpoll::never, on_cancel::ignore),
                               "a fiber that is being unwound cannot wait for a future: use "
                               "wait(error_code&)");
  }
  // True: get() need not wait.
  bool wait(error_code& ec) const { return wait_by(netpoll::never, ec); }
  bool wait_until(std::chrono::steady_clock::time_point time, error_code& ec) const {
    return wait_by(netpoll::to_nanotime(time), ec);
  }
  template <typename Rep, typename Period>
  bool wait_for(const std::chrono::duration<Rep, Period>& duration, error_code& ec) const {
    return wait_by(internal::deadline_in(duration), ec);
  }
  // `timeout` also when the fiber was cancelled.
  template <typename Clock, typename Duration>
  future_status wait_until(const std::chrono::time_point<Clock, Duration>& time) const {
    error_code ec;
    return wait_by(internal::deadline_at(time), ec) ? future_status::ready
                                                    : future_status::timeout;
  }
  template <typename Rep, typename Period>
  future_status wait_for(const std::chrono::duration<Rep, Period>& duration) const {
    error_code ec;
    return wait_for(duration, ec) ? future_status::ready : future_status::timeout;
  }

  // Cancels the fiber that is to bring the value, if it is one, and does not wait for it.
  void cancel() const noexcept { state().stop.request_stop(); }

 private:
  friend class promise<T>;
  explicit future(std::shared_ptr<internal::future_state<T>> state) noexcept
      : state_(std::move(state)) {}

  internal::future_state<T>& state() const noexcept {
    netpoll::check(valid(), "a future was used that has no promise, or was got already");
    return *state_;
  }
  bool wait_by(netpoll::nanotime until, error_code& ec) const {
    return internal::report(state().unkept.wait(until, on_cancel::stop_waiting), ec);
  }

  std::shared_ptr<internal::future_state<T>> state_;
};

template <typename T>
class promise {
 public:
  promise() : state_(std::make_shared<internal::future_state<T>>()) {}
  promise(promise&&) noexcept = default;
  promise& operator=(promise&& other) noexcept {
    promise(std::move(other)).swap(*this);
    return *this;
  }
  ~promise() {
    if (state_ != nullptr && !state_->is_kept) {
      state_->error = std::make_exception_ptr(std::future_error(std::future_errc::broken_promise));
      state_->keep();
    }
  }
  void swap(promise& other) noexcept { state_.swap(other.state_); }

  // Once. Throws std::future_error otherwise, as do the following.
  future<T> get_future() {
    if (std::exchange(state().is_retrieved, true)) {
      throw std::future_error(std::future_errc::future_already_retrieved);
    }
    return future<T>(state_);
  }

  // Nothing is given for a void; a T otherwise.
  template <typename... Value>
    requires(std::is_void_v<T> ? sizeof...(Value) == 0 : sizeof...(Value) == 1)
  void set_value(Value&&... value) {
    unkept();
    if constexpr (std::is_reference_v<T>) {
      state_->value.emplace(std::addressof(value)...);
    } else {
      state_->value.emplace(std::forward<Value>(value)...);
    }
    state_->keep();
  }
  void set_exception(std::exception_ptr error) {
    unkept();
    state_->error = std::move(error);
    state_->keep();
  }

  // Has future::cancel() request a stop from now on. To be called before get_future().
  void set_stop_source(std::stop_source stop) { state().stop = std::move(stop); }

 private:
  internal::future_state<T>& state() const {
    if (state_ == nullptr) {
      throw std::future_error(std::future_errc::no_state);
    }
    return *state_;
  }
  void unkept() const {
    if (state().is_kept) {
      throw std::future_error(std::future_errc::promise_already_satisfied);
    }
  }

  std::shared_ptr<internal::future_state<T>> state_;
};

namespace internal {

// What a fiber runs to keep a promise.
template <typename Function>
class async_task {
 public:
  using result = typename task_function<Function>::result;

  template <typename F>
  async_task(std::stop_token stop, F&& function)
      : function_(std::move(stop), std::forward<F>(function)) {}

  // The options of the fiber, but for the token, are up to the caller.
  future<result> get_future(fiber_options& options) {
    std::stop_source stop;
    options.stop = stop.get_token();
    promise_.set_stop_source(std::move(stop));
    return promise_.get_future();
  }

  void operator()() {
    try {
      if constexpr (std::is_void_v<result>) {
        function_();
        promise_.set_value();
      } else {
        promise_.set_value(function_());
      }
    } catch (const fiber_unwind&) {
      throw;
    } catch (...) {
      promise_.set_exception(std::current_exception());
    }
  }

 private:
  promise<result> promise_;
  task_function<Function> function_;
};

}  // namespace internal

// Runs function() in a fiber, as net::go() does, and promises what it returns.
template <typename Function>
auto async(fiber_options options, Function&& function) {
  internal::async_task<std::decay_t<Function>> task(std::move(options.stop),
                                                    std::forward<Function>(function));
  auto result = task.get_future(options);
  go(options, std::move(task));
  return result;
}
template <typename Function>
auto async(Function&& function) {
  return async(fiber_options{}, std::forward<Function>(function));
}
// On a context, or an executor.
template <typename Where, typename Function>
  requires(fiber_context<Where> || fiber_executor<Where>)
auto async(Where& where, fiber_options options, Function&& function) {
  internal::async_task<std::decay_t<Function>> task(std::move(options.stop),
                                                    std::forward<Function>(function));
  auto result = task.get_future(options);
  go(where, options, std::move(task));
  return result;
}
template <typename Where, typename Function>
  requires(fiber_context<Where> || fiber_executor<Where>)
auto async(Where& where, Function&& function) {
  return async(where, fiber_options{}, std::forward<Function>(function));
}

}  // namespace NET_NAMESPACE
