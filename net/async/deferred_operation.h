// SPDX-License-Identifier: BSL-1.0
//
// The function objects that operations started with `deferred` return, and those that its parts
// make. Each of them packages an operation up: called with a token it starts it. An rvalue starts
// it with what it holds; an lvalue with copies, if the initiation and its arguments can be copied.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/associator.h"
#include "net/async/async_operation.h"
#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/config.h"

namespace NET_NAMESPACE {

// What `deferred` and its parts make; such an object may be followed by `|` and what comes next.
template <typename T>
struct is_deferred : std::false_type {};

// Several signatures, or none, in the place of one.
template <typename... Signatures>
struct deferred_signatures {};

struct deferred_init_tag {};

namespace internal {

template <typename Signatures, typename Initiation, typename... Args>
class deferred_call;

template <typename... Signatures, typename Initiation, typename... Args>
class deferred_call<deferred_signatures<Signatures...>, Initiation, Args...> {
 public:
  template <typename I, typename... A>
  constexpr explicit deferred_call(deferred_init_tag, I&& initiation, A&&... args)
      : initiation_(std::forward<I>(initiation)), args_(std::forward<A>(args)...) {}

  template <completion_token_for<Signatures...> CompletionToken>
  auto
  operator()(CompletionToken&& token) && -> decltype(async_initiate<CompletionToken, Signatures...>(
      std::declval<Initiation>(), token, std::declval<Args>()...)) {
    return std::apply(
        [&](Args&... args) -> decltype(auto) {
          return async_initiate<CompletionToken, Signatures...>(
              static_cast<Initiation&&>(initiation_), token, static_cast<Args&&>(args)...);
        },
        args_);
  }

  template <completion_token_for<Signatures...> CompletionToken>
  auto operator()(CompletionToken&& token)
      const& -> decltype(async_initiate<CompletionToken, Signatures...>(
          std::declval<Initiation>(), token, std::declval<const Args&>()...)) {
    return std::apply(
        [&](const Args&... args) -> decltype(auto) {
          return async_initiate<CompletionToken, Signatures...>(Initiation(initiation_), token,
                                                                args...);
        },
        args_);
  }

 private:
  Initiation initiation_;
  std::tuple<Args...> args_;
};

// Completes at once with values.
struct deliver_values {
  template <typename Handler, typename... Values>
  void operator()(Handler&& handler, Values&&... values) const {
    std::forward<Handler>(handler)(std::forward<Values>(values)...);
  }
};

// The handler of the first operation of a sequence: it starts what `Tail` makes of the results.
template <typename Handler, typename Tail>
class sequence_handler {
 public:
  template <typename H, typename T>
  explicit sequence_handler(H&& handler, T&& tail)
      : handler_(std::forward<H>(handler)), tail_(std::forward<T>(tail)) {}

  template <typename... Args>
  void operator()(Args&&... args) {
    static_cast<Tail&&>(tail_)(std::forward<Args>(args)...)(static_cast<Handler&&>(handler_));
  }

  using forwarded_handler_type = Handler;
  const Handler& forwarded_handler() const noexcept { return handler_; }

