// SPDX-License-Identifier: BSL-1.0
//
// The allocator from which an executor takes the memory that a function waits in.
//
//   net::require(executor, net::execution::allocator(my_allocator)).execute(f);
//   auto used = net::query(executor, net::execution::allocator);
#pragma once

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::execution {

template <typename ProtoAllocator>
struct allocator_t {
  template <typename T>
  static constexpr bool is_applicable_property_v = is_executor<T>::value;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;

  template <typename T>
  requires(internal::has_static_query_member<T, allocator_t>) static constexpr const
      typename internal::query_static_constexpr_member_trait<T, allocator_t>::result_type
      static_query_v = internal::query_static_constexpr_member_trait<T, allocator_t>::value();

  constexpr ProtoAllocator value() const { return allocator_; }

 private:
  friend struct allocator_t<void>;

  explicit constexpr allocator_t(const ProtoAllocator& allocator) : allocator_(allocator) {}

  ProtoAllocator allocator_;
};

template <>
struct allocator_t<void> {
  template <typename T>
  static constexpr bool is_applicable_property_v = is_executor<T>::value;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;

  template <typename T>
  requires(internal::has_static_query_member<T, allocator_t>) static constexpr const
      typename internal::query_static_constexpr_member_trait<T, allocator_t>::result_type
      static_query_v = internal::query_static_constexpr_member_trait<T, allocator_t>::value();

  template <typename OtherAllocator>
  constexpr allocator_t<OtherAllocator> operator()(const OtherAllocator& allocator) const {
    return allocator_t<OtherAllocator>(allocator);
  }
};

inline constexpr allocator_t<void> allocator{};

}  // namespace NET_NAMESPACE::execution
