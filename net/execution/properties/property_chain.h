// SPDX-License-Identifier: BSL-1.0
//
// Several properties at once are one after the other, from the left: what one call gives is the
// object of the next. Call<T, Property> describes one call as in require.h.
#pragma once

#include <type_traits>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <template <typename, typename> typename Call, typename T, typename... Properties>
struct property_chain {
  static constexpr bool is_valid = false;
  static constexpr bool is_noexcept = false;
  using result_type = void;
};

template <template <typename, typename> typename Call, typename T, typename Property>
struct property_chain<Call, T, Property> : Call<T, Property> {};

template <template <typename, typename> typename Call, typename T, typename First, typename Second,
          typename... Rest>
requires(Call<T, First>::is_valid&& property_chain<
         Call, typename Call<T, First>::result_type, Second,
         Rest...>::is_valid) struct property_chain<Call, T, First, Second, Rest...> {
  using first = Call<T, First>;
  using rest = property_chain<Call, typename first::result_type, Second, Rest...>;

  static constexpr bool is_valid = true;
  static constexpr bool is_noexcept = first::is_noexcept && rest::is_noexcept;
  using result_type = std::decay_t<typename rest::result_type>;
  static constexpr result_type call(T&& object, First&& property, Second&& second,
                                    Rest&&... others) noexcept(is_noexcept) {
    return rest::call(first::call(static_cast<T&&>(object), static_cast<First&&>(property)),
                      static_cast<Second&&>(second), static_cast<Rest&&>(others)...);
  }
};

// How a call that changes nothing is described: the object comes back as it was given.
template <typename T, typename Property>
struct identity_call {
  static constexpr bool is_valid = true;
  static constexpr bool is_noexcept = true;
  using result_type = T&&;
  static constexpr result_type call(T&& object, Property&&) noexcept {
    return static_cast<T&&>(object);
  }
};

struct no_call {
  static constexpr bool is_valid = false;
  static constexpr bool is_noexcept = false;
  using result_type = void;
};

}  // namespace NET_NAMESPACE::internal