 private:
  Handler handler_;
  Tail tail_;
};

struct start_sequence {
  template <typename Handler, typename Head, typename Tail>
  void operator()(Handler&& handler, Head&& head, Tail&& tail) const {
    using head_type = std::remove_cvref_t<Head>;
    using handler_type = sequence_handler<std::decay_t<Handler>, std::remove_cvref_t<Tail>>;
    head_type(std::forward<Head>(head))(
        handler_type(std::forward<Handler>(handler), std::forward<Tail>(tail)));
  }
};

// The signatures of a sequence are those of what the tail returns for the results of the head.
template <typename Tail>
struct sequence_signatures {
  template <typename... Args>
  struct after {
    using second = std::invoke_result_t<Tail, Args...>;
    static_assert(!std::is_void_v<second>, "deferred functions must return a deferred operation");
    using type = typename completion_signature_of<second>::template apply<deferred_signatures>;
  };
  template <typename Signature, typename...>
  using after_first = typename signature_traits<Signature>::template args_in<after>::type;
};
template <typename Head, typename Tail>
using sequence_call = deferred_call<typename completion_signature_of<Head>::template apply<
                                        sequence_signatures<Tail>::template after_first>,
                                    start_sequence, Head, Tail>;

}  // namespace internal

template <typename Signature, typename Initiation, typename... InitArgs>
class [[nodiscard]] deferred_async_operation
    : public internal::deferred_call<deferred_signatures<Signature>, std::decay_t<Initiation>,
                                     std::decay_t<InitArgs>...> {
  using base_type = internal::deferred_call<deferred_signatures<Signature>,
                                            std::decay_t<Initiation>, std::decay_t<InitArgs>...>;

 public:
  using base_type::base_type;
};
template <typename... Signatures, typename Initiation, typename... InitArgs>
class [[nodiscard]] deferred_async_operation<deferred_signatures<Signatures...>, Initiation,
                                             InitArgs...>
    : public internal::deferred_call<deferred_signatures<Signatures...>, std::decay_t<Initiation>,
                                     std::decay_t<InitArgs>...> {
  using base_type = internal::deferred_call<deferred_signatures<Signatures...>,
                                            std::decay_t<Initiation>, std::decay_t<InitArgs>...>;

 public:
  using base_type::base_type;
};
template <typename Signature, typename Initiation, typename... InitArgs>
struct is_deferred<deferred_async_operation<Signature, Initiation, InitArgs...>> : std::true_type {
};

// An operation that completes at once, with these values.
template <typename... Values>
class [[nodiscard]] deferred_values
    : public internal::deferred_call<deferred_signatures<void(Values...)>, internal::deliver_values,
                                     Values...> {
  using base_type = internal::deferred_call<deferred_signatures<void(Values...)>,
                                            internal::deliver_values, Values...>;

 public:
  template <typename... V>
  constexpr explicit deferred_values(deferred_init_tag tag, V&&... values)
      : base_type(tag, internal::deliver_values(), std::forward<V>(values)...) {}
};
template <typename... Values>
struct is_deferred<deferred_values<Values...>> : std::true_type {};

// One operation, and then what a function makes of its results.
template <typename Head, typename Tail>
class [[nodiscard]] deferred_sequence : public internal::sequence_call<Head, Tail> {
 public:
  template <typename H, typename T>
  constexpr explicit deferred_sequence(deferred_init_tag tag, H&& head, T&& tail)
      : internal::sequence_call<Head, Tail>(tag, internal::start_sequence(), std::forward<H>(head),
                                            std::forward<T>(tail)) {}
};
template <typename Head, typename Tail>
struct is_deferred<deferred_sequence<Head, Tail>> : std::true_type {};

// A function as a token: it makes the next operation of a sequence.
template <typename Function>
class deferred_function {
 public:
  template <typename F>
  constexpr explicit deferred_function(deferred_init_tag, F&& function)
      : function_(std::forward<F>(function)) {}

  template <typename... Args>
  std::invoke_result_t<Function, Args...> operator()(Args&&... args) && {
    return static_cast<Function&&>(function_)(std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<Function, Args...> operator()(Args&&... args) const& {
    return Function(function_)(std::forward<Args>(args)...);
  }

  Function function_;
};
template <typename Function>
struct is_deferred<deferred_function<Function>> : std::true_type {};

// Does nothing: what a condition that names only one branch does in the other.
struct deferred_noop {
  template <typename... Args>
  void operator()(Args&&...) && {}
  template <typename... Args>
  void operator()(Args&&...) const& {}
};
template <>
struct is_deferred<deferred_noop> : std::true_type {};

// One of two operations, chosen beforehand; both have the same signatures.
template <typename OnTrue = deferred_noop, typename OnFalse = deferred_noop>
class [[nodiscard]] deferred_conditional {
 public:
  constexpr explicit deferred_conditional(bool condition) : condition_(condition) {}

  template <typename... Args>
  auto operator()(
      Args&&... args) && -> decltype(std::declval<OnTrue>()(std::forward<Args>(args)...)) {
    if (condition_) {
      return static_cast<OnTrue&&>(on_true_)(std::forward<Args>(args)...);
    } else {
      return static_cast<OnFalse&&>(on_false_)(std::forward<Args>(args)...);
    }
  }
  template <typename... Args>
  auto operator()(Args&&... args)
      const& -> decltype(std::declval<const OnTrue&>()(std::forward<Args>(args)...)) {
    if (condition_) {
      return on_true_(std::forward<Args>(args)...);
    } else {
      return on_false_(std::forward<Args>(args)...);
    }
  }

  // Each may be said once, `then` first.
  template <typename T>
  requires(is_deferred<T>::value&& std::is_same_v<OnTrue, deferred_noop>)
      deferred_conditional<T, OnFalse> then(T on_true) && {
    return deferred_conditional<T, OnFalse>(condition_, std::move(on_true),
                                            static_cast<OnFalse&&>(on_false_));
  }
  template <typename T>
  requires(is_deferred<T>::value && !std::is_same_v<OnTrue, deferred_noop> &&
           std::is_same_v<OnFalse, deferred_noop>)
      deferred_conditional<OnTrue, T> otherwise(T on_false) && {
    return deferred_conditional<OnTrue, T>(condition_, static_cast<OnTrue&&>(on_true_),
                                           std::move(on_false));
  }

 private:
  template <typename, typename>
  friend class deferred_conditional;

  template <typename T, typename F>
  explicit deferred_conditional(bool condition, T&& on_true, F&& on_false)
      : on_true_(std::forward<T>(on_true)),
        on_false_(std::forward<F>(on_false)),
        condition_(condition) {}

  OnTrue on_true_;
  OnFalse on_false_;
  bool condition_;
};
template <typename OnTrue, typename OnFalse>
struct is_deferred<deferred_conditional<OnTrue, OnFalse>> : std::true_type {};

}  // namespace NET_NAMESPACE
