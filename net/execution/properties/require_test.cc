// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/require.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"

namespace {

namespace net_ = NET_NAMESPACE;

template <int I, bool IsRequirable = true>
struct step {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
  static constexpr bool is_requirable = IsRequirable;
};

// Already had by everything that is asked.
struct had {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
  static constexpr bool is_requirable = true;
  static constexpr bool value() { return true; }
  template <typename T>
  static constexpr bool static_query_v = true;
};

struct recorder {
  int digits = 0;
  recorder require(step<1>) const noexcept { return {digits * 10 + 1}; }
  recorder require(step<2>) const { return {digits * 10 + 2}; }
  recorder require(step<3, false>) const { return {digits * 10 + 3}; }
  friend recorder require(const recorder& self, step<4>) noexcept { return {self.digits * 10 + 4}; }
};

TEST(Require, FoldsFromTheLeft) {
  const recorder object{};
  EXPECT_EQ(net_::require(object, step<1>()).digits, 1);
  EXPECT_EQ(net_::require(object, step<1>(), step<2>()).digits, 12);
  EXPECT_EQ(net_::require(object, step<4>(), step<1>(), had(), step<2>()).digits, 412);
  static_assert(net_::is_nothrow_require_v<const recorder&, step<1>, step<4>>);
  static_assert(!net_::is_nothrow_require_v<const recorder&, step<1>, step<2>>);
}

TEST(Require, GivesTheObjectItselfIfItHasThePropertyAnyway) {
  recorder object{};
  EXPECT_EQ(&net_::require(object, had()), &object);
  // A copy, as several properties may need one on the way.
  static_assert(std::is_same_v<net_::require_result_t<const recorder&, had, had>, recorder>);
}

TEST(Require, TakesNoPartIfOneOfThePropertiesCannotBeHad) {
  static_assert(!net_::can_require_v<recorder, step<3, false>>);
  static_assert(!net_::can_require_v<recorder, step<5>>);
  static_assert(!net_::can_require_v<recorder, step<1>, step<5>, step<2>>);
  static_assert(!std::is_invocable_v<net_::require_t, recorder, step<1>, step<5>>);
  static_assert(!net_::can_require_v<recorder>);
}

}  // namespace
