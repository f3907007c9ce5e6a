// SPDX-License-Identifier: BSL-1.0
//
// What the traits associated_executor, associated_allocator, associated_cancellation_slot and
// associated_immediate_executor have in common: the order in which they ask. A handler that names
// its property by a nested type is asked first, then a specialisation of `associator`; a handler
// that has neither gets the default.
#pragma once

#include "net/async/associator.h"
#include "net/config.h"

namespace NET_NAMESPACE::internal {

// `Property` says what the nested type is called (type_in<T>), how to read it (get()) and what
// stands in for it (otherwise<T, Default>).
template <template <typename, typename> class Associator, typename Property, typename T,
          typename Default>
struct association : Property::template otherwise<T, Default> {};

template <typename Property, typename T>
concept names_property = requires {
  typename Property::template type_in<T>;
};

template <template <typename, typename> class Associator, typename Property, typename T,
          typename Default>
requires names_property<Property, T>
struct association<Associator, Property, T, Default> {
  using type = typename Property::template type_in<T>;

  static auto get(const T& object) noexcept -> decltype(Property::get(object)) {
    return Property::get(object);
  }
  static auto get(const T& object, const Default&) noexcept -> decltype(Property::get(object)) {
    return Property::get(object);
  }
};

template <template <typename, typename> class Associator, typename Property, typename T,
          typename Default>
requires(!names_property<Property, T> && requires {
  typename associator<Associator, T, Default>::type;
}) struct association<Associator, Property, T, Default> : associator<Associator, T, Default> {
};

}  // namespace NET_NAMESPACE::internal
