// SPDX-License-Identifier: BSL-1.0
//
// redirect_error(token, ec): the operation's error_code goes into the variable `ec`, and the token
// is told of the other results only: so a token that throws does not.
//
//   std::error_code ec;
//   std::size_t n = co_await socket.async_read_some(b, net::redirect_error(net::use_awaitable, ec));
//
// The variable must live until the operation has completed. It is redirect_disposition for the one
// type that most operations have.
#pragma once

#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/async_result.h"
#include "net/async/default_token_of.h"
#include "net/async/redirect_disposition.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken>
class redirect_error_t {
 public:
  template <typename T>
  redirect_error_t(T&& token, std::error_code& ec) : token_(std::forward<T>(token)), ec_(ec) {}

  CompletionToken token_;
  std::error_code& ec_;
};

// What redirect_error(ec) returns; see partial_redirect_disposition.
class partial_redirect_error {
 public:
  explicit partial_redirect_error(std::error_code& ec) : ec_(ec) {}

  template <typename CompletionToken>
  [[nodiscard]] constexpr redirect_error_t<std::decay_t<CompletionToken>> operator()(
      CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), ec_};
  }

  std::error_code& ec_;
};

[[nodiscard]] inline partial_redirect_error redirect_error(std::error_code& ec) {
  return partial_redirect_error(ec);
}

template <typename CompletionToken>
[[nodiscard]] redirect_error_t<std::decay_t<CompletionToken>> redirect_error(
    CompletionToken&& token, std::error_code& ec) {
  return {std::forward<CompletionToken>(token), ec};
}

template <typename CompletionToken, typename... Signatures>
class async_result<redirect_error_t<CompletionToken>, Signatures...>
    : public async_result<CompletionToken,
                          internal::redirected_signature_t<std::error_code, Signatures>...> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_redirected<internal::part_of_token<RawToken, CompletionToken>,
                                                std::error_code, Signatures...>(
          std::forward<Initiation>(initiation), token.token_, token.ec_,
          std::forward<Args>(args)...)) {
    return internal::initiate_redirected<internal::part_of_token<RawToken, CompletionToken>,
                                         std::error_code, Signatures...>(
        std::forward<Initiation>(initiation), token.token_, token.ec_, std::forward<Args>(args)...);
  }
};

template <typename... Signatures>
class async_result<partial_redirect_error, Signatures...>
    : public internal::partial_token_result<Signatures...> {};

}  // namespace NET_NAMESPACE
