// SPDX-License-Identifier: BSL-1.0
//
// post, dispatch and defer: three verbs, one implementation. The token is called without arguments,
// on its associated executor if it has one, else on the executor or context given.
//
//   net::post(context, [] { … });
//
// post() and defer() never call it before they return; dispatch() does when the calling thread is
// running the context. Thread-safe. Handlers that are never run are destroyed with the context.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/config.h"
#include "net/execution/work_guard.h"

namespace NET_NAMESPACE {
namespace internal {

enum class verb { dispatch, post, defer };

template <verb Verb, typename Executor, typename Function, typename Allocator>
void submit_to(const Executor& executor, Function&& function, const Allocator& allocator) {
  if constexpr (Verb == verb::dispatch) {
    executor.dispatch(std::forward<Function>(function), allocator);
  } else if constexpr (Verb == verb::post) {
    executor.post(std::forward<Function>(function), allocator);
  } else {
    executor.defer(std::forward<Function>(function), allocator);
  }
}

// Runs first where it was submitted to, then dispatches to the handler's own executor.
template <typename Handler, typename Executor>
class forwarded_handler {
 public:
  forwarded_handler(Handler&& handler, const Executor& executor)
      : handler_(std::move(handler)), work_(executor) {}

  void operator()() {
    const auto allocator = get_associated_allocator(handler_);
    work_.get_executor().dispatch(std::move(handler_), allocator);
  }

 private:
  Handler handler_;
  executor_work_guard<Executor> work_;
};

template <verb Verb>
struct submission {
  template <typename Handler, typename Executor>
  void operator()(Handler&& handler, const Executor& executor) const {
    using handler_type = std::decay_t<Handler>;
    const auto allocator = get_associated_allocator(handler);
    if constexpr (has_own_executor<handler_type, Executor>) {
      const auto own = get_associated_executor(handler, executor);
      submit_to<Verb>(executor,
                      forwarded_handler<handler_type, std::decay_t<decltype(own)>>(
                          handler_type(std::forward<Handler>(handler)), own),
                      allocator);
    } else {
      submit_to<Verb>(executor, std::forward<Handler>(handler), allocator);
    }
  }
};

template <verb Verb, typename Where, typename Token>
decltype(auto) submit(Where& where, Token&& token) {
  if constexpr (requires { where.get_executor(); }) {
    return async_initiate<Token, void()>(submission<Verb>{}, token, where.get_executor());
  } else {
    return async_initiate<Token, void()>(submission<Verb>{}, token, where);
  }
}

}  // namespace internal

template <typename Where, typename Token>
decltype(auto) dispatch(Where&& executor_or_context, Token&& token) {
  return internal::submit<internal::verb::dispatch>(executor_or_context,
                                                    std::forward<Token>(token));
}
template <typename Where, typename Token>
decltype(auto) post(Where&& executor_or_context, Token&& token) {
  return internal::submit<internal::verb::post>(executor_or_context, std::forward<Token>(token));
}
template <typename Where, typename Token>
decltype(auto) defer(Where&& executor_or_context, Token&& token) {
  return internal::submit<internal::verb::defer>(executor_or_context, std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
