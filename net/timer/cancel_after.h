// SPDX-License-Identifier: BSL-1.0
//
// cancel_after(duration, token): an operation that is not over after that time is asked to end.
//
//   socket.async_read_some(buffer, net::cancel_after(std::chrono::seconds(5), handler));
//
// The request is cancellation_type::terminal unless another is given, and what becomes of it is up
// to the operation, which may have succeeded already. The time is kept by a timer of its own, on the
// executor of the operation, or by one that is given, whose waits that ends. Without a token it is
// itself a token that adapts the operation's default. They nest.
//
// The timer and the operation complete on the handler's executor, which must not run both at the
// same time: one thread, or a strand.
#pragma once

#include <chrono>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/cancellation_type.h"
#include "net/async/default_token_of.h"
#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/fwd.h"
#include "net/timer/timed_token.h"
#include "net/timer/wait_traits.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, typename Clock, typename WaitTraits = wait_traits<Clock>>
class cancel_after_t
    : public internal::timed_token<
          CompletionToken, internal::own_timer_limit<Clock, WaitTraits, typename Clock::duration>> {
 public:
  using expiry_type = typename Clock::duration;
  using cancel_after_t::timed_token::timed_token;
};

// With a timer that is given. It must live until the operation has completed.
template <typename CompletionToken, typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class cancel_after_timer
    : public internal::timed_token<
          CompletionToken,
          internal::given_timer_limit<basic_waitable_timer<Clock, WaitTraits, Executor>,
                                      typename Clock::duration>> {
 public:
  using timer_type = basic_waitable_timer<Clock, WaitTraits, Executor>;
  using expiry_type = typename Clock::duration;
  using cancel_after_timer::timed_token::timed_token;
};

// Without a token.
template <typename Clock, typename WaitTraits = wait_traits<Clock>>
class partial_cancel_after
    : private internal::own_timer_limit<Clock, WaitTraits, typename Clock::duration> {
  using limit = internal::own_timer_limit<Clock, WaitTraits, typename Clock::duration>;

 public:
  using limit::limit;
  using typename limit::expiry_type;

  template <typename CompletionToken>
  [[nodiscard]] cancel_after_t<std::decay_t<CompletionToken>, Clock, WaitTraits> operator()(
      CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), static_cast<const limit&>(*this)};
  }
};

template <typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class partial_cancel_after_timer
    : private internal::given_timer_limit<basic_waitable_timer<Clock, WaitTraits, Executor>,
                                          typename Clock::duration> {
  using limit = internal::given_timer_limit<basic_waitable_timer<Clock, WaitTraits, Executor>,
                                            typename Clock::duration>;

 public:
  using limit::limit;
  using typename limit::expiry_type;
  using typename limit::timer_type;

  template <typename CompletionToken>
  [[nodiscard]] cancel_after_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor>
  operator()(CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), static_cast<const limit&>(*this)};
  }
};

template <typename Rep, typename Period>
[[nodiscard]] partial_cancel_after<std::chrono::steady_clock> cancel_after(
    const std::chrono::duration<Rep, Period>& timeout,
    cancellation_type type = cancellation_type::terminal) {
  return partial_cancel_after<std::chrono::steady_clock>(timeout, type);
}
template <typename Clock, typename WaitTraits, typename Executor, typename Rep, typename Period>
[[nodiscard]] partial_cancel_after_timer<Clock, WaitTraits, Executor> cancel_after(
    basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
    const std::chrono::duration<Rep, Period>& timeout,
    cancellation_type type = cancellation_type::terminal) {
  return partial_cancel_after_timer<Clock, WaitTraits, Executor>(timer, timeout, type);
}

template <typename Rep, typename Period, typename CompletionToken>
[[nodiscard]] cancel_after_t<std::decay_t<CompletionToken>, std::chrono::steady_clock> cancel_after(
    const std::chrono::duration<Rep, Period>& timeout, CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timeout};
}
template <typename Rep, typename Period, typename CompletionToken>
[[nodiscard]] cancel_after_t<std::decay_t<CompletionToken>, std::chrono::steady_clock> cancel_after(
    const std::chrono::duration<Rep, Period>& timeout, cancellation_type type,
    CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timeout, type};
}
template <typename Clock, typename WaitTraits, typename Executor, typename Rep, typename Period,
          typename CompletionToken>
[[nodiscard]] cancel_after_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor>
cancel_after(basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
             const std::chrono::duration<Rep, Period>& timeout, CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timer, timeout};
}
template <typename Clock, typename WaitTraits, typename Executor, typename Rep, typename Period,
          typename CompletionToken>
[[nodiscard]] cancel_after_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor>
cancel_after(basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
             const std::chrono::duration<Rep, Period>& timeout, cancellation_type type,
             CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timer, timeout, type};
}

template <typename CompletionToken, typename Clock, typename WaitTraits, typename... Signatures>
class async_result<cancel_after_t<CompletionToken, Clock, WaitTraits>, Signatures...>
    : public internal::timed_token_result<CompletionToken, Signatures...> {};

template <typename CompletionToken, typename Clock, typename WaitTraits, typename Executor,
          typename... Signatures>
class async_result<cancel_after_timer<CompletionToken, Clock, WaitTraits, Executor>, Signatures...>
    : public internal::timed_token_result<CompletionToken, Signatures...> {};

template <typename Clock, typename WaitTraits, typename... Signatures>
class async_result<partial_cancel_after<Clock, WaitTraits>, Signatures...>
    : public internal::partial_token_result<Signatures...> {};

template <typename Clock, typename WaitTraits, typename Executor, typename... Signatures>
class async_result<partial_cancel_after_timer<Clock, WaitTraits, Executor>, Signatures...>
    : public internal::partial_token_result<Signatures...> {};

}  // namespace NET_NAMESPACE
