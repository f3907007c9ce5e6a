// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/enumerated_property.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/inline_exception_handling.h"
#include "net/execution/properties/mapping.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

// An executor that says nothing.
struct silent {
  template <typename F>
  void execute(F&& f) const {
    f();
  }
  friend bool operator==(const silent&, const silent&) noexcept { return true; }
};

// Says it at compile time, at run time, or for one value only.
struct statically : silent {
  static constexpr execution::blocking_t query(execution::blocking_t) noexcept {
    return execution::blocking.never;
  }
};

struct dynamically : silent {
  execution::blocking_t answer;
  execution::blocking_t query(execution::blocking_t) const noexcept { return answer; }
};

struct for_one_value : silent {
  execution::blocking_t::never_t query(execution::blocking_t::never_t) const noexcept { return {}; }
};

struct with_require : silent {
  execution::blocking_t answer = execution::blocking.possibly;
  execution::blocking_t query(execution::blocking_t) const noexcept { return answer; }
  with_require require(execution::blocking_t::never_t) const {
    with_require other;
    other.answer = execution::blocking.never;
    return other;
  }
};

TEST(EnumeratedProperty, HasAFirstValueThatSilenceMeans) {
  EXPECT_EQ(silent(), silent());
  static_assert(net_::query(silent(), execution::blocking) == execution::blocking.possibly);
  static_assert(net_::query(silent(), execution::relationship) == execution::relationship.fork);
  static_assert(net_::query(silent(), execution::mapping) == execution::mapping.thread);
  static_assert(net_::query(silent(), execution::outstanding_work) ==
                execution::outstanding_work.untracked);
  static_assert(net_::query(silent(), execution::inline_exception_handling) ==
                execution::inline_exception_handling.propagate);
  static_assert(net_::query(silent(), execution::blocking_adaptation) ==
                execution::blocking_adaptation.disallowed);
  // So it may be required of such an executor, and the others may not.
  static_assert(net_::can_require_v<silent, execution::blocking_t::possibly_t>);
  static_assert(!net_::can_require_v<silent, execution::blocking_t::never_t>);
  static_assert(!net_::can_require_v<silent, execution::blocking_t>);
  static_assert(net_::can_prefer_v<silent, execution::blocking_t::never_t>);
  static_assert(!net_::can_prefer_v<silent, execution::blocking_t::always_t>);
}

TEST(EnumeratedProperty, IsAnsweredAsTheExecutorCan) {
  static_assert(net_::query(statically(), execution::blocking) == execution::blocking.never);
  static_assert(net_::query(statically(), execution::blocking.always) == execution::blocking.never);
  static_assert(net_::can_require_v<statically, execution::blocking_t::never_t>);
  static_assert(!net_::can_require_v<statically, execution::blocking_t::possibly_t>);

  dynamically executor;
  EXPECT_EQ(net_::query(executor, execution::blocking), execution::blocking_t());
  executor.answer = execution::blocking.always;
  EXPECT_EQ(net_::query(executor, execution::blocking), execution::blocking.always);
  EXPECT_EQ(net_::query(executor, execution::blocking.never), execution::blocking.always);

  EXPECT_EQ(net_::query(for_one_value(), execution::blocking), execution::blocking.never);
  static_assert(net_::is_nothrow_query_v<for_one_value, execution::blocking_t>);
  static_assert(!net_::can_query_v<for_one_value, execution::blocking_t::possibly_t>);
}

TEST(EnumeratedProperty, IsRequiredValueByValue) {
  const with_require executor;
  EXPECT_EQ(net_::query(net_::require(executor, execution::blocking.never), execution::blocking),
            execution::blocking.never);
  EXPECT_EQ(net_::query(net_::prefer(executor, execution::blocking.possibly), execution::blocking),
            execution::blocking.possibly);
}

TEST(EnumeratedProperty, ComparesValuesAndItself) {
  constexpr execution::mapping_t none;
  static_assert(none == execution::mapping_t());
  static_assert(none != execution::mapping.thread);
  static_assert(execution::mapping.thread == execution::mapping_t::thread_t());
  static_assert(execution::mapping.thread != execution::mapping.other);
  static_assert(execution::mapping.new_thread ==
                execution::mapping_t(execution::mapping.new_thread));
  static_assert(execution::mapping_t::other_t::value() == execution::mapping.other);
  static_assert(std::is_convertible_v<execution::mapping_t::other_t, execution::mapping_t>);
  static_assert(!std::is_convertible_v<execution::relationship_t::fork_t, execution::mapping_t>);
}

TEST(EnumeratedProperty, AppliesToExecutorsOnly) {
  static_assert(!net_::can_query_v<int, execution::blocking_t>);
  static_assert(!net_::can_require_v<int, execution::blocking_t::possibly_t>);
}

}  // namespace
