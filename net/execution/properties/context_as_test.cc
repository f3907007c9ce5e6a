// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/context_as.h"

#include <gtest/gtest.h>

#include <any>
#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

struct base {};
struct place : base {};

struct executor {
  place* where;
  place& query(execution::context_t) const noexcept { return *where; }
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const executor&, const executor&) = default;
};

struct known_at_compile_time {
  static constexpr int query(execution::context_t) noexcept { return 9; }
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const known_at_compile_time&, const known_at_compile_time&) = default;
};

TEST(ContextAs, IsTheContextAsTheTypeThatIsAskedFor) {
  place here;
  const executor one{&here};
  EXPECT_EQ(one, (executor{&here}));
  EXPECT_EQ(known_at_compile_time(), known_at_compile_time());
  EXPECT_EQ(&net_::query(one, execution::context), &here);
  base& found = net_::query(one, execution::context_as<base&>);
  EXPECT_EQ(&found, &here);
  static_assert(net_::is_nothrow_query_v<const executor&, execution::context_as_t<base&>>);
  static_assert(net_::query(known_at_compile_time(), execution::context_as<int>) == 9);
  static_assert(!net_::can_query_v<int, execution::context_as_t<base&>>);
  static_assert(std::is_same_v<execution::context_t::polymorphic_query_result_type, std::any>);
  static_assert(std::is_convertible_v<execution::context_t, execution::context_as_t<base&>>);
}

}  // namespace
