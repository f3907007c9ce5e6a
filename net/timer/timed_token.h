// SPDX-License-Identifier: BSL-1.0
//
// What the tokens of cancel_after and cancel_at hold: when time is up, on which timer, what is asked
// for then, and the token inside. A limit gives an operation its timer, set: one of its own, on the
// executor of the operation, or one that is given, whose waits that ends.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/async_result.h"
#include "net/async/cancellation_type.h"
#include "net/config.h"
#include "net/timer/basic_waitable_timer.h"
#include "net/timer/timed_operation.h"

namespace NET_NAMESPACE::internal {

// `Expiry` is a time of the clock or a duration from the start of the operation.
template <typename Clock, typename WaitTraits, typename Expiry>
class own_timer_limit {
 public:
  using expiry_type = Expiry;

  explicit own_timer_limit(const expiry_type& expiry,
                           cancellation_type type = cancellation_type::terminal)
      : expiry_(expiry), type_(type) {}

  template <typename Executor>
  basic_waitable_timer<Clock, WaitTraits, Executor> timer(const Executor& executor) const {
    return basic_waitable_timer<Clock, WaitTraits, Executor>(executor, expiry_);
  }
  cancellation_type type() const noexcept { return type_; }

 private:
  expiry_type expiry_;
  cancellation_type type_;
};

// The timer must live until the operation has completed.
template <typename Timer, typename Expiry>
class given_timer_limit {
 public:
  using timer_type = Timer;
  using expiry_type = Expiry;

  given_timer_limit(timer_type& timer, const expiry_type& expiry,
                    cancellation_type type = cancellation_type::terminal)
      : timer_(&timer), expiry_(expiry), type_(type) {}

  template <typename Executor>
  timer_type& timer(const Executor&) const {
    if constexpr (std::is_same_v<expiry_type, typename timer_type::time_point>) {
      timer_->expires_at(expiry_);
    } else {
      timer_->expires_after(expiry_);
    }
    return *timer_;
  }
  cancellation_type type() const noexcept { return type_; }

 private:
  timer_type* timer_;
  expiry_type expiry_;
  cancellation_type type_;
};

template <typename CompletionToken, typename Limit>
class timed_token {
 public:
  template <typename T, typename... Args>
  requires(std::is_constructible_v<Limit, Args&&...>) timed_token(T&& token, Args&&... limit)
      : token_(std::forward<T>(token)), limit_(std::forward<Args>(limit)...) {}

  CompletionToken token_;
  Limit limit_;
};

// Starts the operation with the token inside.
template <typename CompletionToken, typename... Signatures>
class timed_token_result
    : public inherited_return_type<async_result<CompletionToken, Signatures...>> {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(async_initiate<part_of_token<RawToken, CompletionToken>, Signatures...>(
          std::declval<
              timed_initiation<std::decay_t<Initiation>, decltype(token.limit_), Signatures...>>(),
          token.token_, std::forward<Args>(args)...)) {
    return async_initiate<part_of_token<RawToken, CompletionToken>, Signatures...>(
        timed_initiation<std::decay_t<Initiation>, decltype(token.limit_), Signatures...>(
            std::forward<Initiation>(initiation), token.limit_),
        token.token_, std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE::internal
