// SPDX-License-Identifier: BSL-1.0
//
// connect() and async_connect() with one iterator, at whose end is what Iterator() makes, as a
// resolver's had; see net/legacy.h.
#pragma once

#include <utility>

#include "net/async/default_completion_token.h"
#include "net/config.h"
#include "net/error.h"
#include "net/socket/basic_socket.h"
#include "net/socket/connect.h"

namespace NET_NAMESPACE {

template <typename Protocol, typename Executor, typename Iterator>
requires(!internal::endpoint_sequence<Iterator>)
    [[deprecated("give connect() the resolver's results, or two iterators")]] Iterator
    connect(basic_socket<Protocol, Executor>& socket, Iterator begin) {
  return NET_NAMESPACE::connect(socket, std::move(begin), Iterator());
}

template <typename Protocol, typename Executor, typename Iterator>
requires(!internal::endpoint_sequence<Iterator>)
    [[deprecated("give connect() the resolver's results, or two iterators")]] Iterator
    connect(basic_socket<Protocol, Executor>& socket, Iterator begin, error_code& ec) {
  return NET_NAMESPACE::connect(socket, std::move(begin), Iterator(), ec);
}

template <typename Protocol, typename Executor, typename Iterator, typename Condition>
requires(!internal::endpoint_sequence<Iterator> && internal::connect_condition<Condition, Iterator>)
    [[deprecated("give connect() the resolver's results, or two iterators")]] Iterator
    connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Condition condition) {
  return NET_NAMESPACE::connect(socket, std::move(begin), Iterator(), std::move(condition));
}

template <typename Protocol, typename Executor, typename Iterator, typename Condition>
requires(!internal::endpoint_sequence<Iterator> && internal::connect_condition<Condition, Iterator>)
    [[deprecated("give connect() the resolver's results, or two iterators")]] Iterator
    connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Condition condition,
            error_code& ec) {
  return NET_NAMESPACE::connect(socket, std::move(begin), Iterator(), std::move(condition), ec);
}

// handler(error_code, iterator)
template <typename Protocol, typename Executor, typename Iterator,
          typename Token = default_completion_token_t<Executor>>
requires(!internal::endpoint_sequence<Iterator> && internal::connect_token<Token, Iterator>)
    [[deprecated("give async_connect() the resolver's results, or two iterators")]] decltype(auto)
        async_connect(basic_socket<Protocol, Executor>& socket, Iterator begin,
                      Token&& token = default_completion_token_t<Executor>()) {
  return NET_NAMESPACE::async_connect(socket, std::move(begin), Iterator(),
                                      std::forward<Token>(token));
}

template <typename Protocol, typename Executor, typename Iterator, typename Condition,
          typename Token = default_completion_token_t<Executor>>
requires(!internal::endpoint_sequence<Iterator> &&
         internal::connect_condition<Condition, Iterator> &&
         internal::connect_token<Token, Iterator>)
    [[deprecated("give async_connect() the resolver's results, or two iterators")]] decltype(auto)
        async_connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Condition condition,
                      Token&& token = default_completion_token_t<Executor>()) {
  return NET_NAMESPACE::async_connect(socket, std::move(begin), Iterator(), std::move(condition),
                                      std::forward<Token>(token));
}

}  // namespace NET_NAMESPACE
