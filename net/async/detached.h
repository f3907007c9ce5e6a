// SPDX-License-Identifier: BSL-1.0
//
// `detached` as a token: nobody wants to know how the operation ends.
//
//   net::async_write(socket, buffer, net::detached);
#pragma once

#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_on.h"
#include "net/config.h"

namespace NET_NAMESPACE {

class detached_t : public internal::default_on<detached_t> {
 public:
  constexpr detached_t() = default;
};

inline constexpr detached_t detached;

namespace internal {

class detached_handler {
 public:
  using result_type = void;

  detached_handler(detached_t) {}

  // By value, so that the results are gone when this returns.
  template <typename... Args>
  void operator()(Args...) {}
};

}  // namespace internal

template <typename... Signatures>
class async_result<detached_t, Signatures...> {
 public:
  using completion_handler_type = internal::detached_handler;
  using return_type = void;

  explicit async_result(completion_handler_type&) {}
  async_result(const async_result&) = delete;
  async_result& operator=(const async_result&) = delete;

  void get() {}

  template <typename Initiation, typename RawToken, typename... Args>
  static return_type initiate(Initiation&& initiation, RawToken&&, Args&&... args) {
    std::forward<Initiation>(initiation)(internal::detached_handler(detached_t()),
                                         std::forward<Args>(args)...);
  }
};

}  // namespace NET_NAMESPACE
