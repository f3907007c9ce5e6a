// SPDX-License-Identifier: BSL-1.0
//
// prepend(token, values...): the handler is called with these values before the results.
//
//   timer.async_wait(net::prepend([](int which, std::error_code) { … }, 7));
//
// Called with an rvalue, the handler gets them moved: it is called once.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/async/token_with_values.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, typename... Values>
class prepend_t : public internal::token_with_values<CompletionToken, Values...> {
 public:
  using internal::token_with_values<CompletionToken, Values...>::token_with_values;
};

template <typename CompletionToken, typename... Values>
[[nodiscard]] constexpr prepend_t<std::decay_t<CompletionToken>, std::decay_t<Values>...> prepend(
    CompletionToken&& token, Values&&... values) {
  return prepend_t<std::decay_t<CompletionToken>, std::decay_t<Values>...>(
      std::forward<CompletionToken>(token), std::forward<Values>(values)...);
}

namespace internal {

template <typename Handler, typename... Values>
class prepend_handler : public handler_with_values<Handler, Values...> {
 public:
  using handler_with_values<Handler, Values...>::handler_with_values;

  template <typename... Args>
  void operator()(Args&&... args) {
    std::apply(
        [&](Values&... values) {
          static_cast<Handler&&>(this->handler_)(static_cast<Values&&>(values)...,
                                                 std::forward<Args>(args)...);
        },
        this->values_);
  }
};

template <typename Signature, typename... Values>
struct prepend_signature {
  template <typename... Args>
  using result =
      typename signature_traits<Signature>::template with_args<Values..., std::decay_t<Args>...>;
  using type = typename signature_traits<Signature>::template args_in<result>;
};

}  // namespace internal

template <typename CompletionToken, typename... Values, typename... Signatures>
class async_result<prepend_t<CompletionToken, Values...>, Signatures...>
    : public internal::values_async_result<
          internal::prepend_handler, CompletionToken, std::tuple<Values...>,
          typename internal::prepend_signature<Signatures, Values...>::type...> {};

}  // namespace NET_NAMESPACE
