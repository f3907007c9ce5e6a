// SPDX-License-Identifier: BSL-1.0
//
// The run loop of io_context: what run() and poll() return, when they return, and in which order
// handlers run.
#include <gtest/gtest.h>

#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

TEST(IoContext, RunWithoutWorkReturnsZeroAndStops) {
  asio::io_context context;
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, PollWithoutWorkStops) {
  asio::io_context context;
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunOneAndPollOneWithoutWorkStop) {
  asio::io_context first;
  EXPECT_EQ(first.run_one(), 0u);
  EXPECT_TRUE(first.stopped());
  asio::io_context second;
  EXPECT_EQ(second.poll_one(), 0u);
  EXPECT_TRUE(second.stopped());
}

TEST(IoContext, RunForWithoutWorkStops) {
  asio::io_context context;
  EXPECT_EQ(context.run_for(std::chrono::hours(1)), 0u);
  EXPECT_TRUE(context.stopped());
  context.restart();
  EXPECT_EQ(context.run_one_for(std::chrono::hours(1)), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunReturnsHowManyHandlersItRan) {
  asio::io_context context;
  for (int i = 0; i != 3; ++i) asio::post(context, [] {});
  asio::post(context, [&] { asio::post(context, [] {}); });
  EXPECT_EQ(context.run(), 5u);
}

TEST(IoContext, AHandlerRunByDispatchIsNotCounted) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [&] { asio::dispatch(context, [&] { ++ran; }); });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST(IoContext, StoppedAfterWorkHasEnded) {
  asio::io_context context;
  asio::post(context, [] {});
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, NothingRunsAfterTheEndUntilRestart) {
  asio::io_context context;
  context.run();
  int ran = 0;
  asio::post(context, [&] { ++ran; });
  EXPECT_EQ(context.run(), 0u);
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_EQ(context.run_one(), 0u);
  EXPECT_EQ(context.poll_one(), 0u);
  EXPECT_EQ(context.run_for(std::chrono::hours(1)), 0u);
  EXPECT_EQ(ran, 0);
  context.restart();
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST(IoContext, StopKeepsWhatIsQueued) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [&] { context.stop(); });
  asio::post(context, [&] { ++ran; });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(ran, 0);
  context.restart();
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 1);
}

TEST(IoContext, StopBeforeRunPreventsIt) {
  asio::io_context context;
  asio::post(context, [] {});
  context.stop();
  EXPECT_EQ(context.run(), 0u);
}

TEST(IoContext, RunOneRunsOneAtATime) {
  asio::io_context context;
  std::vector<int> order;
  for (int i = 0; i != 3; ++i) asio::post(context, [&order, i] { order.push_back(i); });
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_EQ(order, (std::vector<int>{0}));
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.poll_one(), 1u);
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

// The last handler's end is the end of the work, whoever ran it.
TEST(IoContext, RunOneStopsWithTheLastHandler) {
  asio::io_context context;
  asio::post(context, [] {});
  EXPECT_EQ(context.run_one(), 1u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, PollRunsWhatItsHandlersPost) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [&] {
    ++ran;
    asio::post(context, [&] {
      ++ran;
      asio::post(context, [&] { ++ran; });
    });
  });
  EXPECT_EQ(context.poll(), 3u);
  EXPECT_EQ(ran, 3);
}

TEST(IoContext, HandlersRunInTheOrderOfPosting) {
  asio::io_context context;
  std::vector<int> order;
  for (int i = 0; i != 100; ++i) {
    asio::post(context, [&order, i] { order.push_back(i); });
  }
  context.run();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i != 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(IoContext, WhatAHandlerPostsRunsAfterWhatWasQueued) {
  asio::io_context context;
  std::vector<int> order;
  asio::post(context, [&] {
    order.push_back(0);
    asio::post(context, [&] { order.push_back(2); });
    asio::defer(context, [&] { order.push_back(3); });
  });
  asio::post(context, [&] { order.push_back(1); });
  context.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(IoContext, PollInsideAHandlerRunsTheOthers) {
  asio::io_context context;
  std::vector<int> order;
  std::size_t nested = 0;
  asio::post(context, [&] {
    order.push_back(0);
    nested = context.poll();
    order.push_back(3);
  });
  asio::post(context, [&] { order.push_back(1); });
  asio::post(context, [&] { order.push_back(2); });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(nested, 2u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(IoContext, RunOneInsideAHandlerRunsOne) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [&] { EXPECT_EQ(context.run_one(), 1u); });
  asio::post(context, [&] { ++ran; });
  asio::post(context, [&] { ++ran; });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(ran, 2);
}

TEST(IoContext, AnExceptionLeavesRunAndNeedsNoRestart) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [] { throw std::runtime_error("first"); });
  asio::post(context, [&] { ++ran; });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, AHandlerThatThrowsIsWorkNoMore) {
  asio::io_context context;
  asio::post(context, [] { throw 5; });
  EXPECT_THROW(context.run(), int);
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(context.run(), 0u);
}

