// SPDX-License-Identifier: BSL-1.0
//
// What makes a token the default of an I/O object: the object's type is rebound to an executor that
// names the token as its default_completion_token_type.
//
//   using socket = net::deferred_t::as_default_on_t<net::ip::tcp::socket>;
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

// The base of tokens that can be defaults.
template <typename Token>
class default_on {
 public:
  // Its own type is left out of the conversions, so that copies are copies.
  template <typename InnerExecutor>
  struct executor_with_default : InnerExecutor {
    using default_completion_token_type = Token;

    template <typename Executor>
    requires(!std::is_same_v<Executor, executor_with_default> &&
             std::is_convertible_v<Executor, InnerExecutor>)
        executor_with_default(const Executor& executor)
    noexcept : InnerExecutor(executor) {}
  };

  template <typename T>
  using as_default_on_t =
      typename T::template rebind_executor<executor_with_default<typename T::executor_type>>::other;

  template <typename T>
  static as_default_on_t<std::decay_t<T>> as_default_on(T&& object) {
    return as_default_on_t<std::decay_t<T>>(std::forward<T>(object));
  }
};

}  // namespace NET_NAMESPACE::internal
