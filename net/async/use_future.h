// SPDX-License-Identifier: BSL-1.0
//
// use_future: the initiating function returns a std::future of the operation's results, or of what
// a function makes of them.
//
//   std::future<std::size_t> n = socket.async_read_some(buffer, net::use_future);
//   std::future<bool> ok = timer.async_wait(net::use_future([](std::error_code ec) { return !ec; }));
//
// A disposition comes first and becomes an exception, if it is an error; it is not part of the
// result. Several results are a tuple. With a function, everything is passed to the function, and
// the exception it throws is the future's. The future of an operation that never completes reports
// a broken promise. Somebody else must run the operation's executor while a thread waits; a fiber
// that waits holds up its thread.
//
// The handler's associated executor is the system executor, with one thing added: what a function
// that is submitted to it throws goes to the future.
#pragma once

#include <exception>
#include <future>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/config.h"
#include "net/disposition.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"
#include "net/execution/system_executor.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Function, typename Allocator>
struct packaged_token {
  Function function;
  Allocator allocator;
};

}  // namespace internal

// The allocator makes the state that future and handler share, and is the handler's.
template <typename Allocator = std::allocator<void>>
class use_future_t {
 public:
  using allocator_type = Allocator;

  constexpr use_future_t() = default;
  explicit use_future_t(const Allocator& allocator) : allocator_(allocator) {}

  template <typename OtherAllocator>
  use_future_t<OtherAllocator> rebind(const OtherAllocator& allocator) const {
    return use_future_t<OtherAllocator>(allocator);
  }

  allocator_type get_allocator() const { return allocator_; }

#ifdef NET_LEGACY
#include "net/legacy/use_future_members.inc"
#endif

  // A token for the future of what `function` returns when it is called with the results.
  template <typename Function>
  internal::packaged_token<std::decay_t<Function>, Allocator> operator()(
      Function&& function) const {
    return {std::forward<Function>(function), allocator_};
  }

 private:
  [[no_unique_address]] Allocator allocator_{};
};

inline constexpr use_future_t<> use_future;

// -------------------------------------------------------------------------------------------------

namespace internal {

// Calls a function, whose exception is the promise's.
template <typename T, typename Function>
class promise_guarded {
 public:
  template <typename F>
  promise_guarded(const std::shared_ptr<std::promise<T>>& promise, F&& function)
      : promise_(promise), function_(std::forward<F>(function)) {}

  void operator()() {
    try {
      function_();
    } catch (...) {
      promise_->set_exception(std::current_exception());
    }
  }

 private:
  std::shared_ptr<std::promise<T>> promise_;
  Function function_;
};

template <typename T, typename Blocking = execution::blocking_t::possibly_t>
class promise_executor {
 public:
  explicit promise_executor(const std::shared_ptr<std::promise<T>>& promise) noexcept
      : promise_(promise) {}

  static decltype(auto) query(execution::context_t) noexcept {
    return NET_NAMESPACE::query(system_executor(), execution::context);
  }
  static constexpr Blocking query(execution::blocking_t) noexcept { return Blocking(); }

  promise_executor<T, execution::blocking_t::possibly_t> require(
      execution::blocking_t::possibly_t) const noexcept {
    return promise_executor<T, execution::blocking_t::possibly_t>(promise_);
  }
  promise_executor<T, execution::blocking_t::never_t> require(
      execution::blocking_t::never_t) const noexcept {
    return promise_executor<T, execution::blocking_t::never_t>(promise_);
  }

  template <typename Function>
  void execute(Function&& function) const {
    NET_NAMESPACE::require(system_executor(), Blocking())
        .execute(guard(std::forward<Function>(function)));
  }

  // As the executors of the Networking TS have them.
  decltype(auto) context() const noexcept { return system_executor().context(); }
  void on_work_started() const noexcept {}
  void on_work_finished() const noexcept {}
  template <typename Function, typename A>
  void dispatch(Function&& function, const A&) const {
    guard(std::forward<Function>(function))();
  }
  template <typename Function, typename A>
  void post(Function&& function, const A& allocator) const {
    system_executor().post(guard(std::forward<Function>(function)), allocator);
  }
  template <typename Function, typename A>
  void defer(Function&& function, const A& allocator) const {
    system_executor().defer(guard(std::forward<Function>(function)), allocator);
  }

  friend bool operator==(const promise_executor&, const promise_executor&) noexcept = default;

 private:
  template <typename Function>
  promise_guarded<T, std::decay_t<Function>> guard(Function&& function) const {
    return {promise_, std::forward<Function>(function)};
  }

