// SPDX-License-Identifier: BSL-1.0
//
// redirect_disposition(token, d): the operation's disposition goes into the variable `d`, and the
// token is told of the other results only.
//
//   std::exception_ptr failure;
//   co_await timer.async_wait(net::redirect_disposition(net::use_awaitable, failure));
//   timer.async_wait(net::redirect_disposition(failure))([] { … });
//
// A variable of type exception_ptr takes dispositions of every type, another one those of its own
// type. It must live until the operation has completed, and is written on the thread on which the
// handler is called, just before.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associator.h"
#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/async/default_token_of.h"
#include "net/config.h"
#include "net/disposition.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, disposition Disposition>
class redirect_disposition_t {
 public:
  template <typename T>
  redirect_disposition_t(T&& token, Disposition& d) : token_(std::forward<T>(token)), d_(d) {}

  CompletionToken token_;
  Disposition& d_;
};

// What redirect_disposition(d) returns: it makes an adapted token from a token. Used as a token, it
// stands for the adapted default token of the operation.
template <disposition Disposition>
class partial_redirect_disposition {
 public:
  explicit partial_redirect_disposition(Disposition& d) : d_(d) {}

  template <typename CompletionToken>
  [[nodiscard]] constexpr redirect_disposition_t<std::decay_t<CompletionToken>, Disposition>
  operator()(CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), d_};
  }

  Disposition& d_;
};

template <disposition Disposition>
[[nodiscard]] partial_redirect_disposition<Disposition> redirect_disposition(Disposition& d) {
  return partial_redirect_disposition<Disposition>(d);
}

template <typename CompletionToken, disposition Disposition>
[[nodiscard]] redirect_disposition_t<std::decay_t<CompletionToken>, Disposition>
redirect_disposition(CompletionToken&& token, Disposition& d) {
  return {std::forward<CompletionToken>(token), d};
}

// -------------------------------------------------------------------------------------------------

namespace internal {

// Whether an argument of type Arg goes into the variable.
template <typename Disposition, typename Arg>
concept redirected_to = std::is_same_v<std::remove_cvref_t<Arg>, Disposition> ||
    (std::is_same_v<Disposition, std::exception_ptr>&& disposition<std::remove_cvref_t<Arg>>);

// The handler that stores the disposition, and calls another with what is left.
template <typename Disposition, typename Handler>
class redirecting_handler {
 public:
  using result_type = void;
  using forwarded_handler_type = Handler;

  template <typename H>
  redirecting_handler(Disposition& d, H&& handler) : d_(&d), handler_(std::forward<H>(handler)) {}

  const Handler& forwarded_handler() const noexcept { return handler_; }

  void operator()() { static_cast<Handler&&>(handler_)(); }

  template <typename First, typename... Args>
  void operator()(First&& first, Args&&... args) {
    if constexpr (std::is_same_v<std::remove_cvref_t<First>, Disposition>) {
      *d_ = std::forward<First>(first);
      static_cast<Handler&&>(handler_)(std::forward<Args>(args)...);
    } else if constexpr (redirected_to<Disposition, First>) {
      *d_ = NET_NAMESPACE::to_exception_ptr(std::forward<First>(first));
      static_cast<Handler&&>(handler_)(std::forward<Args>(args)...);
    } else {
      static_cast<Handler&&>(handler_)(std::forward<First>(first), std::forward<Args>(args)...);
    }
  }

 private:
  Disposition* d_;
  Handler handler_;
};

template <typename Disposition>
struct redirect_handler {
  Disposition* to;

  template <typename Handler>
  auto operator()(Handler&& handler) const {
    return redirecting_handler<Disposition, std::decay_t<Handler>>(*to,
                                                                   std::forward<Handler>(handler));
  }
};

// The signature without the disposition.
template <typename Disposition, typename Signature>
struct redirected_signature {
  template <typename... Args>
  struct rest {
    using type = Signature;
  };
  template <typename First, typename... Args>
  requires redirected_to<Disposition, First>
  struct rest<First, Args...> {
    using type = typename signature_traits<Signature>::template with_args<Args...>;
  };
  using type = typename signature_traits<Signature>::template args_in<rest>::type;
};
template <typename Disposition, typename Signature>
using redirected_signature_t = typename redirected_signature<Disposition, Signature>::type;

// Starts an operation with the token inside.
template <typename InnerToken, typename Disposition, typename... Signatures, typename Initiation,
          typename... Args>
auto initiate_redirected(Initiation&& initiation, std::remove_reference_t<InnerToken>& token,
                         Disposition& d, Args&&... args)
    -> decltype(initiate_adapted<InnerToken, redirected_signature_t<Disposition, Signatures>...>(
        std::forward<Initiation>(initiation), redirect_handler<Disposition>{&d}, token,
        std::forward<Args>(args)...)) {
  return initiate_adapted<InnerToken, redirected_signature_t<Disposition, Signatures>...>(
      std::forward<Initiation>(initiation), redirect_handler<Disposition>{&d}, token,
      std::forward<Args>(args)...);
}

}  // namespace internal

template <typename CompletionToken, typename Disposition, typename... Signatures>
class async_result<redirect_disposition_t<CompletionToken, Disposition>, Signatures...>
    : public async_result<CompletionToken,
                          internal::redirected_signature_t<Disposition, Signatures>...> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_redirected<internal::part_of_token<RawToken, CompletionToken>,
                                                Disposition, Signatures...>(
          std::forward<Initiation>(initiation), token.token_, token.d_,
          std::forward<Args>(args)...)) {
    return internal::initiate_redirected<internal::part_of_token<RawToken, CompletionToken>,
                                         Disposition, Signatures...>(
        std::forward<Initiation>(initiation), token.token_, token.d_, std::forward<Args>(args)...);
  }
};

template <typename Disposition, typename... Signatures>
class async_result<partial_redirect_disposition<Disposition>, Signatures...>
    : public internal::partial_token_result<Signatures...> {};

}  // namespace NET_NAMESPACE
