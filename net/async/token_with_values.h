// SPDX-License-Identifier: BSL-1.0
//
// What append, prepend and consign have in common: a token with values, which end up beside the
// handler.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associator.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename CompletionToken, typename... Values>
class token_with_values {
 public:
  template <typename T, typename... V>
  constexpr explicit token_with_values(T&& token, V&&... values)
      : token_(std::forward<T>(token)), values_(std::forward<V>(values)...) {}

  CompletionToken token_;
  std::tuple<Values...> values_;
};

template <typename Handler, typename... Values>
class handler_with_values {
 public:
  using result_type = void;

  template <typename H>
  handler_with_values(H&& handler, std::tuple<Values...> values)
      : handler_(std::forward<H>(handler)), values_(std::move(values)) {}

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 protected:
  Handler handler_;
  std::tuple<Values...> values_;
};

// Makes a handler out of one and the values, which it holds.
template <template <typename, typename...> class HandlerTemplate, typename... Values>
struct add_values {
  std::tuple<Values...> values;

  template <typename Handler>
  auto operator()(Handler&& handler) && {
    return HandlerTemplate<std::decay_t<Handler>, Values...>(std::forward<Handler>(handler),
                                                             std::move(values));
  }
  template <typename Handler>
  auto operator()(Handler&& handler) const& {
    return HandlerTemplate<std::decay_t<Handler>, Values...>(std::forward<Handler>(handler),
                                                             values);
  }
};

// The base of their async_result; `InnerSignatures` are those of the token inside.
template <template <typename, typename...> class HandlerTemplate, typename CompletionToken,
          typename Values, typename... InnerSignatures>
class values_async_result;

template <template <typename, typename...> class HandlerTemplate, typename CompletionToken,
          typename... Values, typename... InnerSignatures>
class values_async_result<HandlerTemplate, CompletionToken, std::tuple<Values...>,
                          InnerSignatures...>
    : public inherited_return_type<async_result<CompletionToken, InnerSignatures...>> {
  using adapt = add_values<HandlerTemplate, Values...>;

 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(initiate_adapted<part_of_token<RawToken, CompletionToken>, InnerSignatures...>(
          std::forward<Initiation>(initiation), std::declval<adapt>(), token.token_,
          std::forward<Args>(args)...)) {
    using values = part_of_token<RawToken, std::tuple<Values...>>;
    return initiate_adapted<part_of_token<RawToken, CompletionToken>, InnerSignatures...>(
        std::forward<Initiation>(initiation), adapt{static_cast<values&&>(token.values_)},
        token.token_, std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE::internal
