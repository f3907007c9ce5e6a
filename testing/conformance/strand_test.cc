// SPDX-License-Identifier: BSL-1.0
//
// Strands: order, exclusion, what runs inline, and exceptions.
#include <gtest/gtest.h>

#include <asio/bind_executor.hpp>
#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using strand = asio::strand<asio::io_context::executor_type>;

TEST(Strand, HandlersRunInTheOrderOfPosting) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  std::vector<int> order;
  for (int i = 0; i != 50; ++i) asio::post(only, [&order, i] { order.push_back(i); });
  context.run();
  ASSERT_EQ(order.size(), 50u);
  for (int i = 0; i != 50; ++i) EXPECT_EQ(order[i], i);
}

TEST(Strand, DispatchRunsInlineInsideTheStrandOnly) {
  asio::io_context context;
  strand one = asio::make_strand(context);
  std::vector<int> order;
  asio::post(one, [&] {
    asio::dispatch(one, [&] { order.push_back(0); });
    order.push_back(1);
    asio::post(one, [&] { order.push_back(3); });
    order.push_back(2);
  });
  context.run();
  ASSERT_EQ(order.size(), 4u);
  EXPECT_EQ(order[0], 0);
  EXPECT_EQ(order[1], 1);
  EXPECT_EQ(order[2], 2);
  EXPECT_EQ(order[3], 3);
}

TEST(Strand, DispatchOutsideRunIsAPost) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  bool ran = false;
  asio::dispatch(only, [&] { ran = true; });
  EXPECT_FALSE(ran);
  context.run();
  EXPECT_TRUE(ran);
}

TEST(Strand, PostAndDeferNeverRunInline) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  int ran = 0;
  asio::post(only, [&] {
    asio::post(only, [&] { ++ran; });
    asio::defer(only, [&] { ++ran; });
    EXPECT_EQ(ran, 0);
  });
  context.run();
  EXPECT_EQ(ran, 2);
}

TEST(Strand, RunningInThisThreadIsSoInsideOnly) {
  asio::io_context context;
  strand one = asio::make_strand(context);
  strand other = asio::make_strand(context);
  EXPECT_FALSE(one.running_in_this_thread());
  asio::post(one, [&] {
    EXPECT_TRUE(one.running_in_this_thread());
    EXPECT_FALSE(other.running_in_this_thread());
  });
  asio::post(context, [&] { EXPECT_FALSE(one.running_in_this_thread()); });
  context.run();
}

TEST(Strand, TwoHandlersNeverRunAtTheSameTime) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  int inside = 0;  // neither is atomic: the strand is what keeps them
  int ran = 0;
  for (int i = 0; i != 2000; ++i) {
    asio::post(context, [&] {
      asio::post(only, [&] {
        EXPECT_EQ(++inside, 1);
        ++ran;
        --inside;
      });
    });
  }
  std::thread first([&] { context.run(); });
  std::thread second([&] { context.run(); });
  first.join();
  second.join();
  EXPECT_EQ(ran, 2000);
}

TEST(Strand, AnExceptionLeavesRunAndTheRestRunsLater) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  int ran = 0;
  asio::post(only, [] { throw std::runtime_error("one"); });
  asio::post(only, [&] { ++ran; });
  asio::post(only, [] { throw std::runtime_error("two"); });
  asio::post(only, [&] { ++ran; });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(only.running_in_this_thread());
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(ran, 1);
  context.run();
  EXPECT_EQ(ran, 2);
}

TEST(Strand, WhatIsPostedOutlivesTheObject) {
  asio::io_context context;
  int ran = 0;
  {
    strand only = asio::make_strand(context);
    asio::post(only, [&] { ++ran; });
    asio::post(only, [&] { ++ran; });
  }
  context.run();
  EXPECT_EQ(ran, 2);
}

TEST(Strand, CopiesAreTheSameStrand) {
  asio::io_context context;
  strand one = asio::make_strand(context);
  strand same = one;
  strand other = asio::make_strand(context);
  EXPECT_TRUE(one == same);
  EXPECT_TRUE(one != other);
  bool inline_call = false;
  asio::post(one, [&] {
    asio::dispatch(same, [&] { inline_call = true; });
    EXPECT_TRUE(inline_call);
  });
  context.run();
}

TEST(Strand, ItsInnerExecutorIsTheContexts) {
  asio::io_context context;
  strand only(context.get_executor());
  EXPECT_TRUE(only.get_inner_executor() == context.get_executor());
}

TEST(Strand, HandlersOfOperationsRunInside) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  bool ran = false;
  timer.async_wait(asio::bind_executor(only, [&](const asio::error_code&) {
    EXPECT_TRUE(only.running_in_this_thread());
    ran = true;
  }));
  context.run();
  EXPECT_TRUE(ran);
}

TEST(Strand, ItsQueueIsDestroyedWithTheContext) {
  auto token = std::make_shared<int>(0);
  {
    asio::io_context context;
    strand only = asio::make_strand(context);
    asio::post(only, [token] {});
    asio::post(only, [token] {});
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Strand, MoveOnlyHandlers) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  int got = 0;
  asio::post(only, [value = std::make_unique<int>(1), &got] { got += *value; });
  asio::dispatch(only, [value = std::make_unique<int>(2), &got] { got += *value; });
  context.run();
  EXPECT_EQ(got, 3);
}

// Nobody is in the strand: the thread that dispatches inside run() may enter it.
TEST(Strand, DispatchIntoAFreeStrandInsideRunEntersIt) {
  asio::io_context context;
  strand only = asio::make_strand(context);
  bool ran = false;
  asio::post(context, [&] {
    asio::dispatch(only, [&] {
      EXPECT_TRUE(only.running_in_this_thread());
      ran = true;
    });
    EXPECT_TRUE(ran);
  });
  context.run();
}

}  // namespace
