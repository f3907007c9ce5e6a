// SPDX-License-Identifier: BSL-1.0
//
// `deferred` as a token packages an operation up instead of starting it: the result is a function
// object that starts it when it is called with another token. It is the default token.
//
//   auto wait = timer.async_wait(net::deferred);
//   std::move(wait)([](std::error_code) { … });
//
// Operations can be put in a row: `|` joins one with a function, wrapped by deferred(), that is
// given the results and returns the next one.
//
//   auto both = timer.async_wait(net::deferred)
//       | net::deferred([&](std::error_code ec) {
//           return net::deferred.when(!ec)
//               .then(socket.async_read_some(buffer, net::deferred))
//               .otherwise(net::deferred.values(ec, std::size_t(0)));
//         });
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_on.h"
#include "net/async/deferred_operation.h"
#include "net/config.h"

namespace NET_NAMESPACE {

class deferred_t : public internal::default_on<deferred_t> {
 public:
  constexpr deferred_t() = default;

  // Makes a function an element of a row; what is one already is returned.
  template <typename Function>
  requires(!is_deferred<std::decay_t<Function>>::value) deferred_function<std::decay_t<Function>>
  operator()(Function&& function) const {
    return deferred_function<std::decay_t<Function>>(deferred_init_tag(),
                                                     std::forward<Function>(function));
  }
  template <typename T>
  requires is_deferred<std::decay_t<T>>::value std::decay_t<T>
  operator()(T&& operation) const { return std::forward<T>(operation); }

  // An operation that completes at once.
  template <typename... Args>
  static constexpr deferred_values<std::decay_t<Args>...> values(Args&&... args) {
    return deferred_values<std::decay_t<Args>...>(deferred_init_tag(), std::forward<Args>(args)...);
  }

  // To be followed by then() and otherwise().
  static constexpr deferred_conditional<> when(bool condition) {
    return deferred_conditional<>(condition);
  }
};

inline constexpr deferred_t deferred;

template <typename Head, typename Tail>
requires is_deferred<Head>::value auto operator|(Head head, Tail&& tail)
    -> decltype(static_cast<Head&&>(head)(std::forward<Tail>(tail))) {
  return static_cast<Head&&>(head)(std::forward<Tail>(tail));
}

namespace internal {

// What stands for signatures in deferred_async_operation.
template <typename... Signatures>
struct deferred_signature {
  using type = deferred_signatures<Signatures...>;
};
template <typename Signature>
struct deferred_signature<Signature> {
  using type = Signature;
};

}  // namespace internal

template <typename... Signatures>
class async_result<deferred_t, Signatures...> {
 public:
  template <typename Initiation, typename... InitArgs>
  static deferred_async_operation<typename internal::deferred_signature<Signatures...>::type,
                                  Initiation, InitArgs...>
  initiate(Initiation&& initiation, deferred_t, InitArgs&&... args) {
    return deferred_async_operation<typename internal::deferred_signature<Signatures...>::type,
                                    Initiation, InitArgs...>(
        deferred_init_tag(), std::forward<Initiation>(initiation), std::forward<InitArgs>(args)...);
  }
};

template <typename Function, typename... Signatures>
class async_result<deferred_function<Function>, Signatures...> {
  template <typename Initiation, typename... InitArgs>
  using sequence = deferred_sequence<
      deferred_async_operation<typename internal::deferred_signature<Signatures...>::type,
                               Initiation, InitArgs...>,
      Function>;

 public:
  template <typename Initiation, typename... InitArgs>
  static auto initiate(Initiation&& initiation, deferred_function<Function> token,
                       InitArgs&&... args) -> sequence<Initiation, InitArgs...> {
    return sequence<Initiation, InitArgs...>(
        deferred_init_tag(),
        async_result<deferred_t, Signatures...>::initiate(
            std::forward<Initiation>(initiation), deferred_t(), std::forward<InitArgs>(args)...),
        std::move(token.function_));
  }
};

}  // namespace NET_NAMESPACE
