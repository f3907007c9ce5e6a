// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/allocator.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "net/config.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

struct numbered {
  int number = 0;
};

template <typename Allocator>
struct with_allocator {
  Allocator allocator;
  template <typename A>
  with_allocator<A> require(const execution::allocator_t<A>& property) const noexcept {
    return {property.value()};
  }
  Allocator query(execution::allocator_t<void>) const noexcept { return allocator; }
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const with_allocator&, const with_allocator&) noexcept { return true; }
};

struct known_at_compile_time {
  static constexpr int query(execution::allocator_t<void>) noexcept { return 5; }
  template <typename F>
  void execute(F&&) const {}
  friend bool operator==(const known_at_compile_time&, const known_at_compile_time&) = default;
};

TEST(Allocator, IsRequiredWithAValueAndQueriedWithoutOne) {
  const auto executor = net_::require(with_allocator<int>{}, execution::allocator(numbered{3}));
  EXPECT_EQ(net_::query(executor, execution::allocator).number, 3);
  EXPECT_EQ(
      net_::query(net_::prefer(executor, execution::allocator(numbered{4})), execution::allocator)
          .number,
      4);
  EXPECT_EQ(known_at_compile_time(), known_at_compile_time());
  static_assert(net_::query(known_at_compile_time(), execution::allocator) == 5);
}

}  // namespace
