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

#include "net/async/adapted_initiation.h"
#include "net/async/async_result.h"
#include "net/async/cancellation_type.h"
#include "net/async/default_token_of.h"
#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/fwd.h"
#include "net/timer/timed_operation.h"
#include "net/timer/wait_traits.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, typename Clock, typename WaitTraits = wait_traits<Clock>>
class cancel_after_t {
 public:
  using expiry_type = typename Clock::duration;

  template <typename T>
  cancel_after_t(T&& token, const expiry_type& timeout,
                 cancellation_type type = cancellation_type::terminal)
      : token_(std::forward<T>(token)), timeout_(timeout), cancel_type_(type) {}

  CompletionToken token_;
  expiry_type timeout_;
  cancellation_type cancel_type_;
};

// With a timer that is given. It must live until the operation has completed.
template <typename CompletionToken, typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class cancel_after_timer {
 public:
  using timer_type = basic_waitable_timer<Clock, WaitTraits, Executor>;
  using expiry_type = typename Clock::duration;

  template <typename T>
  cancel_after_timer(T&& token, timer_type& timer, const expiry_type& timeout,
                     cancellation_type type = cancellation_type::terminal)
      : token_(std::forward<T>(token)), timer_(timer), timeout_(timeout), cancel_type_(type) {}

  CompletionToken token_;
  timer_type& timer_;
  expiry_type timeout_;
  cancellation_type cancel_type_;
};

// Without a token.
template <typename Clock, typename WaitTraits = wait_traits<Clock>>
class partial_cancel_after {
 public:
  using expiry_type = typename Clock::duration;

  explicit partial_cancel_after(const expiry_type& timeout,
                                cancellation_type type = cancellation_type::terminal)
      : timeout_(timeout), cancel_type_(type) {}

  template <typename CompletionToken>
  [[nodiscard]] cancel_after_t<std::decay_t<CompletionToken>, Clock, WaitTraits> operator()(
      CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), timeout_, cancel_type_};
  }

  expiry_type timeout_;
  cancellation_type cancel_type_;
};

template <typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class partial_cancel_after_timer {
 public:
  using timer_type = basic_waitable_timer<Clock, WaitTraits, Executor>;
  using expiry_type = typename Clock::duration;

  explicit partial_cancel_after_timer(timer_type& timer, const expiry_type& timeout,
                                      cancellation_type type = cancellation_type::terminal)
      : timer_(timer), timeout_(timeout), cancel_type_(type) {}

  template <typename CompletionToken>
  [[nodiscard]] cancel_after_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor>
  operator()(CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), timer_, timeout_, cancel_type_};
  }

  timer_type& timer_;
  expiry_type timeout_;
  cancellation_type cancel_type_;
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
    : public internal::inherited_return_type<async_result<CompletionToken, Signatures...>> {
  using timer = internal::own_timer<Clock, WaitTraits, typename Clock::duration>;

 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                           Signatures...>(std::forward<Initiation>(initiation),
                                                          timer{token.timeout_}, token.cancel_type_,
                                                          token.token_,
                                                          std::forward<Args>(args)...)) {
    return internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                    Signatures...>(std::forward<Initiation>(initiation),
                                                   timer{token.timeout_}, token.cancel_type_,
                                                   token.token_, std::forward<Args>(args)...);
  }
};

template <typename CompletionToken, typename Clock, typename WaitTraits, typename Executor,
          typename... Signatures>
class async_result<cancel_after_timer<CompletionToken, Clock, WaitTraits, Executor>, Signatures...>
    : public internal::inherited_return_type<async_result<CompletionToken, Signatures...>> {
  using timer = internal::given_timer<basic_waitable_timer<Clock, WaitTraits, Executor>,
                                      typename Clock::duration>;

 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                           Signatures...>(std::forward<Initiation>(initiation),
                                                          timer{&token.timer_, token.timeout_},
                                                          token.cancel_type_, token.token_,
                                                          std::forward<Args>(args)...)) {
    return internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                    Signatures...>(
        std::forward<Initiation>(initiation), timer{&token.timer_, token.timeout_},
        token.cancel_type_, token.token_, std::forward<Args>(args)...);
  }
};

template <typename Clock, typename WaitTraits, typename... Signatures>
class async_result<partial_cancel_after<Clock, WaitTraits>, Signatures...> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                                token(internal::default_token_of<Initiation>()),
                                                std::forward<Args>(args)...)) {
    return async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                         token(internal::default_token_of<Initiation>()),
                                         std::forward<Args>(args)...);
  }
};

template <typename Clock, typename WaitTraits, typename Executor, typename... Signatures>
class async_result<partial_cancel_after_timer<Clock, WaitTraits, Executor>, Signatures...> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                                token(internal::default_token_of<Initiation>()),
                                                std::forward<Args>(args)...)) {
    return async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                         token(internal::default_token_of<Initiation>()),
                                         std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE
