// SPDX-License-Identifier: BSL-1.0
//
// connect() and async_connect(): try one endpoint after another until one takes the connection. They
// are given as a sequence, such as what a resolver found, or as two iterators.
//
//   net::connect(socket, resolver.resolve("localhost", "http"));
//   net::async_connect(socket, endpoints,
//                      [](std::error_code ec, const net::ip::tcp::endpoint& peer) { … });
//
// The result is the endpoint that is connected, or the iterator at it, or the end. The socket is
// closed before each attempt, and opened for the protocol of the endpoint. The error is that of the
// last attempt, error::not_found if there was none, error::operation_aborted if the socket was
// closed while an asynchronous attempt was under way.
//
// A connect condition says what is tried: condition(ec, endpoint) is called with the outcome of the
// attempt before, and endpoints for which it is false are left out. In the other form,
// condition(ec, iterator) returns the iterator to go on from.
//
// The socket must not be used meanwhile but for close() and cancel(), which ends one attempt.
// Cancellation by the handler's slot, terminal or partial, ends all of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "net/async/append.h"
#include "net/async/async_result.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/async/operation_cancellation.h"
#include "net/async/submit.h"
#include "net/config.h"
#include "net/error.h"
#include "net/socket/basic_socket.h"

namespace NET_NAMESPACE {
namespace internal {

// Either form of a connect condition.
template <typename T, typename Iterator>
concept filters_endpoints = requires(T condition, const error_code& ec, Iterator at) {
  { condition(ec, *at) } -> std::same_as<bool>;
};
template <typename T, typename Iterator>
concept chooses_endpoint = requires(T condition, const error_code& ec, Iterator at) {
  { condition(ec, at) } -> std::same_as<Iterator>;
};

}  // namespace internal

// Whether T may be given as the endpoints.
template <typename T>
    struct is_endpoint_sequence : std::bool_constant < requires(T endpoints) {
  endpoints.begin();
  endpoints.end();
} > {};

// Whether T may be the condition, with endpoints that `Iterator` points at.
template <typename T, typename Iterator>
struct is_connect_condition : std::bool_constant<internal::filters_endpoints<T, Iterator> ||
                                                 internal::chooses_endpoint<T, Iterator>> {};

namespace internal {

template <typename T>
concept endpoint_sequence = static_cast<bool>(is_endpoint_sequence<T>::value);
template <typename T>
using endpoint_iterator_of = decltype(std::declval<const T&>().begin());
template <typename T, typename Iterator>
concept connect_condition = static_cast<bool>(is_connect_condition<T, Iterator>::value);
template <typename T, typename Result>
concept connect_token = completion_token_for<T, void(error_code, Result)>;

struct any_endpoint {
  template <typename Endpoint>
  bool operator()(const error_code&, const Endpoint&) const noexcept {
    return true;
  }
};

// The next one from `at` on that is to be tried.
template <typename Condition, typename Iterator>
Iterator next_candidate(Condition& condition, const error_code& ec, Iterator at, Iterator end) {
  if constexpr (std::is_same_v<Condition, any_endpoint>) {
    return at;
  } else if constexpr (chooses_endpoint<Condition&, Iterator>) {
    return at != end ? condition(ec, at) : end;
  } else {
    while (at != end && !condition(ec, *at)) {
      ++at;
    }
    return at;
  }
}

template <typename Protocol, typename Executor, typename Iterator, typename Condition>
Iterator connect_any(basic_socket<Protocol, Executor>& socket, Iterator at, Iterator end,
                     Condition& condition, error_code& ec) {
  ec.clear();
  for (; at != end; ++at) {
    at = internal::next_candidate(condition, ec, at, end);
    if (at == end) {
      break;
    }
    socket.close(ec);
    socket.connect(*at, ec);
    if (!ec) {
      return at;
    }
  }
  if (!ec) {
    ec = error::not_found;
  }
  return end;
}

template <typename Protocol, typename Executor, typename Sequence, typename Condition>
typename Protocol::endpoint connect_sequence(basic_socket<Protocol, Executor>& socket,
                                             const Sequence& endpoints, Condition& condition,
                                             error_code& ec) {
  const auto at = internal::connect_any(socket, endpoints.begin(), endpoints.end(), condition, ec);
  return ec ? typename Protocol::endpoint() : typename Protocol::endpoint(*at);
}

// What an asynchronous operation tries: a copy of the sequence, which moves with the operation, so
// that where it is is a number; the result is an endpoint.
template <typename Endpoint, typename Sequence>
class sequence_candidates {
 public:
  explicit sequence_candidates(const Sequence& endpoints) : endpoints_(endpoints) {}

  auto at() const { return std::next(endpoints_.begin(), index_); }
  auto end() const { return endpoints_.end(); }
  template <typename Iterator>
  void go_to(Iterator at) {
    index_ = std::distance(std::as_const(endpoints_).begin(), at);
  }
  Endpoint result(const error_code& ec) const {
    return ec || at() == end() ? Endpoint() : Endpoint(*at());
  }

 private:
  Sequence endpoints_;
  std::ptrdiff_t index_ = 0;
};

// The same for two iterators; the result is one.
template <typename Iterator>
class iterator_candidates {
 public:
  iterator_candidates(Iterator begin, Iterator end) : at_(std::move(begin)), end_(std::move(end)) {}

  const Iterator& at() const noexcept { return at_; }
  const Iterator& end() const noexcept { return end_; }
  void go_to(Iterator at) { at_ = std::move(at); }
  Iterator result(const error_code&) const { return at_; }

 private:
  Iterator at_;
  Iterator end_;
};

// The handler of each attempt, which begins the next one.
template <typename Socket, typename Candidates, typename Condition, typename Handler>
class connect_chain : public operation_cancellation<Handler> {
 public:
  using forwarded_handler_type = Handler;

  template <typename H>
  connect_chain(Socket& socket, Candidates candidates, Condition condition, H&& handler)
      : operation_cancellation<Handler>(handler, enable_partial_cancellation()),
        socket_(&socket),
        candidates_(std::move(candidates)),
        condition_(std::move(condition)),
        handler_(std::forward<H>(handler)) {}

  const Handler& forwarded_handler() const noexcept { return handler_; }

  void start() {
    if (choose({}, candidates_.at())) {
      attempt();
    } else {
      Socket& socket = *socket_;
      NET_NAMESPACE::post(
          socket.get_executor(),
          NET_NAMESPACE::append(std::move(*this), make_error_code(error::not_found)));
    }
  }

  void operator()(error_code ec) {
    if (!is_at_end()) {
      if (!socket_->is_open()) {
        ec = error::operation_aborted;
      } else if (ec && this->cancelled() != cancellation_type::none) {
        ec = error::operation_aborted;
      } else if (ec && choose(ec, std::next(candidates_.at()))) {
        attempt();
        return;
      }
    }
    const error_code& outcome = ec;
    const auto result = candidates_.result(outcome);
    std::move(handler_)(outcome, result);
  }

 private:
  bool is_at_end() const { return candidates_.at() == candidates_.end(); }

  template <typename Iterator>
  bool choose(const error_code& ec, Iterator from) {
    candidates_.go_to(internal::next_candidate(condition_, ec, from, candidates_.end()));
    return !is_at_end();
  }

  void attempt() {
    Socket& socket = *socket_;
    error_code ignored;
    socket.close(ignored);
    const typename Socket::endpoint_type peer = *candidates_.at();
    socket.async_connect(peer, std::move(*this));
  }

