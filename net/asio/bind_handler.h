// SPDX-License-Identifier: BSL-1.0
//
// asio::detail::bind_handler(): a function without arguments that calls a handler with the ones given. It
// is associated with what the handler is. Programs use it although it never was promised to them; append()
// is what was.
//
//   asio::post(context, asio::detail::bind_handler(handler, asio::error_code(), 0));
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/append.h"
#include "net/config.h"

namespace NET_NAMESPACE::detail {

template <typename Handler, typename... Args>
auto bind_handler(Handler&& handler, Args&&... args) {
  return NET_NAMESPACE::internal::append_handler<std::decay_t<Handler>, std::decay_t<Args>...>(
      std::forward<Handler>(handler),
      std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...));
}

}  // namespace NET_NAMESPACE::detail
