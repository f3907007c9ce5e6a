// SPDX-License-Identifier: BSL-1.0
#include "net/execution/loop_executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/bind_executor.h"
#include "net/async/submit.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/erased_function.h"
#include "net/execution/executor.h"
#include "net/execution/inline_or_executor.h"
#include "net/execution/properties/properties.h"
#include "net/execution/strand.h"
#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/io_context_strand.h"
#include "net/multiple_exceptions.h"
#include "testing/support/counting_allocator.h"

namespace {

using nettest::allocation_counts;
using nettest::counting_allocator;

namespace execution = net::execution;
using executor_type = net::io_context::executor_type;

static_assert(execution::is_executor_v<executor_type>);
static_assert(std::is_trivially_copyable_v<executor_type>);
static_assert(sizeof(executor_type) == sizeof(void*));
static_assert(!net::can_require_v<executor_type, execution::blocking_t::always_t>);
static_assert(!net::can_query_v<executor_type, execution::occupancy_t>);
static_assert(execution::is_executor_v<net::strand<executor_type>>);
static_assert(execution::is_executor_v<net::inline_or_executor<executor_type>>);
static_assert(!execution::is_executor_v<net::io_context::strand>);

TEST(IoContextExecutor, AnswersForItsProperties) {
  net::io_context context;
  const auto executor = context.get_executor();
  EXPECT_EQ(&net::query(executor, execution::context), &context);
  EXPECT_TRUE(net::query(executor, execution::blocking) == execution::blocking.possibly);
  EXPECT_TRUE(net::query(executor, execution::relationship) == execution::relationship.fork);
  EXPECT_TRUE(net::query(executor, execution::mapping) == execution::mapping.thread);
  EXPECT_TRUE(net::query(executor, execution::outstanding_work) ==
              execution::outstanding_work.untracked);
  EXPECT_TRUE(net::query(executor, execution::inline_exception_handling) ==
              execution::inline_exception_handling.capture);
  const auto other =
      net::require(executor, execution::blocking.never, execution::relationship.continuation,
                   execution::outstanding_work.tracked);
  EXPECT_TRUE(net::query(other, execution::blocking) == execution::blocking.never);
  EXPECT_TRUE(net::query(other, execution::relationship) == execution::relationship.continuation);
  EXPECT_TRUE(net::query(other, execution::outstanding_work) ==
              execution::outstanding_work.tracked);
  const auto same = net::require(other, execution::blocking.possibly, execution::relationship.fork,
                                 execution::outstanding_work.untracked);
  EXPECT_TRUE(same == executor);
  EXPECT_FALSE(net::require(executor, execution::blocking.never) == executor);
}

TEST(IoContextExecutor, IsWorkWhileItIsTracked) {
  net::io_context context;
  {
    auto tracked = net::require(context.get_executor(), execution::outstanding_work.tracked);
    EXPECT_EQ(context.poll(), 0U);
    EXPECT_FALSE(context.stopped());
    auto copy = tracked;
    auto moved = std::move(tracked);
    copy = moved;
    moved = std::move(copy);
    EXPECT_EQ(context.poll(), 0U);
    EXPECT_FALSE(context.stopped());
    auto untracked = net::require(moved, execution::outstanding_work.untracked);
    EXPECT_TRUE(untracked == context.get_executor());
  }
  EXPECT_EQ(context.poll(), 0U);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContextExecutor, CallsInsideOfItsContextUnlessItMustNot) {
  net::io_context context;
  std::string order;
  context.get_executor().execute([&] {
    const auto executor = context.get_executor();
    net::require(executor, execution::blocking.never).execute([&] { order += 'c'; });
    executor.execute([&] { order += 'a'; });
    order += 'b';
  });
  EXPECT_EQ(order, "");
  EXPECT_EQ(context.run(), 2U);
  EXPECT_EQ(order, "abc");
}

TEST(IoContextExecutor, FreesTheMemoryBeforeItCalls) {
  allocation_counts counts;
  net::io_context context;
  const auto executor =
      net::require(context.get_executor(), execution::allocator(counting_allocator<void>(counts)));
  EXPECT_TRUE(net::query(executor, execution::allocator).counts == &counts);
  int alive_inside = -1;
  executor.execute([&] { alive_inside = counts.live; });
  EXPECT_EQ(counts.live, 1);
  EXPECT_EQ(context.run(), 1U);
  EXPECT_EQ(alive_inside, 0);
  EXPECT_EQ(counts.made, 1);
  // With the standard allocator again, nothing goes there.
  net::require(executor, execution::allocator).execute([] {});
  EXPECT_EQ(counts.made, 1);
}

// What a type erased executor does with one of a context and with its strand.
template <typename Executor>
void expect_to_take_over_an_operation(net::io_context& context, const Executor& executor) {
  using access = net::internal::operation_executor<Executor>;
  static_assert(access::is_supported);
  std::string order;
  const auto operation = [](auto function) -> net::internal::erased_operation& {
    return *net::internal::make_erased_operation(std::move(function), std::allocator<void>());
  };
  access::execute(executor, operation([&] {
                    order += "queued ";
                    access::execute(executor, operation([&] { order += "inside "; }));
                    access::execute(net::require(executor, execution::blocking.never),
                                    operation([&] { order += "later "; }));
                    order += "end ";
                  }));
  EXPECT_EQ(order, "");
  context.run();
  EXPECT_EQ(order, "queued inside end later ");
}

TEST(IoContextExecutor, TakesOverAnOperationThatItRuns) {
  net::io_context context;
  expect_to_take_over_an_operation(context, context.get_executor());
  static_assert(!net::internal::operation_executor<
                net::io_context::basic_executor_type<std::allocator<int>, 0>>::is_supported);
}

TEST(IoContextExecutor, TakesOverAnOperationThatItsStrandRuns) {
  net::io_context context;
  expect_to_take_over_an_operation(context, net::make_strand(context));
}

TEST(IoContextExecutor, DestroysAnErasedFunctionThatIsNeverRun) {
  const auto held = std::make_shared<int>();
  {
    net::io_context context;
    net::any_io_executor(context.get_executor()).execute([held] { FAIL(); });
    net::any_io_executor(net::make_strand(context)).execute([held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(IoContextExecutor, KeepsExceptionsOfErasedFunctionsToo) {
  net::io_context context;
  const net::any_io_executor executor(context.get_executor());
  int calls = 0;
  executor.execute([&] {
    executor.execute([] { throw std::string("inside"); });
    ++calls;
  });
  executor.execute([] { throw std::string("queued"); });
  EXPECT_THROW(context.run(), std::string);
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(context.run(), std::string);
}

TEST(IoContextExecutor, KeepsExceptionsForTheRunFunction) {
  net::io_context context;
  std::string order;
  net::post(context, [&] {
    context.get_executor().execute([] { throw 1; });
    order += 'a';
  });
  net::post(context, [&] { order += 'b'; });
  EXPECT_THROW(context.run(), int);
  EXPECT_EQ(order, "a");
  EXPECT_EQ(context.run(), 1U);
  EXPECT_EQ(order, "ab");
}

TEST(IoContextExecutor, ThrowsSeveralExceptionsAsOne) {
  net::io_context context;
  net::dispatch(context, [&] {
    for (int i = 0; i != 3; ++i) net::dispatch(context, [i] { throw i; });
  });
  try {
    context.run_one();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const net::multiple_exceptions& thrown) {
    try {
      std::rethrow_exception(thrown.first_exception());
    } catch (int first) {
      EXPECT_EQ(first, 0);
    }
  }
  EXPECT_EQ(context.poll(), 0U);
}

TEST(IoContextExecutor, KeepsExceptionsOfFibersToo) {
  net::io_context context;
  bool went_on = false;
  net::go(context, [&] {
    net::dispatch(context, [] { throw 1; });
    went_on = true;
    net::this_fiber::yield();
  });
  EXPECT_THROW(context.run(), int);
  EXPECT_TRUE(went_on);
  EXPECT_EQ(context.run(), 1U);
}

TEST(IoContextExecutor, ThrowsFromDispatchOfTheNetworkingTs) {
  net::io_context context;
  net::post(context, [&] {
    EXPECT_THROW(context.get_executor().dispatch([] { throw 1; }, std::allocator<void>()), int);
  });
  EXPECT_EQ(context.run(), 1U);
}

TEST(IoContext, RunsInNestedCallsWhatOuterHandlersPosted) {
  net::io_context context;
  std::string order;
  net::post(context, [&] {
    net::post(context, [&] { order += 'a'; });
    net::post(context, [&] { order += 'b'; });
    EXPECT_EQ(context.poll_one(), 1U);
    order += '-';
    EXPECT_EQ(context.poll(), 1U);
  });
  EXPECT_EQ(context.run(), 1U);
  EXPECT_EQ(order, "a-b");
}

TEST(IoContext, StopsAPollThatFindsNoWork) {
  net::io_context context;
  EXPECT_EQ(context.poll(), 0U);
  EXPECT_TRUE(context.stopped());
  net::post(context, [] {});
  EXPECT_EQ(context.run(), 0U);
  context.restart();
  EXPECT_EQ(context.run(), 1U);
  EXPECT_TRUE(context.stopped());
}

// An executor with execute() alone.
struct modern {
  net::io_context::executor_type inner;
  auto require(execution::outstanding_work_t::tracked_t property) const {
    return net::require(inner, property);
  }
  template <typename Function>
  void execute(Function function) const {
    inner.execute(std::move(function));
  }
  bool operator==(const modern&) const noexcept = default;
};

TEST(WorkGuard, TracksExecutorsOfBothModels) {
  net::io_context context;
  const auto check = [&](auto guard) {
    EXPECT_TRUE(guard.owns_work());
    auto copy = guard;
    auto moved = std::move(guard);
    EXPECT_FALSE(guard.owns_work());
    moved.reset();
    context.restart();
    EXPECT_EQ(context.poll(), 0U);
    EXPECT_FALSE(context.stopped());
    copy.reset();
    EXPECT_FALSE(copy.owns_work());
    EXPECT_EQ(context.poll(), 0U);
    EXPECT_TRUE(context.stopped());
  };
  check(net::make_work_guard(context));
  check(net::make_work_guard(context.get_executor()));
  check(net::make_work_guard(net::io_context::strand(context)));
  check(net::make_work_guard(net::bind_executor(context, [] {})));
  check(net::make_work_guard([] {}, context));
  check(net::make_work_guard([] {}, net::make_strand(context)));
  check(net::make_work_guard(modern{context.get_executor()}));
}

TEST(Submit, DeliversWhatAFunctionReturns) {
  net::io_context first;
  net::io_context second;
  std::string order;
  struct once {
    std::string* order;
    std::unique_ptr<int> operator()() && {
      *order += 'f';
      return std::make_unique<int>(7);
    }
  };
  net::post(once{&order}, first, net::bind_executor(second, [&](std::unique_ptr<int> result) {
              order += std::to_string(*result);
            }));
  net::defer([&] { order += 'v'; }, first.get_executor(), [&] { order += 'h'; });
  EXPECT_EQ(first.poll(), 2U);
  EXPECT_EQ(order, "fvh");
  EXPECT_EQ(second.run(), 1U);
  EXPECT_EQ(order, "fvh7");
  net::dispatch([] { return 1; }, net::inline_or(first),
                [&](int one) { order += char('0' + one); });
  EXPECT_EQ(order, "fvh71");
}

TEST(Submit, DefersByDefault) {
  net::io_context context;
  int calls = 0;
  net::post(context)([&] { ++calls; });
  net::post([] { return 2; }, context.get_executor())([&](int more) { calls += more; });
  net::dispatch()(net::bind_executor(context, [&] { calls += 10; }));
  EXPECT_EQ(context.run(), 3U);
  EXPECT_EQ(calls, 13);
}

TEST(Submit, KeepsTheHandlersContextBusy) {
  net::io_context first;
  net::io_context second;
  net::post(first, net::bind_executor(second, [] {}));
  EXPECT_EQ(second.poll(), 0U);
  EXPECT_FALSE(second.stopped());
  EXPECT_EQ(first.run(), 1U);
  EXPECT_EQ(second.run(), 1U);
  net::post(net::bind_executor(second, [] {}));
  second.restart();
  EXPECT_EQ(second.run(), 1U);
  bool called = false;
  net::dispatch([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(InlineOr, CallsAtOnceAndLeavesTheRestToTheOther) {
  net::io_context context;
  const auto executor = net::inline_or(context);
  int calls = 0;
  executor.execute([&] { ++calls; });
  net::require(executor, execution::blocking.possibly).execute([&] { ++calls; });
  EXPECT_EQ(calls, 2);
  net::require(executor, execution::blocking.never, execution::outstanding_work.tracked)
      .execute([&] { ++calls; });
  net::post(executor, [&] { ++calls; });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(context.run(), 2U);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(&net::query(executor, execution::context), &context);
  EXPECT_TRUE(net::query(executor, execution::blocking) == execution::blocking.always);
  EXPECT_THROW(executor.execute([] { throw 1; }), int);
}

TEST(IoContextStrand, IsAStrand) {
  net::io_context context;
  net::io_context::strand strand(context);
  std::string order;
  net::post(strand, [&] {
    EXPECT_TRUE(strand.running_in_this_thread());
    net::post(strand, [&] { order += 'b'; });
    net::dispatch(strand, [&] { order += 'a'; });
  });
  const auto wrapped = strand.wrap([&](int left, const std::string& right) {
    EXPECT_TRUE(strand.running_in_this_thread());
    order += std::to_string(left) + right;
  });
  wrapped(1, "x");
  EXPECT_EQ(order, "");
  context.run();
  EXPECT_EQ(order, "a1xb");
  EXPECT_TRUE(strand == net::io_context::strand(strand));
  EXPECT_FALSE(strand == net::io_context::strand(context));
}

}  // namespace
