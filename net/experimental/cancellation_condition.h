// SPDX-License-Identifier: BSL-1.0
//
// Conditions for several operations that run at once: called with what one of them completed with, a
// condition says how the others are cancelled now. cancellation_type::none is: they go on. What fails is
// said by the first argument, if it is a disposition; an operation without one cannot fail.
//
//   const auto how = experimental::wait_for_one_success()(ec, bytes);
#pragma once

#include "net/async/cancellation_type.h"
#include "net/config.h"
#include "net/disposition.h"

namespace NET_NAMESPACE::experimental {

class wait_for_all {
 public:
  template <typename... Args>
  constexpr cancellation_type_t operator()(Args&&...) const noexcept {
    return cancellation_type::none;
  }
};

// The first one that completes, no matter how, ends the others.
class wait_for_one {
 public:
  constexpr explicit wait_for_one(cancellation_type_t how = cancellation_type::all) : how_(how) {}

  template <typename... Args>
  constexpr cancellation_type_t operator()(Args&&...) const noexcept {
    return how_;
  }

 private:
  cancellation_type_t how_;
};

// The first one that does not fail ends the others.
class wait_for_one_success {
 public:
  constexpr explicit wait_for_one_success(cancellation_type_t how = cancellation_type::all)
      : how_(how) {}

  constexpr cancellation_type_t operator()() const noexcept { return how_; }
  template <typename First, typename... Args>
  constexpr cancellation_type_t operator()(const First& first, Args&&...) const noexcept {
    if constexpr (is_disposition_v<First>) {
      return first != no_error ? cancellation_type::none : how_;
    } else {
      return how_;
    }
  }

 private:
  cancellation_type_t how_;
};

// The first one that fails ends the others.
class wait_for_one_error {
 public:
  constexpr explicit wait_for_one_error(cancellation_type_t how = cancellation_type::all)
      : how_(how) {}

  constexpr cancellation_type_t operator()() const noexcept { return cancellation_type::none; }
  template <typename First, typename... Args>
  constexpr cancellation_type_t operator()(const First& first, Args&&...) const noexcept {
    if constexpr (is_disposition_v<First>) {
      return first != no_error ? how_ : cancellation_type::none;
    } else {
      return cancellation_type::none;
    }
  }

 private:
  cancellation_type_t how_;
};

}  // namespace NET_NAMESPACE::experimental
