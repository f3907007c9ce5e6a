// SPDX-License-Identifier: BSL-1.0
#include "net/execution/any_io_executor.h"

#include <gtest/gtest.h>

#include <new>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_completion_executor.h"
#include "net/execution/execution_context.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/outstanding_work.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/relationship.h"
#include "net/execution/properties/require.h"

namespace {

namespace net_ = NET_NAMESPACE;
namespace execution = NET_NAMESPACE::execution;

class context : public net_::execution_context {};

struct executor_of_context {
  context* where;
  bool is_never = false;

  context& query(execution::context_t) const noexcept { return *where; }
  execution::blocking_t query(execution::blocking_t) const noexcept {
    return is_never ? execution::blocking_t(execution::blocking.never)
                    : execution::blocking_t(execution::blocking.possibly);
  }
  executor_of_context require(execution::blocking_t::never_t) const noexcept {
    return {where, true};
  }
  executor_of_context require(execution::blocking_t::possibly_t) const noexcept {
    return {where, false};
  }
  template <typename F>
  void execute(F f) const {
    f();
  }
  friend bool operator==(const executor_of_context&, const executor_of_context&) = default;
};
static_assert(execution::executor<executor_of_context>);

// All that a completion needs.
struct plain {
  template <typename F>
  void execute(F f) const {
    f();
  }
  friend bool operator==(const plain&, const plain&) noexcept { return true; }
};

static_assert(execution::executor<net_::any_io_executor>);
static_assert(execution::executor<net_::any_completion_executor>);
static_assert(std::is_convertible_v<executor_of_context, net_::any_io_executor>);
static_assert(std::is_convertible_v<plain, net_::any_completion_executor>);
static_assert(!std::is_convertible_v<plain, net_::any_io_executor>);
static_assert(std::is_convertible_v<net_::any_io_executor, net_::any_completion_executor>);
static_assert(!std::is_convertible_v<net_::any_completion_executor, net_::any_io_executor>);
static_assert(!std::is_convertible_v<int, net_::any_io_executor>);
static_assert(std::is_same_v<decltype(net_::require(std::declval<net_::any_io_executor>(),
                                                    execution::blocking.never)),
                             net_::any_io_executor>);
static_assert(std::is_nothrow_move_constructible_v<net_::any_io_executor>);

TEST(AnyIoExecutor, KnowsItsContext) {
  context here;
  const net_::any_io_executor executor = executor_of_context{&here};
  net_::execution_context& found = net_::query(executor, execution::context);
  EXPECT_EQ(&found, &here);
  EXPECT_EQ(&executor.context(), &here);
}

TEST(AnyIoExecutor, IsRequiredAndPreferredAsItself) {
  context here;
  const net_::any_io_executor executor = executor_of_context{&here};
  const net_::any_io_executor never = net_::require(executor, execution::blocking.never);
  EXPECT_EQ(net_::query(never, execution::blocking), execution::blocking.never);
  EXPECT_EQ(net_::prefer(never, execution::blocking.possibly, execution::outstanding_work.tracked,
                         execution::relationship.fork),
            executor);
  EXPECT_EQ(executor, (executor_of_context{&here}));
  EXPECT_NE(never, executor);
}

TEST(AnyIoExecutor, IsCopiedMovedAndEmptied) {
  context here;
  net_::any_io_executor executor(std::nothrow, executor_of_context{&here});
  net_::any_io_executor copy(std::nothrow, executor);
  EXPECT_EQ(copy, executor);
  const net_::any_io_executor moved(std::nothrow, std::move(executor));
  EXPECT_EQ(copy, moved);
  EXPECT_TRUE(executor == nullptr);
  executor.swap(copy);
  EXPECT_EQ(executor, moved);
  EXPECT_TRUE(copy == nullptr);
  copy = executor;
  executor = nullptr;
  EXPECT_FALSE(executor);
  int calls = 0;
  copy.execute([&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(net_::any_io_executor(copy.base_type::require(execution::blocking.never)),
            net_::require(copy, execution::blocking.never));
}

TEST(AnyCompletionExecutor, TakesWhatIoObjectsTakeAndMore) {
  context here;
  const net_::any_io_executor io_executor = executor_of_context{&here};
  net_::any_completion_executor executor = io_executor;
  EXPECT_EQ(executor.target<executor_of_context>()->where, &here);
  EXPECT_EQ(executor, net_::any_completion_executor(executor_of_context{&here}));
  executor = plain();
  EXPECT_NE(executor.target<plain>(), nullptr);
  const net_::any_completion_executor tracked =
      net_::prefer(executor, execution::outstanding_work.tracked);
  EXPECT_EQ(tracked, executor);
  EXPECT_EQ(net_::any_completion_executor(std::nothrow, io_executor),
            net_::any_completion_executor(io_executor));
  executor = nullptr;
  EXPECT_TRUE(executor == nullptr);
  EXPECT_TRUE(net_::any_completion_executor(net_::any_io_executor()) == nullptr);
}

}  // namespace
