// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/prefer.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"

namespace {

namespace net_ = NET_NAMESPACE;

template <int I, bool IsPreferable = true>
struct step {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
  static constexpr bool is_preferable = IsPreferable;
};

struct recorder {
  int digits = 0;
  recorder require(step<1>) const noexcept { return {digits * 10 + 1}; }
  recorder prefer(step<1>) const { return {-1}; }
  recorder prefer(step<2>) const { return {digits * 10 + 2}; }
  recorder require(step<9, false>) const { return {-1}; }
  friend recorder require(const recorder& self, step<3>) { return {self.digits * 10 + 3}; }
  friend recorder prefer(const recorder& self, step<4>) { return {self.digits * 10 + 4}; }
};

TEST(Prefer, TriesToRequireThenToPrefer) {
  const recorder object{};
  EXPECT_EQ(net_::prefer(object, step<1>()).digits, 1);
  EXPECT_EQ(net_::prefer(object, step<4>(), step<3>(), step<2>(), step<1>()).digits, 4321);
}

TEST(Prefer, FallsBackToTheObjectItself) {
  recorder object{};
  EXPECT_EQ(&net_::prefer(object, step<5>()), &object);
  EXPECT_EQ(net_::prefer(object, step<5>(), step<1>(), step<6>()).digits, 1);
  static_assert(net_::is_nothrow_prefer_v<recorder, step<5>, step<1>>);
  static_assert(std::is_same_v<net_::prefer_result_t<recorder&, step<5>>, recorder&>);
}

TEST(Prefer, TakesNoPartForWhatMustNotBePreferred) {
  static_assert(!net_::can_prefer_v<recorder, step<9, false>>);
  static_assert(!net_::can_prefer_v<recorder, step<1>, step<9, false>>);
  static_assert(!std::is_invocable_v<net_::prefer_t, recorder, step<9, false>>);
}

}  // namespace
