// SPDX-License-Identifier: BSL-1.0
//
// Whether a call with a completion token as its last argument starts an asynchronous operation, and
// with what signatures that one completes. Nothing is started to find out: the function is looked
// at as called with tokens that only ask. Works for function objects that take any token.
//
//   auto wait = [&](auto token) { return timer.async_wait(token); };
//   static_assert(net::async_operation<decltype(wait)>);
//   static_assert(std::is_same_v<net::completion_signature_of_t<decltype(wait)>,
//                                void(std::error_code)>);
#pragma once

#include <type_traits>

#include "net/async/async_result.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

struct async_operation_probe {};
struct async_operation_probe_result {};

struct completion_signature_probe {};
template <typename... Signatures>
struct completion_signature_probe_result {
  template <template <typename...> class Template>
  using apply = Template<Signatures...>;
};
template <typename Signature>
struct completion_signature_probe_result<Signature> {
  using type = Signature;
  template <template <typename...> class Template>
  using apply = Template<Signature>;
};

}  // namespace internal

template <typename... Signatures>
class async_result<internal::async_operation_probe, Signatures...> {
 public:
  using return_type = internal::async_operation_probe_result;
  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation&&, internal::async_operation_probe, Args&&...) {
    return {};
  }
};

template <typename... Signatures>
class async_result<internal::completion_signature_probe, Signatures...> {
 public:
  using return_type = internal::completion_signature_probe_result<Signatures...>;
  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation&&, internal::completion_signature_probe, Args&&...) {
    return {};
  }
};

template <typename T, typename... Args>
struct is_async_operation : std::false_type {};

template <typename T, typename... Args>
requires std::is_invocable_v<T, Args..., internal::async_operation_probe>
struct is_async_operation<T, Args...>
    : std::is_same<std::invoke_result_t<T, Args..., internal::async_operation_probe>,
                   internal::async_operation_probe_result> {
};

template <typename T, typename... Args>
concept async_operation = is_async_operation<T, Args...>::value;

// Has a member `type` if there is exactly one signature.
template <typename T, typename... Args>
struct completion_signature_of
    : std::invoke_result_t<T, Args..., internal::completion_signature_probe> {};

template <typename T, typename... Args>
using completion_signature_of_t = typename completion_signature_of<T, Args...>::type;

}  // namespace NET_NAMESPACE
