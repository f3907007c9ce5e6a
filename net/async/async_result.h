// SPDX-License-Identifier: BSL-1.0
//
// How an initiating function is told of its completion: async_result turns a completion token into
// a handler and a return value. The primary template is the handler itself; specialise it for a
// token type of your own, by a static initiate() that is given the initiation, the token and the
// arguments.
//
//   template <typename Token>
//   auto async_thing(Token&& token) {
//     return net::async_initiate<Token, void(std::error_code)>(
//         [](auto&& handler) { … }, token);
//   }
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, typename... Signatures>
class async_result {
 public:
  using completion_handler_type = CompletionToken;
  using return_type = void;

  template <typename Initiation, typename Handler, typename... Args>
  static void initiate(Initiation&& initiation, Handler&& handler, Args&&... args) {
    std::forward<Initiation>(initiation)(std::forward<Handler>(handler),
                                         std::forward<Args>(args)...);
  }
};

template <typename CompletionToken, typename... Signatures, typename Initiation, typename... Args>
decltype(auto) async_initiate(Initiation&& initiation,
                              std::remove_reference_t<CompletionToken>& token, Args&&... args) {
  return async_result<std::decay_t<CompletionToken>, Signatures...>::initiate(
      std::forward<Initiation>(initiation), static_cast<CompletionToken&&>(token),
      std::forward<Args>(args)...);
}

}  // namespace NET_NAMESPACE
