// SPDX-License-Identifier: BSL-1.0
//
// The executor on which a handler is called if its operation is complete before the function that
// started it has returned. The handler says so by a nested immediate_executor_type with
// get_immediate_executor(), as what bind_immediate_executor() makes does, or somebody specialises
// the trait or `associator` for it. The default is the I/O executor, required never to block: such a
// handler is not called from inside the initiating function.
//
//   auto executor = net::get_associated_immediate_executor(handler, socket.get_executor());
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/association.h"
#include "net/config.h"
#include "net/execution/is_executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/require.h"

namespace NET_NAMESPACE {
namespace internal {

// An executor of the Networking TS that posts what it is told to dispatch.
template <typename Executor>
class dispatch_by_post : public Executor {
 public:
  template <typename Other>
  requires(!std::is_same_v<Other, dispatch_by_post> &&
           std::is_convertible_v<Other, Executor>) explicit dispatch_by_post(const Other&
                                                                                 executor) noexcept
      : Executor(executor) {}

  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator& allocator) const {
    this->post(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const dispatch_by_post& a, const dispatch_by_post& b) noexcept {
    return static_cast<const Executor&>(a) == static_cast<const Executor&>(b);
  }
};

template <typename Executor>
concept can_avoid_blocking = can_require<Executor, execution::blocking_t::never_t>::value;

template <typename Executor>
struct default_immediate_executor {};
template <typename Executor>
requires(!can_avoid_blocking<Executor> &&
         is_executor<Executor>::value) struct default_immediate_executor<Executor> {
  using type = dispatch_by_post<Executor>;
  template <typename T>
  static type get(const T&, const Executor& executor) noexcept {
    return type(executor);
  }
};
template <can_avoid_blocking Executor>
struct default_immediate_executor<Executor> {
  using type = std::decay_t<require_result_t<Executor, execution::blocking_t::never_t>>;
  template <typename T>
  static type get(const T&, const Executor& executor) noexcept {
    return NET_NAMESPACE::require(executor, execution::blocking.never);
  }
};

struct immediate_executor_property {
  template <typename T>
  using type_in = typename T::immediate_executor_type;

  template <typename T>
  static auto get(const T& object) noexcept -> decltype(object.get_immediate_executor()) {
    return object.get_immediate_executor();
  }

  template <typename T, typename Executor>
  struct otherwise : default_immediate_executor<Executor> {
    using asio_associated_immediate_executor_is_unspecialised = void;
  };
};

}  // namespace internal

template <typename T, typename Executor>
struct associated_immediate_executor
    : internal::association<associated_immediate_executor, internal::immediate_executor_property, T,
                            Executor> {};

template <typename T, typename Executor>
using associated_immediate_executor_t = typename associated_immediate_executor<T, Executor>::type;

template <typename T, internal::some_executor Executor>
[[nodiscard]] auto get_associated_immediate_executor(const T& object,
                                                     const Executor& otherwise) noexcept
    -> decltype(associated_immediate_executor<T, Executor>::get(object, otherwise)) {
  return associated_immediate_executor<T, Executor>::get(object, otherwise);
}
template <typename T, internal::context_type Context>
[[nodiscard]] associated_immediate_executor_t<T, typename Context::executor_type>
get_associated_immediate_executor(const T& object, Context& otherwise) noexcept {
  return associated_immediate_executor<T, typename Context::executor_type>::get(
      object, otherwise.get_executor());
}

}  // namespace NET_NAMESPACE
