// SPDX-License-Identifier: BSL-1.0
//
// spawn(executor, function, token): runs function(yield) in a fiber of its own, on an executor, which
// gives the fiber each of its turns: on a strand nothing else of the strand runs meanwhile. With
// `yield` as their completion token asynchronous operations are written as if they blocked.
//
//   net::spawn(context, [&](net::yield_context yield) {
//     tcp::socket socket = acceptor.async_accept(yield);
//     …
//   }, net::detached);
//
// This is itself an asynchronous operation: the handler is called with what the function threw, an
// exception_ptr, and what it returned. Its cancellation slot cancels the operation that the fiber
// waits for; see yield_context.h. Given a yield_context, the fiber runs on the same executor as that
// one. After std::allocator_arg, fiber_options say how large its stack is.
//
// The function begins when the executor comes to it, never before spawn() has returned. What else a
// fiber can do it can do too: all that waits in this library, synchronously, parks it.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_type.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/async/handler_work.h"
#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/submit_to.h"
#include "net/fiber/fiber_options.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/yield_context.h"
#include "net/io_executor.h"

namespace NET_NAMESPACE {
namespace internal {

// In the slot of spawn()'s handler. A handler with an executor of its own may be asked to stop
// anywhere; the fiber is told on its own.
template <typename Handler, typename Executor>
class spawn_canceller {
 public:
  spawn_canceller(std::shared_ptr<cancellation_signal> to, const Executor& executor)
      : to_(std::move(to)), executor_(executor) {}

  void operator()(cancellation_type type) {
    if constexpr (has_own_executor<Handler, Executor>) {
      submit_to<verb::dispatch>(
          executor_, [to = to_, type] { to->emit(type); }, std::allocator<void>());
    } else {
      to_->emit(type);
    }
  }

 private:
  const std::shared_ptr<cancellation_signal> to_;
  const Executor executor_;
};

// How a fiber gets its turns by an executor of any kind.
template <typename Executor>
class spawn_route {
 public:
  explicit spawn_route(const io_executor<Executor>& io) : io_(io) {}

  const io_executor<Executor>& context() const noexcept { return io_; }

  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    submit_to<verb::post>(io_.get(), std::forward<Function>(function), allocator);
  }

 private:
  io_executor<Executor> io_;
};

// What the fiber runs.
template <typename Executor, typename Function, typename Handler>
class spawn_body {
  using result_type = std::invoke_result_t<Function&, basic_yield_context<Executor>>;

 public:
  template <typename F, typename H>
  spawn_body(const io_executor<Executor>& io, F&& function, H&& handler,
             std::shared_ptr<cancellation_signal> signal)
      : executor_(io.get()),
        work_(handler, io),
        function_(std::forward<F>(function)),
        handler_(std::forward<H>(handler)),
        signal_(std::move(signal)) {}

  void operator()() {
    spawned_fiber fiber(std::move(signal_));
    const basic_yield_context<Executor> yield(fiber, executor_);
    std::exception_ptr thrown;
    if constexpr (std::is_void_v<result_type>) {
      run(fiber, thrown, [&] { function_(yield); });
      if (!fiber.is_abandoned) {
        work_.complete(std::move(handler_), [thrown](auto& target) { std::move(target)(thrown); });
      }
    } else {
      std::optional<result_type> result;
      run(fiber, thrown, [&] { result.emplace(function_(yield)); });
      if (!fiber.is_abandoned) {
        work_.complete(std::move(handler_),
                       [thrown, value = result ? *std::move(result) : result_type()](
                           auto& target) mutable { std::move(target)(thrown, std::move(value)); });
      }
    }
  }

 private:
  template <typename Call>
  static void run(const spawned_fiber& fiber, std::exception_ptr& thrown, Call call) {
    try {
      call();
    } catch (const fiber_unwind&) {
      throw;
    } catch (...) {
      if (!fiber.is_abandoned) {
        thrown = std::current_exception();
      }
    }
  }

  const Executor executor_;
  handler_work<Handler, Executor> work_;
  Function function_;
  Handler handler_;
  std::shared_ptr<cancellation_signal> signal_;
};

template <typename Executor>
class spawn_initiation {
 public:
  using executor_type = Executor;

  explicit spawn_initiation(const Executor& executor) : executor_(executor) {}

  executor_type get_executor() const noexcept { return executor_; }

  template <typename Handler, typename Function>
  void operator()(Handler&& handler, const fiber_options& options, Function&& function) const {
    using handler_type = std::decay_t<Handler>;
    using body = spawn_body<Executor, std::decay_t<Function>, handler_type>;
    const io_executor<Executor> io(executor_);
    auto slot = NET_NAMESPACE::get_associated_cancellation_slot(handler);
    std::shared_ptr<cancellation_signal> signal;
    if (slot.is_connected()) {
      signal = std::make_shared<cancellation_signal>();
      slot.template emplace<spawn_canceller<handler_type, Executor>>(signal, executor_);
    }
    body what(io, std::forward<Function>(function), std::forward<Handler>(handler),
              std::move(signal));
    if (io.is_direct()) {
      fiber_state::spawn(io.loop(), options, fiber_state::handle::none, std::move(what));
    } else {
      fiber_state::spawn_on(spawn_route<Executor>(io), options, fiber_state::handle::none,
                            std::move(what));
    }
  }

