// SPDX-License-Identifier: BSL-1.0
//
// async_immediate(executor or context, token): an operation that is complete when it starts. Its
// handler is called on the handler's immediate executor, so inside the initiating function if the
// handler has one that allows it, and otherwise soon, from the executor.
//
//   if (buffered != 0) { return net::async_immediate(executor, net::append(handler, buffered)); }
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/async/submit.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Executor>
class initiate_immediate {
 public:
  using executor_type = Executor;

  explicit initiate_immediate(const Executor& executor) : executor_(executor) {}

  executor_type get_executor() const noexcept { return executor_; }

  template <typename Handler>
  void operator()(Handler&& handler) const {
    const associated_immediate_executor_t<std::decay_t<Handler>, Executor> executor =
        (get_associated_immediate_executor)(handler, executor_);
    (dispatch)(executor, std::forward<Handler>(handler));
  }

 private:
  Executor executor_;
};

}  // namespace internal

template <internal::some_executor Executor,
          completion_token_for<void()> NullaryToken = default_completion_token_t<Executor>>
decltype(auto) async_immediate(const Executor& executor, NullaryToken&& token = NullaryToken()) {
  return async_initiate<NullaryToken, void()>(internal::initiate_immediate<Executor>(executor),
                                              token);
}

template <internal::context_type Context,
          completion_token_for<void()> NullaryToken =
              default_completion_token_t<typename Context::executor_type>>
decltype(auto) async_immediate(Context& context, NullaryToken&& token = NullaryToken()) {
  return async_initiate<NullaryToken, void()>(
      internal::initiate_immediate<typename Context::executor_type>(context.get_executor()), token);
}

}  // namespace NET_NAMESPACE
