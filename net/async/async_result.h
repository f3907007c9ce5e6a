// SPDX-License-Identifier: BSL-1.0
//
// How an initiating function is told of its completion: async_result turns a completion token into
// a handler and a return value. The primary template takes the token for the handler itself;
// specialise it for a token type of your own, by a static initiate() that is given the initiation,
// the token and the arguments.
//
//   template <typename Token>
//   auto async_thing(Token&& token) {
//     return net::async_initiate<Token, void(std::error_code)>(
//         [](auto handler) { … }, token);
//   }
//
// The older style of specialisation works as well: one without initiate() that names the
// completion_handler_type, which is made from the token, and the return_type, and is constructed
// from the handler before the operation starts and asked for its get() afterwards.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/completion_signature.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, completion_signature... Signatures>
class async_result;

namespace internal {

// What async_result is for a token that is itself the handler.
template <typename Handler, typename... Signatures>
class handler_async_result {
 public:
  using completion_handler_type = Handler;
  using return_type = void;

  explicit handler_async_result(completion_handler_type&) {}
  handler_async_result(const handler_async_result&) = delete;
  handler_async_result& operator=(const handler_async_result&) = delete;

  return_type get() {}

  template <typename Initiation, completion_handler_for<Signatures...> RawHandler, typename... Args>
  static return_type initiate(Initiation&& initiation, RawHandler&& handler, Args&&... args) {
    std::forward<Initiation>(initiation)(std::forward<RawHandler>(handler),
                                         std::forward<Args>(args)...);
  }
};

// A specialisation for plain signatures serves those with `&&` too.
template <typename Token, typename... Signatures>
struct async_result_base {
  using type = handler_async_result<Token, Signatures...>;
};
template <typename Token, typename... Signatures>
requires are_rvalue_signatures<Signatures...>
struct async_result_base<Token, Signatures...> {
  using type = async_result<Token, typename signature_traits<Signatures>::unqualified...>;
};

}  // namespace internal

template <typename CompletionToken, completion_signature... Signatures>
class async_result : public internal::async_result_base<CompletionToken, Signatures...>::type {
  using base_type = typename internal::async_result_base<CompletionToken, Signatures...>::type;

 public:
  using base_type::base_type;
};

template <completion_signature... Signatures>
class async_result<void, Signatures...> {};

// The two halves of what the older style does; async_initiate() uses it where it is needed.
template <typename CompletionToken, completion_signature... Signatures>
struct async_completion {
  using completion_handler_type =
      typename async_result<std::decay_t<CompletionToken>, Signatures...>::completion_handler_type;

 private:
  static constexpr bool is_handler = std::is_same_v<CompletionToken, completion_handler_type>;

 public:
  explicit async_completion(CompletionToken& token)
      : completion_handler(static_cast<std::conditional_t<is_handler, completion_handler_type&,
                                                          CompletionToken&&>>(token)),
        result(completion_handler) {}
  async_completion(const async_completion&) = delete;
  async_completion& operator=(const async_completion&) = delete;

  std::conditional_t<is_handler, completion_handler_type&, completion_handler_type>
      completion_handler;
  async_result<std::decay_t<CompletionToken>, Signatures...> result;
};

namespace internal {

// Whether a class has a member called initiate, whatever its parameters: if it does, the name is
// ambiguous in a class that inherits another one.
struct initiate_name {
  void initiate();
};
template <typename T>
struct with_another_initiate : T, initiate_name {};

template <typename Token, typename... Signatures>
concept has_initiate = !requires {
  &with_another_initiate<async_result<std::decay_t<Token>, Signatures...>>::initiate;
};

template <typename Token, typename... Signatures, typename Initiation, typename... Args>
typename async_result<std::decay_t<Token>, Signatures...>::return_type initiate_in_older_style(
    Initiation&& initiation, std::remove_reference_t<Token>& token, Args&&... args) {
  async_completion<Token, Signatures...> completion(token);
  using handler_type = typename decltype(completion)::completion_handler_type;
  std::forward<Initiation>(initiation)(static_cast<handler_type&&>(completion.completion_handler),
                                       std::forward<Args>(args)...);
  return completion.result.get();
}

}  // namespace internal

// Starts an operation in the way that the token asks for, and returns what it says. The initiation
// is called, now or later, with the handler and `args`. The type of the token is given, as the
// initiating function has deduced it, or else it is deduced here.
template <typename CompletionToken, completion_signature... Signatures, typename Initiation,
          typename... Args>
requires internal::has_initiate<CompletionToken, Signatures...>
auto async_initiate(Initiation&& initiation, std::type_identity_t<CompletionToken>& token,
                    Args&&... args)
    -> decltype(async_result<std::decay_t<CompletionToken>, Signatures...>::initiate(
        std::forward<Initiation>(initiation), static_cast<CompletionToken&&>(token),
        std::forward<Args>(args)...)) {
  return async_result<std::decay_t<CompletionToken>, Signatures...>::initiate(
      std::forward<Initiation>(initiation), static_cast<CompletionToken&&>(token),
      std::forward<Args>(args)...);
}

template <completion_signature... Signatures, typename CompletionToken, typename Initiation,
          typename... Args>
requires internal::has_initiate<CompletionToken, Signatures...>
auto async_initiate(Initiation&& initiation, CompletionToken&& token, Args&&... args)
    -> decltype(async_result<std::decay_t<CompletionToken>, Signatures...>::initiate(
        std::forward<Initiation>(initiation), static_cast<CompletionToken&&>(token),
        std::forward<Args>(args)...)) {
  return async_result<std::decay_t<CompletionToken>, Signatures...>::initiate(
      std::forward<Initiation>(initiation), static_cast<CompletionToken&&>(token),
      std::forward<Args>(args)...);
}

template <typename CompletionToken, completion_signature... Signatures, typename Initiation,
          typename... Args>
requires(!internal::has_initiate<CompletionToken, Signatures...>) auto async_initiate(
    Initiation&& initiation, std::type_identity_t<CompletionToken>& token, Args&&... args) ->
    typename async_result<std::decay_t<CompletionToken>, Signatures...>::return_type {
  return internal::initiate_in_older_style<CompletionToken, Signatures...>(
      std::forward<Initiation>(initiation), token, std::forward<Args>(args)...);
}

template <completion_signature... Signatures, typename CompletionToken, typename Initiation,
          typename... Args>
requires(!internal::has_initiate<CompletionToken, Signatures...>) auto async_initiate(
    Initiation&& initiation, CompletionToken&& token, Args&&... args) ->
    typename async_result<std::decay_t<CompletionToken>, Signatures...>::return_type {
  return internal::initiate_in_older_style<CompletionToken, Signatures...>(
      std::forward<Initiation>(initiation), token, std::forward<Args>(args)...);
}

namespace internal {

template <typename... Signatures>
struct initiation_archetype {
  template <completion_handler_for<Signatures...> Handler>
  void operator()(Handler&&) const {}
};

}  // namespace internal

template <typename T, typename... Signatures>
concept completion_token_for = (completion_signature<Signatures> && ...) && requires(T&& token) {
  async_initiate<T, Signatures...>(internal::initiation_archetype<Signatures...>(), token);
};

}  // namespace NET_NAMESPACE