 private:
  Executor executor_;
};

template <typename R>
struct spawn_signature {
  using type = void(std::exception_ptr, R);
};
template <>
struct spawn_signature<void> {
  using type = void(std::exception_ptr);
};
template <typename Executor, typename Function>
using spawn_signature_t = typename spawn_signature<
    std::invoke_result_t<std::decay_t<Function>&, basic_yield_context<Executor>>>::type;

template <typename Function, typename Executor>
concept spawn_function = std::is_invocable_v < std::decay_t<Function>
&, basic_yield_context < Executor >> ;

template <typename Context>
concept spawn_context = std::is_convertible_v<Context&, execution_context&>;

}  // namespace internal

template <internal::any_executor_model Executor, internal::spawn_function<Executor> Function,
          typename Token = default_completion_token_t<Executor>>
auto spawn(const Executor& executor, std::allocator_arg_t, const fiber_options& options,
           Function&& function, Token&& token = default_completion_token_t<Executor>())
    -> decltype(async_initiate<Token, internal::spawn_signature_t<Executor, Function>>(
        internal::spawn_initiation<Executor>(executor), token, options,
        std::forward<Function>(function))) {
  return async_initiate<Token, internal::spawn_signature_t<Executor, Function>>(
      internal::spawn_initiation<Executor>(executor), token, options,
      std::forward<Function>(function));
}
template <internal::any_executor_model Executor, internal::spawn_function<Executor> Function,
          typename Token = default_completion_token_t<Executor>>
auto spawn(const Executor& executor, Function&& function,
           Token&& token = default_completion_token_t<Executor>())
    -> decltype(NET_NAMESPACE::spawn(executor, std::allocator_arg, fiber_options(),
                                     std::forward<Function>(function),
                                     std::forward<Token>(token))) {
  return NET_NAMESPACE::spawn(executor, std::allocator_arg, fiber_options(),
                              std::forward<Function>(function), std::forward<Token>(token));
}

template <internal::spawn_context Context,
          internal::spawn_function<typename Context::executor_type> Function,
          typename Token = default_completion_token_t<typename Context::executor_type>>
auto spawn(Context& context, Function&& function,
           Token&& token = default_completion_token_t<typename Context::executor_type>())
    -> decltype(NET_NAMESPACE::spawn(context.get_executor(), std::forward<Function>(function),
                                     std::forward<Token>(token))) {
  return NET_NAMESPACE::spawn(context.get_executor(), std::forward<Function>(function),
                              std::forward<Token>(token));
}
template <internal::spawn_context Context,
          internal::spawn_function<typename Context::executor_type> Function,
          typename Token = default_completion_token_t<typename Context::executor_type>>
auto spawn(Context& context, std::allocator_arg_t, const fiber_options& options,
           Function&& function,
           Token&& token = default_completion_token_t<typename Context::executor_type>())
    -> decltype(NET_NAMESPACE::spawn(context.get_executor(), std::allocator_arg, options,
                                     std::forward<Function>(function),
                                     std::forward<Token>(token))) {
  return NET_NAMESPACE::spawn(context.get_executor(), std::allocator_arg, options,
                              std::forward<Function>(function), std::forward<Token>(token));
}

template <typename Executor, internal::spawn_function<Executor> Function,
          typename Token = default_completion_token_t<Executor>>
auto spawn(const basic_yield_context<Executor>& parent, Function&& function,
           Token&& token = default_completion_token_t<Executor>())
    -> decltype(NET_NAMESPACE::spawn(parent.get_executor(), std::forward<Function>(function),
                                     std::forward<Token>(token))) {
  return NET_NAMESPACE::spawn(parent.get_executor(), std::forward<Function>(function),
                              std::forward<Token>(token));
}
template <typename Executor, internal::spawn_function<Executor> Function,
          typename Token = default_completion_token_t<Executor>>
auto spawn(const basic_yield_context<Executor>& parent, std::allocator_arg_t,
           const fiber_options& options, Function&& function,
           Token&& token = default_completion_token_t<Executor>())
    -> decltype(NET_NAMESPACE::spawn(parent.get_executor(), std::allocator_arg, options,
                                     std::forward<Function>(function),
                                     std::forward<Token>(token))) {
  return NET_NAMESPACE::spawn(parent.get_executor(), std::allocator_arg, options,
                              std::forward<Function>(function), std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
