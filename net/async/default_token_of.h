// SPDX-License-Identifier: BSL-1.0
//
// The token that stands in where an adapter is used as a token without one: the default of the
// executor that the operation's initiation has. And the async_result of such an adapter, which is
// called with that token and gives the one to start the operation with.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename Initiation>
using default_token_of =
    default_completion_token_t<associated_executor_t<std::remove_cvref_t<Initiation>>>;

template <typename... Signatures>
class partial_token_result {
 public:
  template <typename Initiation, typename RawToken, typename... Args>
  static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
      -> decltype(async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                                token(default_token_of<Initiation>()),
                                                std::forward<Args>(args)...)) {
    return async_initiate<Signatures...>(std::forward<Initiation>(initiation),
                                         token(default_token_of<Initiation>()),
                                         std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE::internal
