// SPDX-License-Identifier: BSL-1.0
//
// post, dispatch and defer: three verbs, one implementation. The token is called without arguments,
// on its associated executor if it has one, else on the executor or context given. With a function
// before the executor, that is called there, and the token gets what it returned.
//
//   net::post(context, [] { … });
//   net::post([] { return answer(); }, pool, net::bind_executor(context, [](int answer) { … }));
//
// post() and defer() never call anything before they return; dispatch() does when the calling thread
// is running the context. Thread-safe. Handlers that are never run are destroyed with the context.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/config.h"
#include "net/execution/submit_to.h"
#include "net/execution/work_guard.h"

namespace NET_NAMESPACE {
namespace internal {

// A handler with the result it is to be called with.
template <typename Handler, typename Result>
class handler_with_result {
 public:
  template <typename R>
  handler_with_result(Handler&& handler, R&& result)
      : handler_(std::move(handler)), result_(std::forward<R>(result)) {}

  void operator()() { std::move(handler_)(std::move(result_)); }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  Handler handler_;
  Result result_;
};

// Runs first where it was submitted to, calls the function there, and then dispatches to the
// handler's executor, which has work until then.
template <typename Function, typename Handler, typename Executor>
class forwarded_call {
 public:
  template <typename F, typename H>
  forwarded_call(F&& function, H&& handler, const Executor& executor)
      : function_(std::forward<F>(function)), handler_(std::forward<H>(handler)), work_(executor) {}

  void operator()() {
    using result = std::invoke_result_t<Function>;
    const auto allocator = get_associated_allocator(handler_);
    if constexpr (std::is_void_v<result>) {
      std::move(function_)();
      submit_to<verb::dispatch>(work_.get_executor(), std::move(handler_), allocator);
    } else {
      submit_to<verb::dispatch>(work_.get_executor(),
                                handler_with_result<Handler, std::decay_t<result>>(
                                    std::move(handler_), std::move(function_)()),
                                allocator);
    }
    work_.reset();
  }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  [[no_unique_address]] Function function_;
  Handler handler_;
  executor_work_guard<Executor> work_;
};

struct no_function {
  void operator()() const noexcept {}
};

// To the handler's own executor.
template <verb Verb>
struct submission {
  template <typename Handler>
  void operator()(Handler&& handler) const {
    const auto executor = get_associated_executor(handler);
    const auto allocator = get_associated_allocator(handler);
    submit_to<Verb>(executor, std::forward<Handler>(handler), allocator);
  }
};

template <verb Verb, typename Executor>
class submission_on {
 public:
  using executor_type = Executor;

  explicit submission_on(const Executor& executor) noexcept : executor_(executor) {}
  executor_type get_executor() const noexcept { return executor_; }

  template <typename Handler, typename Function>
  void operator()(Handler&& handler, Function&& function) const {
    using handler_type = std::decay_t<Handler>;
    using function_type = std::decay_t<Function>;
    const auto allocator = get_associated_allocator(handler);
    if constexpr (std::is_same_v<function_type, no_function> &&
                  !has_own_executor<handler_type, Executor>) {
      submit_to<Verb>(executor_, std::forward<Handler>(handler), allocator);
    } else {
      using own_type = associated_executor_t<handler_type, Executor>;
      const own_type own = get_associated_executor(handler, executor_);
      submit_to<Verb>(executor_,
                      forwarded_call<function_type, handler_type, own_type>(
                          std::forward<Function>(function), std::forward<Handler>(handler), own),
                      allocator);
    }
  }

 private:
  Executor executor_;
};

template <typename Function>
struct result_signature {
  using type = void(std::decay_t<std::invoke_result_t<std::decay_t<Function>>>);
};
template <typename Function>
requires std::is_void_v<std::invoke_result_t<std::decay_t<Function>>>
struct result_signature<Function> {
  using type = void();
};

template <verb Verb, typename Executor, typename Token>
decltype(auto) submit_on(const Executor& executor, Token&& token) {
  return async_initiate<Token, void()>(submission_on<Verb, Executor>(executor), token,
                                       no_function());
}
template <verb Verb, typename Executor, typename Token, typename Function>
decltype(auto) submit_function(Function&& function, const Executor& executor, Token&& token) {
  return async_initiate<Token, typename result_signature<Function>::type>(
      submission_on<Verb, Executor>(executor), token, std::forward<Function>(function));
}

// What a token may not be.
template <typename T>
concept is_place =
    any_executor_model<std::remove_cvref_t<T>> || context_type<std::remove_reference_t<T>>;

template <typename T>
concept submittable_function = std::is_invocable_v<std::decay_t<T>>;

}  // namespace internal

template <typename NullaryToken = deferred_t>
requires(!internal::is_place<NullaryToken>) decltype(auto)
    dispatch(NullaryToken&& token = NullaryToken()) {
  return async_initiate<NullaryToken, void()>(internal::submission<internal::verb::dispatch>(),
                                              token);
}
template <internal::any_executor_model Executor,
          typename NullaryToken = default_completion_token_t<Executor>>
decltype(auto) dispatch(const Executor& executor,
                        NullaryToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_on<internal::verb::dispatch>(executor, std::forward<NullaryToken>(token));
}
template <internal::context_type Context,
          typename NullaryToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) dispatch(
    Context& context,
    NullaryToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_on<internal::verb::dispatch>(context.get_executor(),
                                                       std::forward<NullaryToken>(token));
}
template <internal::submittable_function Function, internal::any_executor_model Executor,
          typename CompletionToken = default_completion_token_t<Executor>>
