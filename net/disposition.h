// SPDX-License-Identifier: BSL-1.0
//
// A disposition is the first argument of a completion handler that says whether the operation
// failed: an error_code, an exception_ptr, or a type of the user's for which disposition_traits is
// specialised. Tokens that turn failures into exceptions take any of them.
//
//   template <>
//   struct net::disposition_traits<my_outcome> {
//     static bool not_an_error(const my_outcome& d) noexcept;
//     static void throw_exception(my_outcome d);              // only if it is an error
//     static std::exception_ptr to_exception_ptr(my_outcome d) noexcept;
//   };
//
//   if (outcome != net::no_error) net::throw_exception(outcome);
#pragma once

#include <concepts>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

template <typename T>
struct disposition_traits;

// What completes must not fail while it passes its outcome on: hence nothing here may throw.
template <typename T>
concept disposition = std::is_nothrow_default_constructible_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    requires(const T& constant, T (&make)()) {
  { disposition_traits<T>::not_an_error(constant) } -> std::same_as<bool>;
  disposition_traits<T>::throw_exception(make());
  { disposition_traits<T>::to_exception_ptr(make()) } -> std::same_as<std::exception_ptr>;
};

template <typename T>
struct is_disposition : std::bool_constant<disposition<T>> {};

template <typename T>
inline constexpr bool is_disposition_v = is_disposition<T>::value;

template <>
struct disposition_traits<std::error_code> {
  static bool not_an_error(const std::error_code& ec) noexcept { return !ec; }
  [[noreturn]] static void throw_exception(const std::error_code& ec) {
    throw std::system_error(ec);
  }
  static std::exception_ptr to_exception_ptr(const std::error_code& ec) noexcept {
    return ec ? std::make_exception_ptr(std::system_error(ec)) : nullptr;
  }
};

template <>
struct disposition_traits<std::exception_ptr> {
  static bool not_an_error(const std::exception_ptr& exception) noexcept { return !exception; }
  [[noreturn]] static void throw_exception(std::exception_ptr exception) {
    std::rethrow_exception(std::move(exception));
  }
  static std::exception_ptr to_exception_ptr(std::exception_ptr exception) noexcept {
    return exception;
  }
};

// The outcome that is never an error; any disposition can be compared with it.
struct no_error_t {
  friend constexpr bool operator==(no_error_t, no_error_t) noexcept { return true; }

  template <disposition Disposition>
  friend constexpr bool operator==(no_error_t, const Disposition& outcome) noexcept {
    return disposition_traits<Disposition>::not_an_error(outcome);
  }
};

inline constexpr no_error_t no_error;

template <>
struct disposition_traits<no_error_t> {
  static constexpr bool not_an_error(no_error_t) noexcept { return true; }
  static void throw_exception(no_error_t) noexcept {}
  static std::exception_ptr to_exception_ptr(no_error_t) noexcept { return nullptr; }
};

// Only for an outcome that is an error.
template <typename Disposition>
requires disposition<std::decay_t<Disposition>>
void throw_exception(Disposition&& outcome) {
  disposition_traits<std::decay_t<Disposition>>::throw_exception(
      std::forward<Disposition>(outcome));
}

// Null if the outcome is no error.
template <typename Disposition>
requires disposition<std::decay_t<Disposition>> std::exception_ptr to_exception_ptr(
    Disposition&& outcome)
noexcept {
  return disposition_traits<std::decay_t<Disposition>>::to_exception_ptr(
      std::forward<Disposition>(outcome));
}

}  // namespace NET_NAMESPACE
