// SPDX-License-Identifier: BSL-1.0
//
// Executors and contexts: inline ones, those for completion only, configuration, exceptions of what runs
// inline, allocators.
#include <gtest/gtest.h>

#include <asio/any_completion_executor.hpp>
#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/config.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/bad_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/inline_exception_handling.hpp>
#include <asio/inline_executor.hpp>
#include <asio/inline_or_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/multiple_exceptions.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "testing/support/counting_allocator.h"

namespace {

namespace execution = asio::execution;

TEST(InlineExecutor, RunsAtOnceAndIsWhatHandlersHave) {
  int ran = 0;
  asio::inline_executor().execute([&] { ++ran; });
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(asio::inline_executor() == asio::inline_executor());
  EXPECT_TRUE((std::is_same_v<asio::associated_executor_t<void (*)()>, asio::inline_executor>));
  EXPECT_TRUE(asio::query(asio::inline_executor(), execution::blocking) ==
              execution::blocking.always);
  EXPECT_THROW(asio::inline_executor().execute([] { throw 1; }), int);
}

TEST(InlineOrExecutor, RunsAtOnceUnlessItMustNotBlock) {
  asio::io_context context;
  const auto executor = asio::inline_or(context.get_executor());
  int ran = 0;
  executor.execute([&] { ++ran; });
  EXPECT_EQ(ran, 1);
  asio::require(executor, execution::blocking.never).execute([&] { ++ran; });
  EXPECT_EQ(ran, 1);
  asio::post(executor, [&] { ++ran; });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(ran, 3);
}

struct plain_executor {
  template <typename F>
  void execute(F&& f) const {
    std::forward<F>(f)();
  }
  bool operator==(const plain_executor&) const noexcept { return true; }
};

TEST(AnyCompletionExecutor, TakesWhatHasNoContext) {
  asio::any_completion_executor any = plain_executor();
  int ran = 0;
  any.execute([&] { ++ran; });
  asio::dispatch(any, [&] { ++ran; });
  EXPECT_EQ(ran, 2);
  asio::io_context context;
  any = context.get_executor();
  EXPECT_TRUE(any == asio::any_completion_executor(context.get_executor()));
  const asio::any_io_executor io = context.get_executor();
  any = io;
  EXPECT_TRUE(any);
  const asio::any_completion_executor quiet(std::nothrow, plain_executor());
  EXPECT_TRUE(quiet);
  EXPECT_FALSE((std::is_convertible_v<plain_executor, asio::any_io_executor>));
}

TEST(AnyExecutor, KnowsWhetherItIsOfAType) {
  asio::io_context context;
  const asio::any_io_executor any = context.get_executor();
  EXPECT_NE(any.target<asio::io_context::executor_type>(), nullptr);
  EXPECT_EQ(any.target<asio::thread_pool::executor_type>(), nullptr);
  EXPECT_NE(any.target<void>(), nullptr);
  EXPECT_EQ(asio::any_io_executor().target<void>(), nullptr);
  EXPECT_THROW((void)asio::query(asio::any_io_executor(), execution::context),
               execution::bad_executor);
}

// --- Exceptions of what runs inline ---------------------------------------------------------------

TEST(InlineExceptions, OfExecuteLeaveRunAfterTheOuterHandler) {
  asio::io_context context;
  const auto executor = context.get_executor();
  EXPECT_TRUE(asio::query(executor, execution::inline_exception_handling) ==
              execution::inline_exception_handling.capture);
  std::string seen;
  asio::post(context, [&] {
    executor.execute([&] {
      seen += "1";
      throw 1;
    });
    seen += "2";
  });
  EXPECT_THROW(context.run(), int);
  EXPECT_EQ(seen, "12");
}

TEST(InlineExceptions, TwoBecomeOne) {
  asio::io_context context;
  const auto executor = context.get_executor();
  asio::post(context, [&] {
    executor.execute([] { throw std::runtime_error("first"); });
    executor.execute([] { throw std::runtime_error("second"); });
  });
  try {
    context.run();
    FAIL();
  } catch (const asio::multiple_exceptions& many) {
    try {
      std::rethrow_exception(many.first_exception());
    } catch (const std::runtime_error& first) {
      EXPECT_STREQ(first.what(), "first");
    }
  }
}

TEST(InlineExceptions, OfAStrandAreHandledAsItsExecutorDoes) {
  asio::io_context context;
  const auto only = asio::make_strand(context);
  asio::post(only, [&] { EXPECT_THROW(only.execute([] { throw 1; }), int); });
  context.run();
}

// --- Configuration --------------------------------------------------------------------------------

TEST(Config, IsReadFromText) {
  asio::io_context context(
      asio::config_from_string("scheduler.concurrency_hint=1\n"
                               "# a comment\n"
                               "own.number = 42\n"
                               "own.flag=1\n"
                               "rubbish\n"));
  const asio::config config(context);
  EXPECT_EQ(config.get("scheduler", "concurrency_hint", 0), 1);
  EXPECT_EQ(config.get("own", "number", 0), 42);
  EXPECT_TRUE(config.get("own", "flag", false));
  EXPECT_EQ(config.get("own", "absent", 7), 7);
}

TEST(Config, OfAHintSaysWhatItMeans) {
  asio::io_context plain;
  EXPECT_EQ(asio::config(plain).get("scheduler", "concurrency_hint", 0), -1);
  asio::io_context three(3);
  EXPECT_EQ(asio::config(three).get("scheduler", "concurrency_hint", 0), 3);
  asio::io_context unsafe(ASIO_CONCURRENCY_HINT_UNSAFE);
  EXPECT_EQ(asio::config(unsafe).get("scheduler", "concurrency_hint", 0), 1);
  EXPECT_FALSE(asio::config(unsafe).get("scheduler", "locking", true));
  EXPECT_FALSE(asio::config(unsafe).get("reactor", "registration_locking", true));
  EXPECT_FALSE(asio::config(unsafe).get("reactor", "io_locking", true));
  asio::io_context unsafe_io(ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  EXPECT_TRUE(asio::config(unsafe_io).get("scheduler", "locking", true));
  EXPECT_FALSE(asio::config(unsafe_io).get("reactor", "io_locking", true));
}

// --- Memory of contexts ---------------------------------------------------------------------------

TEST(ContextMemory, IsOfTheAllocatorThatWasGiven) {
  nettest::allocation_counts counts;
  {
    asio::io_context context(std::allocator_arg, nettest::counting_allocator<char>(counts));
    asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
    timer.async_wait([](asio::error_code) {});
    context.run();
    EXPECT_GT(counts.made, 0);
    asio::thread_pool pool(std::allocator_arg, nettest::counting_allocator<char>(counts), 1);
    asio::post(pool, [] {});
    pool.join();
  }
  EXPECT_EQ(counts.live, 0);
}

}  // namespace
