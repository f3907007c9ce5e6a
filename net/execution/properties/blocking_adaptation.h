// SPDX-License-Identifier: BSL-1.0
//
// Whether an executor may be given the property blocking.always from outside, by a wrapper whose
// execute() puts the calling thread to sleep until the function has been called.
//
//   auto willing = net::require(executor, net::execution::blocking_adaptation.allowed);
//   net::require(willing, net::execution::blocking.always).execute(f);
#pragma once

#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/enumerated_property.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/require.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename Executor>
class adaptable_executor;

}  // namespace internal

namespace execution {

struct blocking_adaptation_t : internal::enumerated_property<blocking_adaptation_t> {
  // It may not.
  struct disallowed_t
      : internal::property_value<disallowed_t, blocking_adaptation_t, 0, true, true> {};
  // It may.
  struct allowed_t : internal::property_value<allowed_t, blocking_adaptation_t, 1, true, false> {
    template <typename Executor>
    requires(is_executor<Executor>::value) friend internal::adaptable_executor<Executor> require(
        const Executor& executor, const allowed_t&) {
      return internal::adaptable_executor<Executor>(0, executor);
    }
  };

  using values = internal::property_values<disallowed_t, allowed_t>;
  using internal::enumerated_property<blocking_adaptation_t>::enumerated_property;

  static const disallowed_t disallowed;
  static const allowed_t allowed;
};

inline constexpr blocking_adaptation_t::disallowed_t blocking_adaptation_t::disallowed{};
inline constexpr blocking_adaptation_t::allowed_t blocking_adaptation_t::allowed{};
inline constexpr blocking_adaptation_t blocking_adaptation{};

}  // namespace execution

namespace internal {

template <typename Property>
concept adaptation_property = std::is_same_v<Property, execution::blocking_adaptation_t> ||
    std::is_same_v<Property, execution::blocking_adaptation_t::disallowed_t> ||
    std::is_same_v<Property, execution::blocking_adaptation_t::allowed_t>;

// An executor that is as it was but for allowing the adaptation.
template <typename Executor>
class adaptable_executor {
 public:
  adaptable_executor(int, const Executor& executor) noexcept : executor_(executor) {}

  template <adaptation_property Property>
  static constexpr execution::blocking_adaptation_t::allowed_t query(Property) noexcept {
    return {};
  }

  template <typename Property>
  requires(!adaptation_property<Property> && can_query<const Executor&, Property>::value)
      query_result_t<const Executor&, Property> query(const Property& property)
  const noexcept(is_nothrow_query<const Executor&, Property>::value) {
    return NET_NAMESPACE::query(executor_, property);
  }

  template <std::same_as<execution::blocking_adaptation_t::disallowed_t> Property>
  Executor require(Property) const noexcept {
    return executor_;
  }

  template <typename Property>
  requires(!adaptation_property<Property> &&
           can_require<const Executor&, Property>::value) auto require(const Property& property)
      const noexcept(is_nothrow_require<const Executor&, Property>::value) {
    using adapted = std::decay_t<require_result_t<const Executor&, Property>>;
    return adaptable_executor<adapted>(0, NET_NAMESPACE::require(executor_, property));
  }

  template <typename Property>
  requires(!adaptation_property<Property> &&
           can_prefer<const Executor&, Property>::value) auto prefer(const Property& property) const
      noexcept(is_nothrow_prefer<const Executor&, Property>::value) {
    using adapted = std::decay_t<prefer_result_t<const Executor&, Property>>;
    return adaptable_executor<adapted>(0, NET_NAMESPACE::prefer(executor_, property));
  }

  template <typename Function>
  requires(has_execute_member<const Executor&, Function>) void execute(Function&& function) const {
    executor_.execute(static_cast<Function&&>(function));
  }

  friend bool operator==(const adaptable_executor& a, const adaptable_executor& b) noexcept {
    return a.executor_ == b.executor_;
  }

 private:
  Executor executor_;
};

}  // namespace internal
}  // namespace NET_NAMESPACE
