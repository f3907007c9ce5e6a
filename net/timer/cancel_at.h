// SPDX-License-Identifier: BSL-1.0
//
// cancel_at(time, token): an operation that is not over at that time is asked to end. The clock is
// that of the time.
//
//   socket.async_read_some(buffer, net::cancel_at(deadline, handler));
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
class cancel_at_t {
 public:
  using expiry_type = typename Clock::time_point;

  template <typename T>
  cancel_at_t(T&& token, const expiry_type& expiry,
              cancellation_type type = cancellation_type::terminal)
      : token_(std::forward<T>(token)), expiry_(expiry), cancel_type_(type) {}

  CompletionToken token_;
  expiry_type expiry_;
  cancellation_type cancel_type_;
};

// With a timer that is given. It must live until the operation has completed.
template <typename CompletionToken, typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class cancel_at_timer {
 public:
  using timer_type = basic_waitable_timer<Clock, WaitTraits, Executor>;
  using expiry_type = typename Clock::time_point;

  template <typename T>
  cancel_at_timer(T&& token, timer_type& timer, const expiry_type& expiry,
                  cancellation_type type = cancellation_type::terminal)
      : token_(std::forward<T>(token)), timer_(timer), expiry_(expiry), cancel_type_(type) {}

  CompletionToken token_;
  timer_type& timer_;
  expiry_type expiry_;
  cancellation_type cancel_type_;
};

// Without a token.
template <typename Clock, typename WaitTraits = wait_traits<Clock>>
class partial_cancel_at {
 public:
  using expiry_type = typename Clock::time_point;

  explicit partial_cancel_at(const expiry_type& expiry,
                             cancellation_type type = cancellation_type::terminal)
      : expiry_(expiry), cancel_type_(type) {}

  template <typename CompletionToken>
  [[nodiscard]] cancel_at_t<std::decay_t<CompletionToken>, Clock, WaitTraits> operator()(
      CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), expiry_, cancel_type_};
  }

  expiry_type expiry_;
  cancellation_type cancel_type_;
};

template <typename Clock, typename WaitTraits = wait_traits<Clock>,
          typename Executor = any_io_executor>
class partial_cancel_at_timer {
 public:
  using timer_type = basic_waitable_timer<Clock, WaitTraits, Executor>;
  using expiry_type = typename Clock::time_point;

  explicit partial_cancel_at_timer(timer_type& timer, const expiry_type& expiry,
                                   cancellation_type type = cancellation_type::terminal)
      : timer_(timer), expiry_(expiry), cancel_type_(type) {}

  template <typename CompletionToken>
  [[nodiscard]] cancel_at_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor>
  operator()(CompletionToken&& token) const {
    return {std::forward<CompletionToken>(token), timer_, expiry_, cancel_type_};
  }

  timer_type& timer_;
  expiry_type expiry_;
  cancellation_type cancel_type_;
};

template <typename Clock, typename Duration>
[[nodiscard]] partial_cancel_at<Clock> cancel_at(
    const std::chrono::time_point<Clock, Duration>& expiry,
    cancellation_type type = cancellation_type::terminal) {
  return partial_cancel_at<Clock>(expiry, type);
}
template <typename Clock, typename WaitTraits, typename Executor, typename Duration>
[[nodiscard]] partial_cancel_at_timer<Clock, WaitTraits, Executor> cancel_at(
    basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
    const std::chrono::time_point<Clock, Duration>& expiry,
    cancellation_type type = cancellation_type::terminal) {
  return partial_cancel_at_timer<Clock, WaitTraits, Executor>(timer, expiry, type);
}

template <typename Clock, typename Duration, typename CompletionToken>
[[nodiscard]] cancel_at_t<std::decay_t<CompletionToken>, Clock> cancel_at(
    const std::chrono::time_point<Clock, Duration>& expiry, CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), expiry};
}
template <typename Clock, typename Duration, typename CompletionToken>
[[nodiscard]] cancel_at_t<std::decay_t<CompletionToken>, Clock> cancel_at(
    const std::chrono::time_point<Clock, Duration>& expiry, cancellation_type type,
    CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), expiry, type};
}
template <typename Clock, typename WaitTraits, typename Executor, typename Duration,
          typename CompletionToken>
[[nodiscard]] cancel_at_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor> cancel_at(
    basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
    const std::chrono::time_point<Clock, Duration>& expiry, CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timer, expiry};
}
template <typename Clock, typename WaitTraits, typename Executor, typename Duration,
          typename CompletionToken>
[[nodiscard]] cancel_at_timer<std::decay_t<CompletionToken>, Clock, WaitTraits, Executor> cancel_at(
    basic_waitable_timer<Clock, WaitTraits, Executor>& timer,
    const std::chrono::time_point<Clock, Duration>& expiry, cancellation_type type,
    CompletionToken&& token) {
  return {std::forward<CompletionToken>(token), timer, expiry, type};
}

template <typename CompletionToken, typename Clock, typename WaitTraits, typename... Signatures>
class async_result<cancel_at_t<CompletionToken, Clock, WaitTraits>, Signatures...>
    : public internal::inherited_return_type<async_result<CompletionToken, Signatures...>> {
  using timer = internal::own_timer<Clock, WaitTraits, typename Clock::time_point>;

 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                           Signatures...>(std::forward<Initiation>(initiation),
                                                          timer{token.expiry_}, token.cancel_type_,
                                                          token.token_,
                                                          std::forward<Args>(args)...)) {
    return internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                    Signatures...>(std::forward<Initiation>(initiation),
                                                   timer{token.expiry_}, token.cancel_type_,
                                                   token.token_, std::forward<Args>(args)...);
  }
};

template <typename CompletionToken, typename Clock, typename WaitTraits, typename Executor,
          typename... Signatures>
class async_result<cancel_at_timer<CompletionToken, Clock, WaitTraits, Executor>, Signatures...>
    : public internal::inherited_return_type<async_result<CompletionToken, Signatures...>> {
  using timer = internal::given_timer<basic_waitable_timer<Clock, WaitTraits, Executor>,
                                      typename Clock::time_point>;

 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                           Signatures...>(std::forward<Initiation>(initiation),
                                                          timer{&token.timer_, token.expiry_},
                                                          token.cancel_type_, token.token_,
                                                          std::forward<Args>(args)...)) {
    return internal::initiate_timed<internal::part_of_token<RawToken, CompletionToken>,
                                    Signatures...>(
        std::forward<Initiation>(initiation), timer{&token.timer_, token.expiry_},
        token.cancel_type_, token.token_, std::forward<Args>(args)...);
  }
};

template <typename Clock, typename WaitTraits, typename... Signatures>
class async_result<partial_cancel_at<Clock, WaitTraits>, Signatures...> {
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
class async_result<partial_cancel_at_timer<Clock, WaitTraits, Executor>, Signatures...> {
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
