// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/require_concept.h"

#include <gtest/gtest.h>

#include "net/config.h"

namespace {

namespace net_ = NET_NAMESPACE;

template <int I>
struct kind {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
  static constexpr bool is_requirable_concept = I != 0;
};

template <int I>
struct of_kind {
  int value = I;
};

struct object {
  of_kind<1> require_concept(kind<1>) const noexcept { return {}; }
  of_kind<0> require_concept(kind<0>) const noexcept { return {}; }
  friend of_kind<2> require_concept(const object&, kind<2>) { return {}; }
};

TEST(RequireConcept, CallsTheMemberThenTheFreeFunction) {
  EXPECT_EQ(net_::require_concept(object(), kind<1>()).value, 1);
  EXPECT_EQ(net_::require_concept(object(), kind<2>()).value, 2);
  static_assert(net_::is_nothrow_require_concept_v<object, kind<1>>);
  static_assert(!net_::is_nothrow_require_concept_v<object, kind<2>>);
}

TEST(RequireConcept, TakesNoPartForWhatCannotBeHad) {
  static_assert(!net_::can_require_concept_v<object, kind<0>>);
  static_assert(!net_::can_require_concept_v<object, kind<3>>);
}

}  // namespace
