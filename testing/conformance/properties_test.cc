// SPDX-License-Identifier: BSL-1.0
//
// The properties of executors: asking for them, requiring and preferring them, and those of the user.
#include <gtest/gtest.h>

#include <asio/execution/allocator.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/blocking_adaptation.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/context_as.hpp>
#include <asio/execution/executor.hpp>
#include <asio/execution/mapping.hpp>
#include <asio/execution/occupancy.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution/prefer_only.hpp>
#include <asio/execution/relationship.hpp>
#include <asio/is_applicable_property.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/require_concept.hpp>
#include <asio/traits/prefer_free.hpp>
#include <asio/traits/prefer_member.hpp>
#include <asio/traits/query_free.hpp>
#include <asio/traits/query_member.hpp>
#include <asio/traits/query_static_constexpr_member.hpp>
#include <asio/traits/require_concept_free.hpp>
#include <asio/traits/require_concept_member.hpp>
#include <asio/traits/require_free.hpp>
#include <asio/traits/require_member.hpp>
#include <asio/traits/static_query.hpp>
#include <asio/traits/static_require.hpp>
#include <asio/traits/static_require_concept.hpp>
#include <type_traits>

namespace {

namespace execution = asio::execution;

// --- An executor and properties of the user's -----------------------------------------------------

struct priority {
  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor<T>::value;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;
  using polymorphic_query_result_type = int;

  constexpr explicit priority(int v = 0) : value_(v) {}
  constexpr int value() const { return value_; }

 private:
  int value_;
};

// Nobody knows this one.
struct colour {
  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor<T>::value;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;
};

// Applies to nothing, but for the number.
struct evenness {
  template <typename T>
  static constexpr bool is_applicable_property_v = std::is_same_v<T, int>;
  [[maybe_unused]] static constexpr bool is_requirable = true;
};

struct worker {
  int urgency = 0;
  bool in_line = true;

  template <typename F>
  void execute(F&& f) const {
    std::forward<F>(f)();
  }
  friend bool operator==(const worker& a, const worker& b) noexcept {
    return a.urgency == b.urgency && a.in_line == b.in_line;
  }