  Socket* socket_;
  Candidates candidates_;
  [[no_unique_address]] Condition condition_;
  Handler handler_;
};

template <typename Result, typename Token, typename Socket, typename Candidates, typename Condition>
decltype(auto) start_connect(Socket& socket, Token&& token, Candidates candidates,
                             Condition condition) {
  return async_initiate<Token, void(error_code, Result)>(
      initiation(socket,
                 [](Socket& self, auto&& handler, auto&& what, auto&& which) {
                   connect_chain<Socket, Candidates, Condition, std::decay_t<decltype(handler)>>(
                       self, std::forward<decltype(what)>(what),
                       std::forward<decltype(which)>(which),
                       std::forward<decltype(handler)>(handler))
                       .start();
                 }),
      token, std::move(candidates), std::move(condition));
}

}  // namespace internal

template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence>
typename Protocol::endpoint connect(basic_socket<Protocol, Executor>& socket,
                                    const Sequence& endpoints, error_code& ec) {
  internal::any_endpoint any;
  return internal::connect_sequence(socket, endpoints, any, ec);
}
template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence>
typename Protocol::endpoint connect(basic_socket<Protocol, Executor>& socket,
                                    const Sequence& endpoints) {
  internal::any_endpoint any;
  return internal::or_throw("connect", [&](error_code& ec) {
    return internal::connect_sequence(socket, endpoints, any, ec);
  });
}
template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence,
          internal::connect_condition<internal::endpoint_iterator_of<Sequence>> Condition>
typename Protocol::endpoint connect(basic_socket<Protocol, Executor>& socket,
                                    const Sequence& endpoints, Condition condition,
                                    error_code& ec) {
  return internal::connect_sequence(socket, endpoints, condition, ec);
}
template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence,
          internal::connect_condition<internal::endpoint_iterator_of<Sequence>> Condition>
typename Protocol::endpoint connect(basic_socket<Protocol, Executor>& socket,
                                    const Sequence& endpoints, Condition condition) {
  return internal::or_throw("connect", [&](error_code& ec) {
    return internal::connect_sequence(socket, endpoints, condition, ec);
  });
}

template <typename Protocol, typename Executor, typename Iterator>
Iterator connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end,
                 error_code& ec) {
  internal::any_endpoint any;
  return internal::connect_any(socket, begin, end, any, ec);
}
template <typename Protocol, typename Executor, typename Iterator>
Iterator connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end) {
  internal::any_endpoint any;
  return internal::or_throw("connect", [&](error_code& ec) {
    return internal::connect_any(socket, begin, end, any, ec);
  });
}
template <typename Protocol, typename Executor, typename Iterator,
          internal::connect_condition<Iterator> Condition>
Iterator connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end,
                 Condition condition, error_code& ec) {
  return internal::connect_any(socket, begin, end, condition, ec);
}
template <typename Protocol, typename Executor, typename Iterator,
          internal::connect_condition<Iterator> Condition>
Iterator connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end,
                 Condition condition) {
  return internal::or_throw("connect", [&](error_code& ec) {
    return internal::connect_any(socket, begin, end, condition, ec);
  });
}

// handler(error_code, endpoint). The sequence is copied.
template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence,
          internal::connect_token<typename Protocol::endpoint> Token =
              default_completion_token_t<Executor>>
requires(
    !is_connect_condition<Token, internal::endpoint_iterator_of<Sequence>>::value) decltype(auto)
    async_connect(basic_socket<Protocol, Executor>& socket, const Sequence& endpoints,
                  Token&& token = default_completion_token_t<Executor>()) {
  using endpoint = typename Protocol::endpoint;
  return internal::start_connect<endpoint, Token>(
      socket, std::forward<Token>(token),
      internal::sequence_candidates<endpoint, Sequence>(endpoints), internal::any_endpoint());
}
template <typename Protocol, typename Executor, internal::endpoint_sequence Sequence,
          internal::connect_condition<internal::endpoint_iterator_of<Sequence>> Condition,
          internal::connect_token<typename Protocol::endpoint> Token =
              default_completion_token_t<Executor>>
decltype(auto) async_connect(basic_socket<Protocol, Executor>& socket, const Sequence& endpoints,
                             Condition condition,
                             Token&& token = default_completion_token_t<Executor>()) {
  using endpoint = typename Protocol::endpoint;
  return internal::start_connect<endpoint, Token>(
      socket, std::forward<Token>(token),
      internal::sequence_candidates<endpoint, Sequence>(endpoints), std::move(condition));
}

// handler(error_code, iterator)
template <typename Protocol, typename Executor, typename Iterator,
          internal::connect_token<Iterator> Token = default_completion_token_t<Executor>>
requires(!is_connect_condition<Token, Iterator>::value) decltype(auto)
    async_connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end,
                  Token&& token = default_completion_token_t<Executor>()) {
  return internal::start_connect<Iterator, Token>(
      socket, std::forward<Token>(token),
      internal::iterator_candidates<Iterator>(std::move(begin), std::move(end)),
      internal::any_endpoint());
}
template <typename Protocol, typename Executor, typename Iterator,
          internal::connect_condition<Iterator> Condition,
          internal::connect_token<Iterator> Token = default_completion_token_t<Executor>>
decltype(auto) async_connect(basic_socket<Protocol, Executor>& socket, Iterator begin, Iterator end,
                             Condition condition,
                             Token&& token = default_completion_token_t<Executor>()) {
  return internal::start_connect<Iterator, Token>(
      socket, std::forward<Token>(token),
      internal::iterator_candidates<Iterator>(std::move(begin), std::move(end)),
      std::move(condition));
}

}  // namespace NET_NAMESPACE

#ifdef NET_LEGACY
#include "net/legacy/connect.h"
#endif
