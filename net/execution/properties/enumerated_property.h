// SPDX-License-Identifier: BSL-1.0
//
// What the properties with a fixed set of values share. Such a property is a class, `blocking_t`;
// each of its values is a class nested in it, `blocking_t::never_t`, and a property too, which can be
// required and preferred. An object of the outer class holds one of the values or none.
//
//   struct colour_t : internal::enumerated_property<colour_t> {
//     struct red_t : internal::property_value<red_t, colour_t, 0, true, true> {};
//     struct blue_t : internal::property_value<blue_t, colour_t, 1, true, true> {};
//     using values = internal::property_values<red_t, blue_t>;
//     using internal::enumerated_property<colour_t>::enumerated_property;
//     static const red_t red;
//     static const blue_t blue;
//   };
//   inline constexpr colour_t::red_t colour_t::red{};
//
// The first value is what an executor has that says nothing about the property.
#pragma once

#include <cstddef>
#include <type_traits>

#include "net/config.h"
#include "net/execution/executor.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/traits.h"

namespace NET_NAMESPACE::internal {

template <typename... Values>
struct property_values {};

struct no_answer {};

template <typename T, typename Value>
struct answer_of {
  using type = decltype(Value::template answer<T>());
  static constexpr bool exists = !std::is_same_v<type, no_answer>;
};

// The first of the values that T answers to; void if none.
template <typename T, typename Values>
struct first_queryable;
template <typename T>
struct first_queryable<T, property_values<>> {
  using type = void;
};
template <typename T, typename First, typename... Rest>
struct first_queryable<T, property_values<First, Rest...>>
    : first_queryable<T, property_values<Rest...>> {};
template <typename T, typename First, typename... Rest>
requires(can_query<T, First>::value) struct first_queryable<T, property_values<First, Rest...>> {
  using type = First;
};

// The first of the values that is known at compile time to be T's; void if none.
template <typename T, typename Values>
struct first_static;
template <typename T>
struct first_static<T, property_values<>> {
  using type = void;
};
template <typename T, typename First, typename... Rest>
struct first_static<T, property_values<First, Rest...>>
    : first_static<T, property_values<Rest...>> {};
template <typename T, typename First, typename... Rest>
requires(traits::static_query<T, First>::is_valid) struct first_static<
    T, property_values<First, Rest...>> {
  using type = First;
};

// A value; Index is its place among the values of Property.
template <typename Value, typename Property, int Index, bool IsRequirable, bool IsPreferable>
struct property_value {
  static constexpr bool is_requirable = IsRequirable;
  static constexpr bool is_preferable = IsPreferable;
  using polymorphic_query_result_type = Property;

  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor<T>::value;

  static constexpr Property value() noexcept { return Property(Value()); }

  template <typename T>
  static constexpr auto answer() {
    if constexpr (has_static_query_member<T, Value>) {
      return T::query(Value{});
    } else if constexpr (Index != 0 || has_query_member<T, Value>) {
      return no_answer{};
    } else if constexpr (query_free::exists<T, Value>) {
      return no_answer{};
    } else if constexpr (answers_to_others<T>(typename Property::values{})) {
      return no_answer{};
    } else {
      return Value{};
    }
  }

  template <typename T>
  requires(answer_of<T, Value>::exists) static constexpr const
      typename answer_of<T, Value>::type static_query_v = Value::template answer<T>();

 private:
  template <typename T, typename First, typename... Others>
  static constexpr bool answers_to_others(property_values<First, Others...>) {
    return (can_query<T, Others>::value || ...);
  }
};

template <typename V, typename W, typename Property, int I, int J, bool R, bool S, bool P, bool Q>
constexpr bool operator==(const property_value<V, Property, I, R, P>&,
                          const property_value<W, Property, J, S, Q>&) noexcept {
  return I == J;
}

template <typename Property>
class enumerated_property {
 public:
  static constexpr bool is_requirable = false;
  static constexpr bool is_preferable = false;
  using polymorphic_query_result_type = Property;

  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor<T>::value;

  constexpr enumerated_property() = default;

  template <typename Value, int Index, bool IsRequirable, bool IsPreferable>
  constexpr enumerated_property(
      const property_value<Value, Property, Index, IsRequirable, IsPreferable>&) noexcept
      : value_(Index) {}

  template <typename T>
  static constexpr auto answer() {
    if constexpr (has_static_query_member<T, Property>) {
      return T::query(Property{});
    } else if constexpr (has_query_member<T, Property>) {
      return no_answer{};
    } else {
      using first = typename first_static<T, typename Property::values>::type;
      if constexpr (std::is_void_v<first>) {
        return no_answer{};
      } else {
        return traits::static_query<T, first>::value();
      }
    }
  }

  template <typename T>
  requires(answer_of<T, Property>::exists) static constexpr const
      typename answer_of<T, Property>::type static_query_v = Property::template answer<T>();

  friend constexpr bool operator==(const Property& a, const Property& b) noexcept {
    return a.value_ == b.value_;
  }

  // An executor that only answers for single values: the first that it answers to decides. The
  // second argument must be this very type, not what converts to it.
  template <typename Executor, typename P>
  requires(std::is_same_v<P, Property> &&
           !std::is_void_v<typename first_queryable<const Executor&,
                                                    typename P::values>::type>) friend constexpr P
      query(const Executor& executor, P) noexcept(
          is_nothrow_query<
              const Executor&,
              typename first_queryable<const Executor&, typename P::values>::type>::value) {
    return NET_NAMESPACE::query(
        executor, typename first_queryable<const Executor&, typename P::values>::type{});
  }

 private:
  int value_ = -1;
};

}  // namespace NET_NAMESPACE::internal
