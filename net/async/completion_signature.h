// SPDX-License-Identifier: BSL-1.0
//
// Completion signatures: function types that say with what an asynchronous operation calls its
// handler. `void(std::error_code, std::size_t)` is called once, as is one with `&&`; one with `&` may
// be called several times; either may be noexcept. An operation has one, several or none.
//
//   static_assert(net::completion_signature<void(int) &&>);
//   static_assert(net::completion_handler_for<decltype([](int) {}), void(int)>);
#pragma once

#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T, typename... Args>
concept callable_with = requires(T&& what, Args&&... args) {
  static_cast<T&&>(what)(static_cast<Args&&>(args)...);
};

enum class call_style { once, many_times, once_as_rvalue };

template <typename T>
struct signature_traits {
  static constexpr bool is_signature = false;
};

template <typename R, typename... Args, bool NoThrow>
struct signature_traits<R(Args...) noexcept(NoThrow)> {
  static constexpr bool is_signature = true;
  static constexpr call_style style = call_style::once;

  using unqualified = R(Args...);
  // The same with other arguments, chosen by themselves or by a template.
  template <typename... Others>
  using with_args = R(Others...) noexcept(NoThrow);
  template <template <typename...> class Template>
  using args_in = Template<Args...>;

  template <typename Handler>
  static constexpr bool is_called = callable_with<Handler, Args...>;
};

template <typename R, typename... Args, bool NoThrow>
struct signature_traits<R(Args...)& noexcept(NoThrow)> : signature_traits<R(Args...)> {
  static constexpr call_style style = call_style::many_times;

  template <typename... Others>
  using with_args = R(Others...) & noexcept(NoThrow);

  template <typename Handler>
  static constexpr bool is_called = callable_with<Handler&, Args...>;
};

template <typename R, typename... Args, bool NoThrow>
struct signature_traits<R(Args...)&& noexcept(NoThrow)> : signature_traits<R(Args...)> {
  static constexpr call_style style = call_style::once_as_rvalue;

  template <typename... Others>
  using with_args = R(Others...) && noexcept(NoThrow);
};

// Signatures that are all called once, and some of them say so by `&&`, ask no more of a handler
// than those without.
template <typename... Signatures>
inline constexpr bool are_rvalue_signatures =
    ((signature_traits<Signatures>::style == call_style::once_as_rvalue) || ...) &&
    !((signature_traits<Signatures>::style == call_style::many_times) || ...);

}  // namespace internal

template <typename T>
concept completion_signature = internal::signature_traits<T>::is_signature;

// T can be called by an operation that has these signatures. With no signature nothing calls it:
// that is nobody's handler.
template <typename T, typename... Signatures>
concept completion_handler_for =
    sizeof...(Signatures) != 0 && (completion_signature<Signatures> && ...) &&
    (internal::signature_traits<Signatures>::template is_called<std::decay_t<T>> && ...);

}  // namespace NET_NAMESPACE