  worker require(const priority& p) const { return {p.value(), in_line}; }
  int query(const priority&) const noexcept { return urgency; }
  worker require(execution::blocking_t::always_t) const { return {urgency, true}; }
  execution::blocking_t query(execution::blocking_t) const noexcept {
    if (in_line) return execution::blocking.always;
    return execution::blocking.possibly;
  }
  static constexpr execution::mapping_t::thread_t query(execution::mapping_t) noexcept {
    return execution::mapping.thread;
  }
};

int query(const worker&, execution::occupancy_t) noexcept { return 3; }
worker prefer(const worker& w, execution::relationship_t::continuation_t) {
  return {w.urgency + 1, w.in_line};
}

// --- What can be asked ----------------------------------------------------------------------------

TEST(Property, AppliesWhereItSaysSo) {
  EXPECT_TRUE((asio::is_applicable_property_v<worker, priority>));
  EXPECT_FALSE((asio::is_applicable_property_v<int, priority>));
  EXPECT_TRUE((asio::is_applicable_property_v<int, evenness>));
  EXPECT_FALSE((asio::is_applicable_property_v<worker, evenness>));
  EXPECT_TRUE((asio::is_applicable_property_v<worker, execution::blocking_t::never_t>));
  EXPECT_FALSE((asio::is_applicable_property_v<int, execution::blocking_t>));
}

TEST(Property, CanBeRequiredIfTheExecutorSaysHow) {
  EXPECT_TRUE((asio::can_require_v<worker, priority>));
  EXPECT_TRUE((asio::can_require_v<worker, execution::blocking_t::always_t>));
  EXPECT_FALSE((asio::can_require_v<worker, execution::blocking_t::never_t>));
  EXPECT_FALSE((asio::can_require_v<worker, colour>));
  EXPECT_TRUE((asio::can_require_v<worker, priority, execution::blocking_t::always_t>));
  EXPECT_FALSE((asio::can_require_v<worker, priority, colour>));
}

TEST(Property, CanBePreferredIfItApplies) {
  EXPECT_TRUE((asio::can_prefer_v<worker, priority>));
  EXPECT_TRUE((asio::can_prefer_v<worker, colour>));
  EXPECT_TRUE((asio::can_prefer_v<worker, execution::blocking_t::never_t>));
  EXPECT_FALSE((asio::can_prefer_v<worker, evenness>));
}

TEST(Property, CanBeQueriedIfTheExecutorAnswers) {
  EXPECT_TRUE((asio::can_query_v<worker, priority>));
  EXPECT_TRUE((asio::can_query_v<worker, execution::blocking_t>));
  EXPECT_TRUE((asio::can_query_v<worker, execution::occupancy_t>));
  EXPECT_FALSE((asio::can_query_v<worker, colour>));
  EXPECT_FALSE((asio::can_query_v<worker, execution::context_t>));
}

TEST(Property, CannotBeARequiredConceptUnlessItIsOne) {
  EXPECT_FALSE((asio::can_require_concept_v<worker, priority>));
  EXPECT_FALSE((asio::can_require_concept_v<worker, execution::blocking_t::never_t>));
}

// --- What comes of it -----------------------------------------------------------------------------

TEST(Require, GoesFromLeftToRight) {
  const worker plain{0, false};
  EXPECT_EQ(asio::require(plain, priority(2)).urgency, 2);
  const worker both = asio::require(plain, priority(2), execution::blocking.always, priority(5));
  EXPECT_EQ(both.urgency, 5);
  EXPECT_TRUE(both.in_line);
  EXPECT_FALSE(plain.in_line);
}

TEST(Require, OfWhatAlwaysHoldsIsTheSameObject) {
  const worker plain;
  EXPECT_TRUE((asio::can_require_v<worker, execution::mapping_t::thread_t>));
  EXPECT_FALSE((asio::can_require_v<worker, execution::mapping_t::new_thread_t>));
  EXPECT_TRUE(asio::require(plain, execution::mapping.thread) == plain);
  EXPECT_TRUE((asio::is_nothrow_require_v<worker, execution::mapping_t::thread_t>));
  EXPECT_FALSE((asio::is_nothrow_require_v<worker, priority>));
}

TEST(Prefer, RequiresElsePrefersElseLeavesAlone) {
  const worker plain;
  EXPECT_EQ(asio::prefer(plain, priority(4)).urgency, 4);
  EXPECT_EQ(asio::prefer(plain, execution::relationship.continuation).urgency, 1);
  EXPECT_TRUE(asio::prefer(plain, colour()) == plain);
  EXPECT_TRUE(asio::prefer(plain, execution::blocking.never) == plain);
  EXPECT_EQ(asio::prefer(plain, colour(), priority(7), execution::blocking.never).urgency, 7);
  EXPECT_TRUE((std::is_same_v<std::decay_t<asio::prefer_result<worker, colour>::type>, worker>));
}

TEST(Query, AsksMembersFreeFunctionsAndTypes) {
  EXPECT_EQ(asio::query(worker{6, true}, priority()), 6);
  EXPECT_EQ(asio::query(worker(), execution::occupancy), 3);
  EXPECT_TRUE(asio::query(worker{0, true}, execution::blocking) == execution::blocking.always);
  EXPECT_TRUE(asio::query(worker{0, false}, execution::blocking) == execution::blocking.possibly);
  EXPECT_TRUE((asio::is_nothrow_query_v<worker, priority>));
  EXPECT_TRUE((std::is_same_v<asio::query_result<worker, priority>::type, int>));
}

TEST(Query, OfWhatTheTypeKnowsIsAConstant) {
  constexpr execution::mapping_t answer = asio::query(worker(), execution::mapping);
  EXPECT_TRUE(answer == execution::mapping.thread);
}

// --- The properties of the library ----------------------------------------------------------------

TEST(Blocking, IsAValueOfThree) {
  const execution::blocking_t none;
  EXPECT_TRUE(none != execution::blocking_t(execution::blocking.never));
  EXPECT_TRUE(execution::blocking_t(execution::blocking.never) == execution::blocking.never);
  EXPECT_TRUE(execution::blocking_t(execution::blocking.never) !=
              execution::blocking_t(execution::blocking.always));
  EXPECT_FALSE(execution::blocking_t::is_requirable);
  EXPECT_FALSE(execution::blocking_t::is_preferable);
  EXPECT_TRUE(execution::blocking_t::never_t::is_requirable);
  EXPECT_TRUE(execution::blocking_t::never_t::is_preferable);
  EXPECT_TRUE(execution::blocking_t::never_t::value() == execution::blocking.never);
}

TEST(Property, OfBothKindsCanBeRequired) {
  EXPECT_TRUE(execution::relationship_t::fork_t::is_requirable);
  EXPECT_TRUE(execution::outstanding_work_t::tracked_t::is_preferable);
  EXPECT_TRUE(execution::mapping_t::other_t::is_requirable);
  EXPECT_TRUE(execution::blocking_adaptation_t::allowed_t::is_requirable);
  EXPECT_FALSE(execution::context_t::is_requirable);
  EXPECT_FALSE(execution::occupancy_t::is_preferable);
  EXPECT_FALSE((execution::context_as_t<int&>::is_requirable));
}

TEST(PreferOnly, TakesRequiringAway) {
  using only = execution::prefer_only<priority>;
  EXPECT_FALSE(only::is_requirable);
  EXPECT_TRUE(only::is_preferable);
  EXPECT_FALSE((asio::can_require_v<worker, only>));
  EXPECT_EQ(asio::prefer(worker(), only(priority(2))).urgency, 2);
}

TEST(AllocatorProperty, CarriesItsAllocator) {
  const std::allocator<char> mine;
  EXPECT_TRUE(execution::allocator(mine).value() == mine);
  EXPECT_TRUE((execution::allocator_t<std::allocator<char>>::is_requirable));
  EXPECT_TRUE((execution::allocator_t<void>::is_preferable));
}

TEST(Executor, CanBeComparedAndExecutes) {
  EXPECT_TRUE(execution::is_executor<worker>::value);
  EXPECT_FALSE(execution::is_executor<int>::value);
  EXPECT_FALSE(execution::is_executor<execution::blocking_t>::value);
}

}  // namespace