TEST(IoContext, AnExceptionLeavesPoll) {
  asio::io_context context;
  asio::post(context, [] { throw 5; });
  EXPECT_THROW(context.poll(), int);
  asio::post(context, [] { throw 'c'; });
  context.restart();
  EXPECT_THROW(context.run_one(), char);
}

TEST(IoContext, AWorkGuardKeepsItFromStopping) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  EXPECT_TRUE(guard.owns_work());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run_for(std::chrono::milliseconds(1)), 0u);
  EXPECT_FALSE(context.stopped());
  guard.reset();
  EXPECT_FALSE(guard.owns_work());
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, AGuardThatIsResetEndsRunOfAnotherThread) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  std::thread worker([&] { context.run(); });
  guard.reset();
  worker.join();
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, AGuardCanBeMoved) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  {
    auto other = std::move(guard);
    EXPECT_FALSE(guard.owns_work());
    EXPECT_TRUE(other.owns_work());
    context.poll();
    EXPECT_FALSE(context.stopped());
  }
  context.poll();
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, StopEndsRunOfAnotherThread) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  std::thread worker([&] { EXPECT_EQ(context.run(), 0u); });
  context.stop();
  worker.join();
  EXPECT_TRUE(context.stopped());
}

TEST(IoContext, RunUntilReturnsWithoutStopping) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  asio::post(context, [] {});
  EXPECT_EQ(context.run_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(2)), 1u);
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run_until(std::chrono::system_clock::now() + std::chrono::milliseconds(2)), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(IoContext, ItsEndDestroysHandlersAndCallsNone) {
  auto token = std::make_shared<int>(0);
  int ran = 0;
  {
    asio::io_context context;
    asio::post(context, [token, &ran] { ++ran; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(ran, 0);
}

struct posts_when_destroyed {
  asio::io_context* context = nullptr;
  std::shared_ptr<int> token;

  posts_when_destroyed(asio::io_context* context, std::shared_ptr<int> token)
      : context(context), token(std::move(token)) {}
  posts_when_destroyed(posts_when_destroyed&& other) noexcept
      : context(std::exchange(other.context, nullptr)), token(std::move(other.token)) {}
  ~posts_when_destroyed() {
    if (context) {
      asio::post(*context, [token = token] {});
    }
  }
  void operator()() {}
};

TEST(IoContext, AHandlerThatIsDestroyedMayPost) {
  auto token = std::make_shared<int>(0);
  {
    asio::io_context context;
    asio::post(context, posts_when_destroyed(&context, token));
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(IoContext, AHandlerIsDestroyedBeforeRunReturns) {
  asio::io_context context;
  auto token = std::make_shared<int>(0);
  asio::post(context, [token] {});
  context.run_one();
  EXPECT_EQ(token.use_count(), 1);
}

TEST(IoContext, RunningInThisThreadIsSoInsideRunOnly) {
  asio::io_context context;
  asio::io_context other;
  EXPECT_FALSE(context.get_executor().running_in_this_thread());
  asio::post(context, [&] {
    EXPECT_TRUE(context.get_executor().running_in_this_thread());
    EXPECT_FALSE(other.get_executor().running_in_this_thread());
  });
  context.run();
  EXPECT_FALSE(context.get_executor().running_in_this_thread());
}

TEST(IoContext, ExecutorsOfOneContextAreEqual) {
  asio::io_context context;
  asio::io_context other;
  EXPECT_TRUE(context.get_executor() == context.get_executor());
  EXPECT_FALSE(context.get_executor() != context.get_executor());
  EXPECT_TRUE(context.get_executor() != other.get_executor());
  EXPECT_EQ(&context.get_executor().context(), &context);
}

TEST(IoContext, AllThreadsInRunShareTheHandlers) {
  asio::io_context context;
  std::atomic<int> ran{0};
  for (int i = 0; i != 1000; ++i) {
    asio::post(context, [&] { ran.fetch_add(1); });
  }
  std::atomic<std::size_t> counted{0};
  std::thread first([&] { counted += context.run(); });
  std::thread second([&] { counted += context.run(); });
  first.join();
  second.join();
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(counted, 1000u);
}

}  // namespace
