// SPDX-License-Identifier: BSL-1.0
//
// bind_allocator(allocator, target): memory on behalf of the
// target, a handler or a completion token, comes from that allocator.
//
//   timer.async_wait(net::bind_allocator(pool_allocator, handler));
//   timer.async_wait(net::bind_allocator(pool_allocator))(handler);
//
// A binder has the threads and the lifetime of its target.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/binder.h"
#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T, typename Allocator>
class allocator_binder : public internal::binder<allocator_binder, T, Allocator> {
 public:
  using allocator_type = Allocator;

  using internal::binder<allocator_binder, T, Allocator>::binder;

  allocator_type get_allocator() const noexcept { return this->bound(); }
};

template <typename Allocator>
struct partial_allocator_binder : internal::partial_binder<allocator_binder, Allocator> {
  using internal::partial_binder<allocator_binder, Allocator>::partial_binder;
};

template <typename Allocator>
[[nodiscard]] partial_allocator_binder<Allocator> bind_allocator(const Allocator& allocator) {
  return partial_allocator_binder<Allocator>(allocator);
}
template <typename Allocator, typename T>
[[nodiscard]] allocator_binder<std::decay_t<T>, Allocator> bind_allocator(
    const Allocator& allocator, T&& target) {
  return {allocator, std::forward<T>(target)};
}

}  // namespace NET_NAMESPACE
