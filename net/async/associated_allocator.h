// SPDX-License-Identifier: BSL-1.0
//
// The allocator for memory on behalf of a handler. It says so by a nested allocator_type with
// get_allocator(), as what bind_allocator() makes does, or somebody specialises the trait or
// `associator` for it. The default, std::allocator, means that operations recycle memory: see
// handler_memory.h.
//
//   auto allocator = net::get_associated_allocator(handler);
#pragma once

#include <memory>

#include "net/async/association.h"
#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

struct allocator_property {
  template <typename T>
  using type_in = typename T::allocator_type;

  template <typename T>
  static auto get(const T& object) noexcept -> decltype(object.get_allocator()) {
    return object.get_allocator();
  }

  template <typename T, typename Allocator>
  struct otherwise {
    using asio_associated_allocator_is_unspecialised = void;
    using type = Allocator;
    static type get(const T&) noexcept { return type(); }
    static const type& get(const T&, const type& allocator) noexcept { return allocator; }
  };
};

}  // namespace internal

template <typename T, typename Allocator = std::allocator<void>>
struct associated_allocator
    : internal::association<associated_allocator, internal::allocator_property, T, Allocator> {};

template <typename T, typename Allocator = std::allocator<void>>
using associated_allocator_t = typename associated_allocator<T, Allocator>::type;

template <typename T>
[[nodiscard]] associated_allocator_t<T> get_associated_allocator(const T& object) noexcept {
  return associated_allocator<T>::get(object);
}
template <typename T, typename Allocator>
[[nodiscard]] auto get_associated_allocator(const T& object, const Allocator& otherwise) noexcept
    -> decltype(associated_allocator<T, Allocator>::get(object, otherwise)) {
  return associated_allocator<T, Allocator>::get(object, otherwise);
}

}  // namespace NET_NAMESPACE
