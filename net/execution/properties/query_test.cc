// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/query.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/is_applicable_property.h"

namespace {

struct number {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
};

struct known {
  template <typename T>
  static constexpr bool is_applicable_property_v = true;
  template <typename T>
  static constexpr int static_query_v = 5;
};

struct inapplicable {};

struct with_member {
  int query(number) const noexcept { return 1; }
  int query(known) const { return 2; }
  int query(inapplicable) const { return 3; }
};

struct with_function {
  friend int query(const with_function&, number) { return 4; }
};

// Both: the member is what counts.
struct with_both : with_member {
  friend int query(const with_both&, number) { return 5; }
};

struct without {};

namespace net_ = NET_NAMESPACE;

TEST(Query, CallsTheMember) {
  EXPECT_EQ(net_::query(with_member(), number()), 1);
  EXPECT_EQ(net_::query(with_both(), number()), 1);
  EXPECT_EQ(query(with_both(), number()), 5);
  static_assert(net_::is_nothrow_query_v<with_member, number>);
}

TEST(Query, CallsTheFreeFunctionThatTheArgumentsBring) {
  const with_function object{};
  EXPECT_EQ(net_::query(object, number()), 4);
  static_assert(!net_::is_nothrow_query_v<with_function, number>);
}

TEST(Query, PrefersWhatIsKnownAtCompileTime) {
  static_assert(net_::query(with_member(), known()) == 5);
  static_assert(net_::query(without(), known()) == 5);
  static_assert(std::is_same_v<net_::query_result_t<const without&, known>, const int>);
}

TEST(Query, TakesNoPartWhereThePropertyDoesNotApply) {
  static_assert(!net_::can_query_v<with_member, inapplicable>);
  static_assert(!net_::can_query_v<without, number>);
  static_assert(!std::is_invocable_v<net_::query_t, without, number>);
}

TEST(Traits, TellWhichExpressionsThereAre) {
  using namespace net_::traits;
  static_assert(query_member<with_member, number>::is_valid);
  static_assert(query_member<with_member, number>::is_noexcept);
  static_assert(!query_member<with_function, number>::is_valid);
  static_assert(query_free<with_function, number>::is_valid);
  static_assert(!query_free<with_member, number>::is_valid);
  static_assert(static_query<const without&, const known&>::value() == 5);
  static_assert(!query_static_constexpr_member<with_member, number>::is_valid);
}

}  // namespace

// A trait for a property that says nothing itself.
template <>
struct NET_NAMESPACE::is_applicable_property<int, inapplicable> : std::true_type {};
static_assert(NET_NAMESPACE::is_applicable_property_v<int, inapplicable>);
static_assert(!NET_NAMESPACE::is_applicable_property_v<char, inapplicable>);
