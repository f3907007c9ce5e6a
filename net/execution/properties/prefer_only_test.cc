// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/prefer_only.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

using only_continuation = execution::prefer_only<execution::relationship_t::continuation_t>;

struct executor {
  bool is_continuation = false;
  executor require(execution::relationship_t::continuation_t) const noexcept { return {true}; }
  execution::relationship_t query(execution::relationship_t) const noexcept {
    return is_continuation ? execution::relationship_t(execution::relationship.continuation)
                           : execution::relationship_t(execution::relationship.fork);
  }
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const executor&, const executor&) = default;
};

TEST(PreferOnly, IsPreferredAndQueriedAsWhatItIsMadeOf) {
  const only_continuation property(execution::relationship.continuation);
  const auto preferred = net_::prefer(executor(), property);
  EXPECT_NE(preferred, executor());
  EXPECT_EQ(net_::query(preferred, property), execution::relationship.continuation);
  EXPECT_EQ(property.value(), execution::relationship.continuation);
  static_assert(net_::is_nothrow_prefer_v<const executor&, only_continuation>);
}

TEST(PreferOnly, CannotBeRequired) {
  static_assert(!net_::can_require_v<executor, only_continuation>);
  static_assert(net_::can_require_v<executor, execution::relationship_t::continuation_t>);
  static_assert(!net_::can_prefer_v<executor, execution::prefer_only<execution::context_t>>);
  static_assert(
      !net_::can_prefer_v<executor, execution::prefer_only<execution::blocking_t::always_t>>);
  static_assert(!net_::is_applicable_property_v<int, only_continuation>);
}

}  // namespace
