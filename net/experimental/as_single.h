// SPDX-License-Identifier: BSL-1.0
//
// as_single(token): the operation completes with at most one result. If it has several they come in one
// std::tuple; one result, or none, is passed on as it is.
//
//   timer.async_wait(experimental::as_single(net::use_future));    // a std::future<void>, as without
//   auto [ec, n] = socket.async_receive(buffer, experimental::as_single(net::use_future)).get();
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associator.h"
#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/async/default_on.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace experimental {

template <typename CompletionToken>
class as_single_t : public NET_NAMESPACE::internal::default_on<as_single_t<CompletionToken>> {
 public:
  // Keeps the default constructor from being a conversion.
  struct default_constructor_tag {};

  constexpr as_single_t(default_constructor_tag = default_constructor_tag(),
                        CompletionToken token = CompletionToken())
      : token_(static_cast<CompletionToken&&>(token)) {}
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, as_single_t>) constexpr explicit as_single_t(
      T&& token)
      : token_(std::forward<T>(token)) {}

  CompletionToken token_;
};

template <typename CompletionToken>
[[nodiscard]] constexpr as_single_t<std::decay_t<CompletionToken>> as_single(
    CompletionToken&& token) {
  return as_single_t<std::decay_t<CompletionToken>>(std::forward<CompletionToken>(token));
}

}  // namespace experimental

namespace internal {

template <typename Handler>
class as_single_handler {
 public:
  using result_type = void;

  template <typename H>
  requires(!std::is_same_v<std::remove_cvref_t<H>, as_single_handler>) explicit as_single_handler(
      H&& handler)
      : handler_(std::forward<H>(handler)) {}

  template <typename... Args>
  void operator()(Args&&... args) {
    if constexpr (sizeof...(Args) <= 1) {
      static_cast<Handler&&>(handler_)(std::forward<Args>(args)...);
    } else {
      static_cast<Handler&&>(handler_)(
          std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
    }
  }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  Handler handler_;
};

template <typename Signature>
struct single_signature {
  template <typename... Args>
  struct chosen {
    using type =
        typename signature_traits<Signature>::template with_args<std::tuple<std::decay_t<Args>...>>;
  };
  template <typename... Args>
  requires(sizeof...(Args) <= 1) struct chosen<Args...> {
    using type = Signature;
  };
};
template <typename Signature>
using as_single_signature = typename signature_traits<Signature>::template args_in<
    single_signature<Signature>::template chosen>::type;

}  // namespace internal

template <typename CompletionToken, typename... Signatures>
class async_result<experimental::as_single_t<CompletionToken>, Signatures...>
    : public internal::wrapping_token_result<internal::as_single_handler, CompletionToken,
                                             internal::as_single_signature<Signatures>...> {};

}  // namespace NET_NAMESPACE