  std::shared_ptr<std::promise<T>> promise_;
};

// What the handlers have in common.
template <typename T, typename Allocator>
class promise_owner {
 public:
  using result_type = void;
  using executor_type = promise_executor<T>;
  using allocator_type = Allocator;

  explicit promise_owner(const Allocator& allocator) : allocator_(allocator) {
    typename std::allocator_traits<Allocator>::template rebind_alloc<char> bytes(allocator);
    promise_ = std::allocate_shared<std::promise<T>>(bytes, std::allocator_arg, bytes);
  }

  executor_type get_executor() const noexcept { return executor_type(promise_); }
  allocator_type get_allocator() const noexcept { return allocator_; }
  std::future<T> get_future() { return promise_->get_future(); }

 protected:
  std::promise<T>& promise() const noexcept { return *promise_; }

 private:
  std::shared_ptr<std::promise<T>> promise_;
  [[no_unique_address]] Allocator allocator_;
};

// A handler that puts the results into the future.
template <typename Results>
struct future_value;
template <>
struct future_value<void()> {
  using type = void;
};
template <typename T>
struct future_value<void(T)> {
  using type = T;
};
template <typename T, typename U, typename... More>
struct future_value<void(T, U, More...)> {
  using type = std::tuple<T, U, More...>;
};

template <typename Allocator, typename... Args>
class value_handler : public promise_owner<typename future_value<void(Args...)>::type, Allocator> {
 public:
  explicit value_handler(const use_future_t<Allocator>& token)
      : value_handler::promise_owner(token.get_allocator()) {}

  void operator()(Args... args) {
    if constexpr (sizeof...(Args) < 2) {
      this->promise().set_value(std::move(args)...);
    } else {
      this->promise().set_value(std::tuple<Args...>(std::move(args)...));
    }
  }
};

template <typename Allocator, typename... Args>
class promise_handler : public value_handler<Allocator, Args...> {
 public:
  using promise_handler::value_handler::value_handler;
};
template <typename Allocator, disposition Disposition, typename... Args>
class promise_handler<Allocator, Disposition, Args...> : public value_handler<Allocator, Args...> {
 public:
  using promise_handler::value_handler::value_handler;

  void operator()(Disposition outcome, Args... args) {
    if (outcome != no_error) {
      this->promise().set_exception(NET_NAMESPACE::to_exception_ptr(std::move(outcome)));
    } else {
      promise_handler::value_handler::operator()(std::move(args)...);
    }
  }
};

// A handler that puts what a function makes of the results into the future.
template <typename Function, typename Allocator, typename Result>
class packaged_handler : public promise_owner<Result, Allocator> {
 public:
  explicit packaged_handler(packaged_token<Function, Allocator> token)
      : packaged_handler::promise_owner(token.allocator), function_(std::move(token.function)) {}

  template <typename... Args>
  void operator()(Args&&... args) {
    try {
      if constexpr (std::is_void_v<Result>) {
        function_(std::forward<Args>(args)...);
        this->promise().set_value();
      } else {
        this->promise().set_value(function_(std::forward<Args>(args)...));
      }
    } catch (...) {
      this->promise().set_exception(std::current_exception());
    }
  }

 private:
  Function function_;
};

template <typename Handler>
class future_async_result {
 public:
  using completion_handler_type = Handler;
  using return_type = decltype(std::declval<Handler&>().get_future());

  explicit future_async_result(completion_handler_type& handler) : future_(handler.get_future()) {}

  return_type get() { return std::move(future_); }

 private:
  return_type future_;
};

template <typename Allocator>
struct promise_handler_for {
  template <typename... Args>
  using type = promise_handler<Allocator, std::decay_t<Args>...>;
};

template <typename Function, typename Allocator>
struct packaged_handler_for {
  template <typename... Args>
  using type = packaged_handler<Function, Allocator, std::invoke_result_t<Function&, Args...>>;
};

}  // namespace internal

template <typename Allocator, completion_signature Signature>
class async_result<use_future_t<Allocator>, Signature>
    : public internal::future_async_result<typename internal::signature_traits<
          Signature>::template args_in<internal::promise_handler_for<Allocator>::template type>> {
 public:
  using async_result::future_async_result::future_async_result;
};

template <typename Function, typename Allocator, completion_signature Signature>
class async_result<internal::packaged_token<Function, Allocator>, Signature>
    : public internal::future_async_result<
          typename internal::signature_traits<Signature>::template args_in<
              internal::packaged_handler_for<Function, Allocator>::template type>> {
 public:
  using async_result::future_async_result::future_async_result;
};

}  // namespace NET_NAMESPACE
