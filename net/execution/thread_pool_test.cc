// SPDX-License-Identifier: BSL-1.0
#include "net/execution/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/loop_host.h"
#include "net/execution/properties/properties.h"
#include "net/execution/static_thread_pool.h"
#include "net/execution/strand.h"
#include "net/execution/system_context.h"
#include "net/execution/system_executor.h"
#include "net/fiber/fiber.h"
#include "net/timer/sleep.h"

namespace {

namespace execution = net::execution;

TEST(ThreadPool, FinishesItsWorkInJoin) {
  std::atomic<int> calls{0};
  net::static_thread_pool pool(3);
  for (int i = 0; i != 1000; ++i) {
    net::post(pool, [&] {
      net::post(pool, [&] { ++calls; });
      ++calls;
    });
  }
  pool.join();
  pool.wait();
  EXPECT_EQ(calls, 2000);
}

TEST(ThreadPool, LeavesUndoneWhatItIsStoppedBefore) {
  auto undone = std::make_shared<int>(0);
  {
    net::thread_pool pool(1);
    std::promise<void> is_stopped;
    net::post(pool, [&] { is_stopped.get_future().wait(); });
    net::post(pool, [undone] { ++*undone; });
    pool.stop();
    is_stopped.set_value();
    pool.join();
    EXPECT_EQ(undone.use_count(), 2);
  }
  EXPECT_EQ(undone.use_count(), 1);
  EXPECT_EQ(*undone, 0);
}

TEST(ThreadPool, TakesThreadsThatAttach) {
  net::thread_pool pool(0);
  std::thread::id ran_on;
  net::post(pool, [&] { ran_on = std::this_thread::get_id(); });
  std::thread other([&] { pool.attach(); });
  const auto id = other.get_id();
  while (pool.thread_count() == 0) std::this_thread::yield();
  pool.join();
  other.join();
  EXPECT_EQ(ran_on, id);
}

TEST(ThreadPool, WaitsForWhatIsToBlockAlways) {
  net::thread_pool pool(2);
  const auto executor = net::require(pool.executor(), execution::blocking.always);
  EXPECT_TRUE(net::query(executor, execution::blocking) == execution::blocking.always);
  std::thread::id ran_on;
  executor.execute([&] { ran_on = std::this_thread::get_id(); });
  EXPECT_NE(ran_on, std::thread::id());
  EXPECT_NE(ran_on, std::this_thread::get_id());
  // In one of its threads there is nobody to wait for.
  executor.execute([&] { executor.execute([&] { ran_on = {}; }); });
  EXPECT_EQ(ran_on, std::thread::id());
}

TEST(ThreadPool, AnswersForItsProperties) {
  net::thread_pool pool(2);
  const auto executor = pool.get_executor();
  EXPECT_EQ(&net::query(executor, execution::context), &pool);
  EXPECT_EQ(net::query(executor, execution::occupancy), 2U);
  EXPECT_TRUE(net::query(executor, execution::inline_exception_handling) ==
              execution::inline_exception_handling.terminate);
  EXPECT_TRUE(net::query(executor, execution::blocking) == execution::blocking.possibly);
}

TEST(ThreadPool, IsConfiguredAsItIsMade) {
  net::thread_pool one(1);
  EXPECT_EQ(net::config(one).get("scheduler", "concurrency_hint", 7), 1);
  net::thread_pool two(2, net::config_from_string("a.b=5"));
  EXPECT_EQ(net::config(two).get("a", "b", 7), 5);
  net::thread_pool three(std::allocator_arg, std::allocator<int>(), 2);
  EXPECT_EQ(net::config(three).get("scheduler", "concurrency_hint", 7), 0);
  net::thread_pool four(std::allocator_arg, std::allocator<int>());
  EXPECT_GT(four.thread_count(), 0U);
  EXPECT_THROW(net::thread_pool(std::size_t(1) << 40), std::out_of_range);
}

TEST(ThreadPool, RunsStrandsOneFunctionAtATime) {
  net::thread_pool pool(4);
  auto strand = net::make_strand(pool);
  std::atomic<int> inside{0};
  int calls = 0;  // no atomic: that is what the strand is for
  for (int i = 0; i != 2000; ++i) {
    net::post(strand, [&] {
      EXPECT_EQ(inside.fetch_add(1), 0);
      ++calls;
      inside.fetch_sub(1);
    });
  }
  pool.join();
  EXPECT_EQ(calls, 2000);
}

// Its loop gets a reactor when the first fiber sleeps.
TEST(ThreadPool, RunsFibersThatWaitForTime) {
  net::thread_pool pool(2);
  std::atomic<int> done{0};
  for (int i = 0; i != 20; ++i) {
    net::go(pool, [&done] {
      net::this_fiber::sleep_for(std::chrono::milliseconds(1));
      ++done;
    });
  }
  pool.join();
  EXPECT_EQ(done, 20);
}

TEST(ThreadPool, UnwindsFibersThatStillWait) {
  auto held = std::make_shared<int>(0);
  {
    net::thread_pool pool(1);
    std::promise<void> is_there;
    net::go(pool, [&is_there, held] {
      is_there.set_value();
      net::this_fiber::sleep_for(std::chrono::hours(1));
    });
    is_there.get_future().wait();
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadPoolDeathTest, EndsTheProgramWhenAFunctionThrows) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        net::thread_pool pool(1);
        net::post(pool, [] { throw 1; });
        pool.join();
      },
      "");
}

TEST(SystemExecutor, CallsAtOnceUnlessItMustNot) {
  const net::system_executor executor;
  std::thread::id ran_on;
  executor.execute([&] { ran_on = std::this_thread::get_id(); });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  std::promise<std::thread::id> elsewhere;
  net::require(executor, execution::blocking.never).execute([&] {
    elsewhere.set_value(std::this_thread::get_id());
  });
  EXPECT_NE(elsewhere.get_future().get(), std::this_thread::get_id());
  std::promise<void> posted;
  net::post(net::query(executor, execution::context), [&] { posted.set_value(); });
  posted.get_future().wait();
  EXPECT_FALSE(executor.context().stopped());
  EXPECT_GT(net::query(executor, execution::occupancy), 0U);
  EXPECT_TRUE(executor == executor.context().get_executor());
}

// Whoever needs a loop finds one on any context.
TEST(LoopHost, GivesALoopToAContextThatHasNone) {
  auto undone = std::make_shared<int>(0);
  {
    net::execution_context context;
    net::internal::loop_host& host = net::internal::loop_host::of(context);
    EXPECT_EQ(&net::internal::loop_host::of(context), &host);
    EXPECT_EQ(&host.loop().context(), &context);
    std::promise<std::thread::id> ran_on;
    host.loop().post_new(net::internal::make_function_operation(
        [&] { ran_on.set_value(std::this_thread::get_id()); }, std::allocator<void>()));
    EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
    context.notify_fork(net::execution_context::fork_prepare);
    host.loop().post_new(
        net::internal::make_function_operation([undone] { ++*undone; }, std::allocator<void>()));
    EXPECT_EQ(*undone, 0);
  }
  EXPECT_EQ(undone.use_count(), 1);
}

TEST(LoopHost, OpensAReactorUnderAPoolThatWaits) {
  net::thread_pool pool(2);
  net::internal::loop_host& host = net::internal::loop_host::of(pool);
  EXPECT_EQ(&host.loop(), &pool.loop());
  (void)host.open_reactor();
  std::promise<void> done;
  net::post(pool, [&] { done.set_value(); });
  done.get_future().wait();
}

}  // namespace
