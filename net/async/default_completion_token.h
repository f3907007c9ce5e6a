// SPDX-License-Identifier: BSL-1.0
//
// The token of an asynchronous operation that is called without one: what the executor names as its
// default_completion_token_type, which as_default_on() of a token arranges, else `deferred`. Who
// gives parameters this default includes net/async/deferred.h.
//
//   template <typename Token = net::default_completion_token_t<executor_type>>
//   auto async_wait(Token&& token = Token());
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {

class deferred_t;

namespace internal {

template <typename T>
struct default_token {
  using type = deferred_t;
};
template <typename T>
requires requires { typename T::default_completion_token_type; }
struct default_token<T> {
  using type = typename T::default_completion_token_type;
};

}  // namespace internal

template <typename T>
struct default_completion_token : internal::default_token<T> {};

template <typename T>
using default_completion_token_t = typename default_completion_token<T>::type;

}  // namespace NET_NAMESPACE
