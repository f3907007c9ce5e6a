// SPDX-License-Identifier: BSL-1.0
//
// consign(token, values...): the values are kept until the handler is gone, which is when it has
// been called. Nobody sees them: they are there for their lifetime.
//
//   auto timer = std::make_unique<net::steady_timer>(context, 1s);
//   auto& waiting = *timer;
//   waiting.async_wait(net::consign(handler, std::move(timer)));
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/token_with_values.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, typename... Values>
class consign_t : public internal::token_with_values<CompletionToken, Values...> {
 public:
  using internal::token_with_values<CompletionToken, Values...>::token_with_values;
};

template <typename CompletionToken, typename... Values>
[[nodiscard]] constexpr consign_t<std::decay_t<CompletionToken>, std::decay_t<Values>...> consign(
    CompletionToken&& token, Values&&... values) {
  return consign_t<std::decay_t<CompletionToken>, std::decay_t<Values>...>(
      std::forward<CompletionToken>(token), std::forward<Values>(values)...);
}

namespace internal {

template <typename Handler, typename... Values>
class consign_handler : public handler_with_values<Handler, Values...> {
 public:
  using handler_with_values<Handler, Values...>::handler_with_values;

  template <typename... Args>
  void operator()(Args&&... args) {
    static_cast<Handler&&>(this->handler_)(std::forward<Args>(args)...);
  }
};

}  // namespace internal

template <typename CompletionToken, typename... Values, typename... Signatures>
class async_result<consign_t<CompletionToken, Values...>, Signatures...>
    : public internal::values_async_result<internal::consign_handler, CompletionToken,
                                           std::tuple<Values...>, Signatures...> {};

}  // namespace NET_NAMESPACE
