// SPDX-License-Identifier: BSL-1.0
//
// The one hook for whoever wraps a handler: a partial specialisation of `associator` says once how
// the executor, the allocator, the cancellation slot and the immediate executor of the wrapped
// handler are those of the wrapper.
//
//   template <template <typename, typename> class Associator, typename Handler, typename Default>
//   struct net::associator<Associator, my_wrapper<Handler>, Default> : Associator<Handler, Default> {
//     static auto get(const my_wrapper<Handler>& wrapper) noexcept {
//       return Associator<Handler, Default>::get(wrapper.handler);
//     }
//     static auto get(const my_wrapper<Handler>& wrapper, const Default& otherwise) noexcept {
//       return Associator<Handler, Default>::get(wrapper.handler, otherwise);
//     }
//   };
//
// To derive from the wrapped handler's trait keeps the marker that says nothing is associated.
#pragma once

#include <tuple>  // declares std::reference_wrapper, which make_tuple() takes apart

#include "net/config.h"

namespace NET_NAMESPACE {

template <template <typename, typename> class Associator, typename T, typename DefaultCandidate,
          typename _ = void>
struct associator {};

namespace internal {

// The library's own wrappers need no specialisation: it is enough that they name the handler they
// wrap as forwarded_handler_type and give it by a public forwarded_handler().
template <typename T>
concept forwards_associations = requires {
  typename T::forwarded_handler_type;
};

}  // namespace internal

template <template <typename, typename> class Associator, internal::forwards_associations T,
          typename DefaultCandidate>
struct associator<Associator, T, DefaultCandidate>
    : Associator<typename T::forwarded_handler_type, DefaultCandidate> {
  static typename Associator<typename T::forwarded_handler_type, DefaultCandidate>::type get(
      const T& wrapper) noexcept {
    return Associator<typename T::forwarded_handler_type, DefaultCandidate>::get(
        wrapper.forwarded_handler());
  }
  static auto get(const T& wrapper, const DefaultCandidate& otherwise) noexcept
      -> decltype(Associator<typename T::forwarded_handler_type, DefaultCandidate>::get(
          wrapper.forwarded_handler(), otherwise)) {
    return Associator<typename T::forwarded_handler_type, DefaultCandidate>::get(
        wrapper.forwarded_handler(), otherwise);
  }
};

template <template <typename, typename> class Associator, typename T, typename DefaultCandidate>
struct associator<Associator, std::reference_wrapper<T>, DefaultCandidate>
    : Associator<T, DefaultCandidate> {
  static typename Associator<T, DefaultCandidate>::type get(
      const std::reference_wrapper<T>& wrapper) noexcept {
    return Associator<T, DefaultCandidate>::get(wrapper.get());
  }
  static auto get(const std::reference_wrapper<T>& wrapper,
                  const DefaultCandidate& otherwise) noexcept
      -> decltype(Associator<T, DefaultCandidate>::get(wrapper.get(), otherwise)) {
    return Associator<T, DefaultCandidate>::get(wrapper.get(), otherwise);
  }
};

}  // namespace NET_NAMESPACE
