// SPDX-License-Identifier: BSL-1.0
#include "net/execution/inline_executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

#include "net/execution/executor.h"
#include "net/execution/properties/properties.h"

namespace {

using net::inline_executor;
namespace execution = net::execution;

static_assert(execution::is_executor_v<inline_executor>);
static_assert(std::is_empty_v<inline_executor>);
static_assert(!net::can_require_v<inline_executor, execution::blocking_t::never_t>);

TEST(InlineExecutor, CallsBeforeItReturns) {
  int calls = 0;
  inline_executor().execute([&calls, owned = std::make_unique<int>(1)] { calls += *owned; });
  const auto constant = [&calls] { ++calls; };
  inline_executor().execute(constant);
  EXPECT_EQ(calls, 2);
}

TEST(InlineExecutor, CallsAsAnRvalueOfACopy) {
  struct counting {
    int* copies;
    explicit counting(int& where) : copies(&where) {}
    counting(const counting& other) : copies(other.copies) { ++*copies; }
    void operator()() && {}
  };
  int copies = 0;
  counting function(copies);
  inline_executor().execute(function);
  EXPECT_EQ(copies, 1);
  inline_executor().execute(std::move(function));
  EXPECT_EQ(copies, 1);
}

TEST(InlineExecutor, SaysThatItBlocks) {
  const inline_executor executor;
  EXPECT_TRUE(net::query(executor, execution::blocking) == execution::blocking.always);
  EXPECT_TRUE(net::query(executor, execution::mapping) == execution::mapping.thread);
  EXPECT_TRUE(net::query(executor, execution::inline_exception_handling) ==
              execution::inline_exception_handling.propagate);
  EXPECT_TRUE(executor == inline_executor());
}

TEST(InlineExecutor, LetsExceptionsOut) {
  EXPECT_THROW(inline_executor().execute([] { throw 1; }), int);
}

TEST(InlineExecutorDeathTest, TerminatesWhenThatIsRequired) {
  const auto strict =
      net::require(inline_executor(), execution::inline_exception_handling.terminate);
  EXPECT_TRUE(net::query(strict, execution::inline_exception_handling) ==
              execution::inline_exception_handling.terminate);
  EXPECT_DEATH(strict.execute([] { throw 1; }), "");
  const auto lax = net::require(strict, execution::inline_exception_handling.propagate);
  EXPECT_THROW(lax.execute([] { throw 1; }), int);
}

}  // namespace
