// SPDX-License-Identifier: BSL-1.0
//
// io_context::strand, and what is special about strands of other executors.
#include <gtest/gtest.h>

#include <asio/any_io_executor.hpp>
#include <asio/bind_executor.hpp>
#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/any_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/executor.hpp>
#include <asio/io_context.hpp>
#include <asio/io_context_strand.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

TEST(IoContextStrand, RunsInOrderAndInlineInsideOnly) {
  asio::io_context context;
  asio::io_context::strand only(context);
  std::vector<int> order;
  asio::post(only, [&] {
    EXPECT_TRUE(only.running_in_this_thread());
    asio::post(only, [&] { order.push_back(4); });
    asio::dispatch(only, [&] { order.push_back(1); });
    asio::defer(only, [&] { order.push_back(5); });
    order.push_back(2);
  });
  asio::post(only, [&] { order.push_back(3); });
  EXPECT_FALSE(only.running_in_this_thread());
  EXPECT_EQ(&only.context(), &context);
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST(IoContextStrand, IsAnExecutor) {
  asio::io_context context;
  asio::io_context::strand only(context);
  asio::io_context::strand other(context);
  EXPECT_TRUE(only == asio::io_context::strand(only));
  EXPECT_TRUE(only != other);
  bool inside = false;
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  timer.async_wait(asio::bind_executor(
      only, [&](const asio::error_code&) { inside = only.running_in_this_thread(); }));
  context.run();
  EXPECT_TRUE(inside);
}

TEST(IoContextStrand, WrapsFunctionsOfAnyArguments) {
  asio::io_context context;
  asio::io_context::strand only(context);
  int sum = 0;
  auto none = only.wrap([&] { sum += only.running_in_this_thread() ? 1 : 100; });
  auto two = only.wrap([&](int a, int b) { sum += a + b; });
  asio::post(context, none);
  asio::post(context, std::bind(two, 10, 20));
  EXPECT_EQ(sum, 0);
  context.run();
  EXPECT_EQ(sum, 31);
}

TEST(IoContextStrand, AnExceptionLeavesRunAndTheRestRunsLater) {
  asio::io_context context;
  asio::io_context::strand only(context);
  int ran = 0;
  asio::post(only, [&] { ++ran; });
  asio::post(only, [] { throw 1; });
  asio::post(only, [&] { ++ran; });
  EXPECT_THROW(context.run(), int);
  EXPECT_EQ(ran, 1);
  context.run();
  EXPECT_EQ(ran, 2);
}

TEST(IoContextStrand, WhatIsPostedOutlivesTheObject) {
  asio::io_context context;
  bool ran = false;
  {
    asio::io_context::strand only(context);
    asio::post(only, [&] { ran = true; });
  }
  context.run();
  EXPECT_TRUE(ran);
}

TEST(IoContextStrand, MoveOnlyHandlers) {
  asio::io_context context;
  asio::io_context::strand only(context);
  int got = 0;
  asio::post(only, [p = std::make_unique<int>(3), &got] { got += *p; });
  asio::dispatch(only, [p = std::make_unique<int>(4), &got] { got += *p; });
  context.run();
  EXPECT_EQ(got, 7);
}

// --- Strands of other executors -------------------------------------------------------------------

using context_strand = asio::strand<asio::io_context::executor_type>;

TEST(StrandOf, AnotherExecutorCanTakeItOver) {
  asio::io_context context;
  const context_strand only = asio::make_strand(context);
  const asio::strand<asio::any_io_executor> erased(only);
  asio::strand<asio::executor> old = asio::strand<asio::executor>(only);
  bool inside = false;
  asio::post(erased, [&] { inside = only.running_in_this_thread(); });
  context.run();
  EXPECT_TRUE(inside);
  asio::strand<asio::any_io_executor> other(asio::make_strand(context));
  other = only;
  EXPECT_TRUE(other == erased);
  EXPECT_TRUE(other.get_inner_executor() == asio::any_io_executor(context.get_executor()));
}

TEST(StrandOf, AnExecutorThatNeverBlocksNeverRunsInline) {
  asio::io_context context;
  const auto never = asio::require(context.get_executor(), asio::execution::blocking.never);
  const auto only = asio::make_strand(never);
  bool ran = false;
  asio::post(context, [&] {
    asio::execution::any_executor<>(only).execute([&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  context.run();
  EXPECT_TRUE(ran);
}

TEST(StrandOf, MovingTakesTheStrand) {
  asio::io_context context;
  context_strand only = asio::make_strand(context);
  const context_strand copy = only;
  const context_strand moved = std::move(only);
  EXPECT_TRUE(moved == copy);
}

TEST(StrandOf, APoolKeepsItsOrder) {
  asio::thread_pool pool(3);
  const auto only = asio::make_strand(pool);
  std::vector<int> order;
  for (int i = 0; i != 100; ++i) asio::post(only, [&order, i] { order.push_back(i); });
  pool.join();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i != 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(StrandOf, PropertiesAreThoseOfWhatIsInside) {
  asio::io_context context;
  const context_strand only = asio::make_strand(context);
  EXPECT_EQ(&asio::query(only, asio::execution::context), &context);
  EXPECT_TRUE(asio::query(only, asio::execution::blocking) == asio::execution::blocking.possibly);
  const auto never = asio::require(only, asio::execution::blocking.never);
  bool ran = false;
  asio::post(only, [&] {
    asio::execution::any_executor<>(never).execute([&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  context.run();
  EXPECT_TRUE(ran);
}

// What arrives while a strand has its turn waits for the next, so that others get theirs.
TEST(StrandOf, LetsOthersRunBetweenItsTurns) {
  asio::io_context context;
  const context_strand only = asio::make_strand(context);
  std::vector<int> order;
  asio::post(only, [&] {
    order.push_back(1);
    asio::post(only, [&] { order.push_back(4); });
  });
  asio::post(only, [&] { order.push_back(3); });
  asio::post(context, [&] { order.push_back(2); });
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(StrandOf, ItsTurnIsOneHandlerOfTheContext) {
  asio::io_context context;
  const context_strand only = asio::make_strand(context);
  int ran = 0;
  for (int i = 0; i != 3; ++i) asio::post(only, [&] { ++ran; });
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(ran, 1) << "the others came when it had been asked for";
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 3);
}

}  // namespace
