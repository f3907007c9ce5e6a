// SPDX-License-Identifier: BSL-1.0
//
// What bind_executor, bind_allocator, bind_cancellation_slot and bind_immediate_executor have in
// common: a target, which is a handler or a token, with one value that is associated with it. All
// else that is associated with the target is associated with the binder too. Called with a value
// only, they return a function object that binds it to a target, and that serves as a token: for
// the default token of the operation.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/adapted_initiation.h"
#include "net/async/associator.h"
#include "net/async/async_result.h"
#include "net/async/default_token_of.h"
#include "net/async/deferred.h"
#include "net/async/uses_executor.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

// The types that function objects of the time of std::bind1st named.
template <typename T>
struct callable_result {};
template <typename T>
requires requires { typename T::result_type; }
struct callable_result<T> {
  using result_type = typename T::result_type;
};
template <typename T>
struct callable_argument {};
template <typename T>
requires requires { typename T::argument_type; }
struct callable_argument<T> {
  using argument_type = typename T::argument_type;
};
template <typename T>
struct callable_arguments {};
template <typename T>
requires requires { typename T::first_argument_type; }
struct callable_arguments<T> {
  using first_argument_type = typename T::first_argument_type;
  using second_argument_type = typename T::second_argument_type;
};

template <typename T>
struct callable_types : callable_result<T>, callable_argument<T>, callable_arguments<T> {};
template <typename R, bool NoThrow>
struct callable_types<R (*)() noexcept(NoThrow)> {
  using result_type = R;
};
template <typename R, typename Arg, bool NoThrow>
struct callable_types<R (*)(Arg) noexcept(NoThrow)> {
  using result_type = R;
  using argument_type = Arg;
};
template <typename R, typename First, typename Second, bool NoThrow>
struct callable_types<R (*)(First, Second) noexcept(NoThrow)> {
  using result_type = R;
  using first_argument_type = First;
  using second_argument_type = Second;
};

template <typename T, template <typename, typename> class Template>
inline constexpr bool is_instance_of = false;
template <template <typename, typename> class Template, typename T, typename Value>
inline constexpr bool is_instance_of<Template<T, Value>, Template> = true;

// The base of the four. `PassesValue`: the target is constructed with the value, which comes first.
template <template <typename, typename> class Binder, typename T, typename Value,
          bool PassesValue = false>
class binder : public callable_types<T> {
 public:
  using target_type = T;
  using bound_type = Value;
  template <typename U>
  using rebind_target = Binder<U, Value>;

  // A target that is a binder of the same kind is taken out of it, if T can be made from what is
  // inside: so a value is replaced.
  template <typename U>
  binder(const Value& value, U&& target)
      : value_(value), target_(make_target(innermost(std::forward<U>(target)))) {}

  template <typename U, typename OtherValue>
  requires(std::is_constructible_v<Value, OtherValue>&& std::is_constructible_v<T, U>)
      binder(const Binder<U, OtherValue>& other)
      : value_(other.bound()), target_(make_target(other.get())) {}
  template <typename U, typename OtherValue>
  requires(std::is_constructible_v<Value, OtherValue>&& std::is_constructible_v<T, U>)
      binder(Binder<U, OtherValue>&& other)
      : value_(other.bound()), target_(make_target(static_cast<U&&>(other.get()))) {}

  T& get() noexcept { return target_; }
  const T& get() const noexcept { return target_; }

  const Value& bound() const noexcept { return value_; }

  using forwarded_handler_type = T;
  const T& forwarded_handler() const noexcept { return target_; }

