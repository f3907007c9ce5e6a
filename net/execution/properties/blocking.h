// SPDX-License-Identifier: BSL-1.0
//
// Whether execute() may wait for the function that it is given.
//
//   net::require(executor, net::execution::blocking.never).execute(f);
//
// An executor that has blocking_adaptation.allowed can be required to have blocking.always even if
// it does not know how: the calling thread then sleeps until the function has been called.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/properties/blocking_adaptation.h"
#include "net/execution/properties/completion_gate.h"
#include "net/execution/properties/enumerated_property.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/require.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Executor>
class always_blocking_executor;

}  // namespace internal

namespace execution {

struct blocking_t : internal::enumerated_property<blocking_t> {
  // It may.
  struct possibly_t : internal::property_value<possibly_t, blocking_t, 0, true, true> {};
  // It does, until the function has returned.
  struct always_t : internal::property_value<always_t, blocking_t, 1, true, false> {
    template <typename Executor>
    requires(is_executor<Executor>::value&& traits::static_require<
             const Executor&, blocking_adaptation_t::allowed_t>::is_valid) friend internal::
        always_blocking_executor<Executor> require(const Executor& executor, const always_t&) {
      return internal::always_blocking_executor<Executor>(0, executor);
    }
  };
  // It does not, and so never calls the function itself.
  struct never_t : internal::property_value<never_t, blocking_t, 2, true, true> {};

  using values = internal::property_values<possibly_t, always_t, never_t>;
  using internal::enumerated_property<blocking_t>::enumerated_property;

  static const possibly_t possibly;
  static const always_t always;
  static const never_t never;
};

inline constexpr blocking_t::possibly_t blocking_t::possibly{};
inline constexpr blocking_t::always_t blocking_t::always{};
inline constexpr blocking_t::never_t blocking_t::never{};
inline constexpr blocking_t blocking{};

}  // namespace execution

namespace internal {

template <typename Property>
concept blocking_property = std::is_same_v<Property, execution::blocking_t> ||
    std::is_same_v<Property, execution::blocking_t::possibly_t> ||
    std::is_same_v<Property, execution::blocking_t::always_t> ||
    std::is_same_v<Property, execution::blocking_t::never_t>;

// An executor whose execute() waits for the function that it passed on.
template <typename Executor>
class always_blocking_executor {
 public:
  always_blocking_executor(int, const Executor& executor) noexcept : executor_(executor) {}

  template <blocking_property Property>
  static constexpr execution::blocking_t::always_t query(Property) noexcept {
    return {};
  }

  template <typename Property>
  requires(!blocking_property<Property> && can_query<const Executor&, Property>::value)
      query_result_t<const Executor&, Property> query(const Property& property)
  const noexcept(is_nothrow_query<const Executor&, Property>::value) {
    return NET_NAMESPACE::query(executor_, property);
  }

  // Anything but blocking.always undoes the adaptation.
  template <blocking_property Property>
  requires(!std::is_same_v<Property, execution::blocking_t::always_t> &&
           can_require<const Executor&, Property>::value)
      require_result_t<const Executor&, Property> require(Property property)
  const noexcept { return NET_NAMESPACE::require(executor_, property); }

  template <typename Property>
  requires(!blocking_property<Property> &&
           can_require<const Executor&, Property>::value) auto require(const Property& property)
      const noexcept(is_nothrow_require<const Executor&, Property>::value) {
    using adapted = std::decay_t<require_result_t<const Executor&, Property>>;
    return always_blocking_executor<adapted>(0, NET_NAMESPACE::require(executor_, property));
  }

  template <typename Property>
  requires(!blocking_property<Property> &&
           can_prefer<const Executor&, Property>::value) auto prefer(const Property& property) const
      noexcept(is_nothrow_prefer<const Executor&, Property>::value) {
    using adapted = std::decay_t<prefer_result_t<const Executor&, Property>>;
    return always_blocking_executor<adapted>(0, NET_NAMESPACE::prefer(executor_, property));
  }

  template <typename Function>
  requires(has_execute_member<const Executor&, Function>) void execute(Function&& function) const {
    std::decay_t<Function> local(std::forward<Function>(function));
    completion_gate gate;
    executor_.execute(gate_opener<std::decay_t<Function>>{&gate, &local});
    gate.wait();
  }

  friend bool operator==(const always_blocking_executor& a,
                         const always_blocking_executor& b) noexcept {
    return a.executor_ == b.executor_;
  }

 private:
  Executor executor_;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