decltype(auto) dispatch(Function&& function, const Executor& executor,
                        CompletionToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_function<internal::verb::dispatch>(
      std::forward<Function>(function), executor, std::forward<CompletionToken>(token));
}
template <internal::submittable_function Function, internal::context_type Context,
          typename CompletionToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) dispatch(
    Function&& function, Context& context,
    CompletionToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_function<internal::verb::dispatch>(std::forward<Function>(function),
                                                             context.get_executor(),
                                                             std::forward<CompletionToken>(token));
}

template <typename NullaryToken = deferred_t>
requires(!internal::is_place<NullaryToken>) decltype(auto)
    post(NullaryToken&& token = NullaryToken()) {
  return async_initiate<NullaryToken, void()>(internal::submission<internal::verb::post>(), token);
}
template <internal::executor_to_post_on Executor,
          typename NullaryToken = default_completion_token_t<Executor>>
decltype(auto) post(const Executor& executor,
                    NullaryToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_on<internal::verb::post>(executor, std::forward<NullaryToken>(token));
}
template <internal::context_type Context,
          typename NullaryToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) post(
    Context& context,
    NullaryToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_on<internal::verb::post>(context.get_executor(),
                                                   std::forward<NullaryToken>(token));
}
template <internal::submittable_function Function, internal::executor_to_post_on Executor,
          typename CompletionToken = default_completion_token_t<Executor>>
decltype(auto) post(Function&& function, const Executor& executor,
                    CompletionToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_function<internal::verb::post>(std::forward<Function>(function), executor,
                                                         std::forward<CompletionToken>(token));
}
template <internal::submittable_function Function, internal::context_type Context,
          typename CompletionToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) post(
    Function&& function, Context& context,
    CompletionToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_function<internal::verb::post>(std::forward<Function>(function),
                                                         context.get_executor(),
                                                         std::forward<CompletionToken>(token));
}

template <typename NullaryToken = deferred_t>
requires(!internal::is_place<NullaryToken>) decltype(auto)
    defer(NullaryToken&& token = NullaryToken()) {
  return async_initiate<NullaryToken, void()>(internal::submission<internal::verb::defer>(), token);
}
template <internal::executor_to_post_on Executor,
          typename NullaryToken = default_completion_token_t<Executor>>
decltype(auto) defer(const Executor& executor,
                     NullaryToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_on<internal::verb::defer>(executor, std::forward<NullaryToken>(token));
}
template <internal::context_type Context,
          typename NullaryToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) defer(
    Context& context,
    NullaryToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_on<internal::verb::defer>(context.get_executor(),
                                                    std::forward<NullaryToken>(token));
}
template <internal::submittable_function Function, internal::executor_to_post_on Executor,
          typename CompletionToken = default_completion_token_t<Executor>>
decltype(auto) defer(Function&& function, const Executor& executor,
                     CompletionToken&& token = default_completion_token_t<Executor>()) {
  return internal::submit_function<internal::verb::defer>(
      std::forward<Function>(function), executor, std::forward<CompletionToken>(token));
}
template <internal::submittable_function Function, internal::context_type Context,
          typename CompletionToken = default_completion_token_t<typename Context::executor_type>>
decltype(auto) defer(
    Function&& function, Context& context,
    CompletionToken&& token = default_completion_token_t<typename Context::executor_type>()) {
  return internal::submit_function<internal::verb::defer>(std::forward<Function>(function),
                                                          context.get_executor(),
                                                          std::forward<CompletionToken>(token));
}

}  // namespace NET_NAMESPACE