  template <typename... Args>
  std::invoke_result_t<T&, Args...> operator()(Args&&... args) & {
    return target_(std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<T, Args...> operator()(Args&&... args) && {
    return static_cast<T&&>(target_)(std::forward<Args>(args)...);
  }
  template <typename... Args>
  std::invoke_result_t<const T&, Args...> operator()(Args&&... args) const& {
    return target_(std::forward<Args>(args)...);
  }

 private:
  template <typename U>
  static decltype(auto) innermost(U&& target) noexcept {
    using type = std::remove_cvref_t<U>;
    if constexpr (is_instance_of<type, Binder>) {
      using inside = std::conditional_t<std::is_lvalue_reference_v<U>, decltype(target.get()),
                                        typename type::target_type&&>;
      if constexpr (std::is_constructible_v<T, inside>) {
        return static_cast<inside>(target.get());
      } else {
        return static_cast<U&&>(target);
      }
    } else {
      return static_cast<U&&>(target);
    }
  }

  template <typename U>
  T make_target(U&& from) const {
    if constexpr (PassesValue) {
      return T(executor_arg_t(), value_, std::forward<U>(from));
    } else {
      return T(std::forward<U>(from));
    }
  }

  Value value_;
  T target_;
};

// The base of what they return when called with a value only.
template <template <typename, typename> class Binder, typename Value>
class partial_binder {
 public:
  template <typename Token>
  using binder_for = Binder<Token, Value>;

  explicit constexpr partial_binder(const Value& value) : value_(value) {}

  template <typename CompletionToken>
  [[nodiscard]] constexpr binder_for<std::decay_t<CompletionToken>> operator()(
      CompletionToken&& token) const {
    return binder_for<std::decay_t<CompletionToken>>(value_, std::forward<CompletionToken>(token));
  }

 private:
  Value value_;
};

template <typename T>
concept is_binder = requires {
  typename T::bound_type;
  typename T::target_type;
  typename T::template rebind_target<int>;
};
template <typename T>
concept is_partial_binder = requires {
  typename T::template binder_for<deferred_t>;
};

// Binds the value to a handler.
template <typename Binder>
struct bind_handler_to {
  typename Binder::bound_type value;

  template <typename Handler>
  auto operator()(Handler&& handler) const {
    return typename Binder::template rebind_target<std::decay_t<Handler>>(
        value, std::forward<Handler>(handler));
  }
};

// The older style, if the target's async_result has it.
template <typename Binder, typename Target>
class binder_async_result : public inherited_return_type<Target> {
 public:
  template <typename T>
  explicit binder_async_result(T&) {}
};
template <typename Binder, typename Target>
requires requires { typename Target::completion_handler_type; }
class binder_async_result<Binder, Target> : public inherited_return_type<Target> {
 public:
  using completion_handler_type =
      typename Binder::template rebind_target<typename Target::completion_handler_type>;

  explicit binder_async_result(completion_handler_type& handler) : target_(handler.get()) {}

  decltype(auto) get() { return target_.get(); }

 private:
  Target target_;
};

}  // namespace internal

template <template <typename, typename> class Binder, typename T, typename Value,
          typename... Signatures>
requires internal::is_binder<Binder<T, Value>>
class async_result<Binder<T, Value>, Signatures...>
    : public internal::binder_async_result<Binder<T, Value>, async_result<T, Signatures...>> {
  using base_type = internal::binder_async_result<Binder<T, Value>, async_result<T, Signatures...>>;

 public:
  using base_type::base_type;
  async_result(const async_result&) = delete;
  async_result& operator=(const async_result&) = delete;

  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(internal::initiate_adapted<internal::part_of_token<RawToken, T>, Signatures...>(
          std::forward<Initiation>(initiation),
          internal::bind_handler_to<Binder<T, Value>>{token.bound()}, token.get(),
          std::forward<Args>(args)...)) {
    return internal::initiate_adapted<internal::part_of_token<RawToken, T>, Signatures...>(
        std::forward<Initiation>(initiation),
        internal::bind_handler_to<Binder<T, Value>>{token.bound()}, token.get(),
        std::forward<Args>(args)...);
  }
};

template <template <typename> class Partial, typename Value, typename... Signatures>
requires internal::is_partial_binder<Partial<Value>>
class async_result<Partial<Value>, Signatures...>
    : public internal::partial_token_result<Signatures...> {
};

}  // namespace NET_NAMESPACE
