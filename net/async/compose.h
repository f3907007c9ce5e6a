// SPDX-License-Identifier: BSL-1.0
//
// async_compose<Token, Signature>(implementation, token, objects or executors...): starts an
// asynchronous operation made of others; see net/async/composed.h for how it is written.
//
//   template <typename Token>
//   auto async_echo(tcp::socket& socket, net::mutable_buffer where, Token&& token) {
//     return net::async_compose<Token, void(std::error_code, std::size_t)>(
//         echo_step{socket, where}, token, socket);
//   }
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/composed.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename CompletionToken, completion_signature Signature, typename Implementation,
          typename... IoObjectsOrExecutors>
auto async_compose(Implementation&& implementation, std::type_identity_t<CompletionToken>& token,
                   IoObjectsOrExecutors&&... objects)
    -> decltype(async_initiate<CompletionToken, Signature>(
        NET_NAMESPACE::composed<Signature>(std::forward<Implementation>(implementation),
                                           std::forward<IoObjectsOrExecutors>(objects)...),
        token)) {
  return async_initiate<CompletionToken, Signature>(
      NET_NAMESPACE::composed<Signature>(std::forward<Implementation>(implementation),
                                         std::forward<IoObjectsOrExecutors>(objects)...),
      token);
}

}  // namespace NET_NAMESPACE
