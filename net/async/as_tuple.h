// SPDX-License-Identifier: BSL-1.0
//
// as_tuple(token): the operation completes with one std::tuple of its results.
//
//   auto [ec, n] = co_await socket.async_read_some(buffer, net::as_tuple(net::use_awaitable));
//
// `as_tuple` alone is a token too, and adapts the default token of the operation.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associator.h"
#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/async/default_on.h"
#include "net/async/default_token_of.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken>
class as_tuple_t : public internal::default_on<as_tuple_t<CompletionToken>> {
 public:
  // Keeps the default constructor from being a conversion.
  struct default_constructor_tag {};

  constexpr as_tuple_t(default_constructor_tag = default_constructor_tag(),
                       CompletionToken token = CompletionToken())
      : token_(static_cast<CompletionToken&&>(token)) {}
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, as_tuple_t>) constexpr explicit as_tuple_t(
      T&& token)
      : token_(std::forward<T>(token)) {}

  CompletionToken token_;
};

struct partial_as_tuple {
  constexpr partial_as_tuple() = default;

  template <typename CompletionToken>
  [[nodiscard]] constexpr as_tuple_t<std::decay_t<CompletionToken>> operator()(
      CompletionToken&& token) const {
    return as_tuple_t<std::decay_t<CompletionToken>>(std::forward<CompletionToken>(token));
  }
};

inline constexpr partial_as_tuple as_tuple;

namespace internal {

template <typename Handler>
class as_tuple_handler {
 public:
  using result_type = void;

  template <typename H>
  requires(!std::is_same_v<std::remove_cvref_t<H>, as_tuple_handler>) explicit as_tuple_handler(
      H&& handler)
      : handler_(std::forward<H>(handler)) {}

  template <typename... Args>
  void operator()(Args&&... args) {
    static_cast<Handler&&>(handler_)(
        std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
  }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  Handler handler_;
};

template <typename... Args>
using decayed_tuple = std::tuple<std::decay_t<Args>...>;
template <typename Signature>
using as_tuple_signature = typename signature_traits<Signature>::template with_args<
    typename signature_traits<Signature>::template args_in<decayed_tuple>>;

}  // namespace internal

template <typename CompletionToken, typename... Signatures>
class async_result<as_tuple_t<CompletionToken>, Signatures...>
    : public internal::wrapping_token_result<internal::as_tuple_handler, CompletionToken,
                                             internal::as_tuple_signature<Signatures>...> {};

template <typename... Signatures>
class async_result<partial_as_tuple, Signatures...>
    : public internal::partial_token_result<Signatures...> {};

}  // namespace NET_NAMESPACE
