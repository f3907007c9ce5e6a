// SPDX-License-Identifier: BSL-1.0
//
// Contexts with threads of their own: the pool and the system's.
#include <gtest/gtest.h>

#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/any_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/executor.hpp>
#include <asio/execution/mapping.hpp>
#include <asio/execution/occupancy.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution/relationship.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/packaged_task.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/static_thread_pool.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_context.hpp>
#include <asio/system_executor.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace execution = asio::execution;

template <typename Executor, typename F>
void run_on(const Executor& executor, F&& f) {
  execution::any_executor<>(executor).execute(std::forward<F>(f));
}

// --- The pool -------------------------------------------------------------------------------------

TEST(ThreadPool, JoinWaitsForWhatWasPosted) {
  asio::thread_pool pool(2);
  std::atomic<int> ran = 0;
  for (int i = 0; i != 20; ++i) asio::post(pool, [&] { ++ran; });
  asio::dispatch(pool, [&] { ++ran; });
  asio::defer(pool, [&] { ++ran; });
  pool.join();
  EXPECT_EQ(ran, 22);
  pool.join();  // a second time does no harm
}

TEST(ThreadPool, WaitIsJoin) {
  asio::thread_pool pool(1);
  bool ran = false;
  asio::post(pool, [&] { ran = true; });
  pool.wait();
  EXPECT_TRUE(ran);
}

TEST(ThreadPool, JoinWaitsForWork) {
  asio::thread_pool pool(1);
  auto guard = asio::make_work_guard(pool);
  std::atomic<bool> ran = false;
  std::thread other([&] {
    asio::post(pool, [&] { ran = true; });
    guard.reset();
  });
  pool.join();
  EXPECT_TRUE(ran);
  other.join();
}

TEST(ThreadPool, JoinWaitsForATimer) {
  asio::thread_pool pool(1);
  asio::steady_timer timer(pool, std::chrono::milliseconds(1));
  std::atomic<bool> ended = false;
  timer.async_wait([&](const asio::error_code& ec) { ended = !ec; });
  pool.join();
  EXPECT_TRUE(ended);
}

TEST(ThreadPool, StopLeavesWhatHasNotBegun) {
  const auto alive = std::make_shared<int>(1);
  bool ran = false;
  {
    asio::thread_pool pool(1);
    asio::post(pool, [&pool, &ran, alive] {
      asio::post(pool, [&ran, alive] { ran = true; });
      pool.stop();
    });
    pool.join();
    EXPECT_GT(alive.use_count(), 1) << "kept until the pool ends";
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(ThreadPool, ItsEndStopsIt) {
  bool ran = false;
  {
    asio::thread_pool pool(1);
    std::promise<void> started;
    std::promise<void> go;
    asio::post(pool, [&] {
      started.set_value();
      go.get_future().wait();
    });
    started.get_future().wait();
    pool.stop();
    asio::post(pool, [&] { ran = true; });
    go.set_value();
  }
  EXPECT_FALSE(ran);
}

TEST(ThreadPool, AttachedThreadsTakePart) {
  asio::thread_pool pool(0);
  std::thread::id where;
  asio::post(pool, [&] {
    where = std::this_thread::get_id();
    pool.stop();
  });
  pool.attach();
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(ThreadPool, DispatchIsInlineOnItsThreadsOnly) {
  asio::thread_pool pool(1);
  std::atomic<int> step = 0;
  asio::dispatch(pool, [&] {
    asio::dispatch(pool, [&] { step = 1; });
    EXPECT_EQ(step, 1);
    asio::post(pool, [&] { step = 2; });
    EXPECT_EQ(step, 1);
    asio::defer(pool, [&] { step = 3; });
    EXPECT_EQ(step, 1);
  });
  pool.join();
  EXPECT_EQ(step, 3) << "in the order of submission";
}

TEST(ThreadPool, ItsExecutorSaysWhatItDoes) {
  asio::thread_pool pool(3);
  const auto executor = pool.get_executor();
  EXPECT_TRUE(executor == pool.executor());
  EXPECT_EQ(&asio::query(executor, execution::context), &pool);
  EXPECT_TRUE(asio::query(executor, execution::blocking) == execution::blocking.possibly);
  EXPECT_TRUE(asio::query(executor, execution::relationship) == execution::relationship.fork);
  EXPECT_TRUE(asio::query(executor, execution::outstanding_work) ==
              execution::outstanding_work.untracked);
  EXPECT_TRUE(asio::query(executor, execution::mapping) == execution::mapping.thread);
  EXPECT_EQ(asio::query(executor, execution::occupancy), 3u);
  EXPECT_TRUE(
      (asio::can_require_v<asio::thread_pool::executor_type, execution::blocking_t::always_t>));
  const auto never = asio::require(executor, execution::blocking.never);
  EXPECT_TRUE(asio::query(never, execution::blocking) == execution::blocking.never);
}

TEST(ThreadPool, BlockingAlwaysReturnsWhenItHasRun) {
  asio::thread_pool pool(1);
  bool ran = false;
  run_on(asio::require(pool.get_executor(), execution::blocking.always), [&] { ran = true; });
  EXPECT_TRUE(ran);
  pool.join();
}

TEST(ThreadPool, TrackedExecutorsAreWork) {
  asio::thread_pool pool(1);
  auto tracked = asio::require(pool.get_executor(), execution::outstanding_work.tracked);
  auto copy = tracked;
  std::atomic<int> ran = 0;
  std::thread other([&ran, one = std::move(tracked), two = std::move(copy)]() mutable {
    { const auto gone = std::move(one); }
    run_on(two, [&ran] { ++ran; });
    run_on(asio::require(std::move(two), execution::blocking.never), [&ran] { ++ran; });
  });
  pool.join();
  EXPECT_EQ(ran, 2);
  other.join();
}

TEST(ThreadPool, RunningInThisThreadIsSoOnItsThreads) {
  asio::thread_pool pool(1);
  const auto executor = pool.get_executor();
  bool inside = false;
  asio::post(pool, [&] { inside = executor.running_in_this_thread(); });
  pool.join();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(executor.running_in_this_thread());
}

TEST(ThreadPool, AnotherPoolsExecutorIsAnother) {
  asio::thread_pool one(1);
  asio::thread_pool two(1);
  EXPECT_TRUE(one.get_executor() == one.get_executor());
  EXPECT_TRUE(one.get_executor() != two.get_executor());
}

TEST(ThreadPool, FuturesCarryExceptionsOutOfIt) {
  asio::thread_pool pool(1);
  std::future<int> good = asio::post(pool, std::packaged_task<int()>([] { return 5; }));
  std::future<void> bad = asio::post(pool, std::packaged_task<void()>([] { throw 7; }));
  EXPECT_EQ(good.get(), 5);
  EXPECT_THROW(bad.get(), int);
  pool.join();
}

TEST(StaticThreadPool, IsThePool) {
  EXPECT_TRUE((std::is_same_v<asio::static_thread_pool, asio::thread_pool>));
}

// --- The system's ---------------------------------------------------------------------------------

TEST(SystemExecutor, RunsInlineUnlessItMustNotBlock) {
  const asio::system_executor executor;
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id where;
  run_on(executor, [&] { where = std::this_thread::get_id(); });
  EXPECT_EQ(where, here);
  asio::dispatch(executor, [&] { where = {}; });
  EXPECT_EQ(where, std::thread::id());
  std::promise<std::thread::id> elsewhere;
  run_on(asio::require(executor, execution::blocking.never),
         [&] { elsewhere.set_value(std::this_thread::get_id()); });
  EXPECT_NE(elsewhere.get_future().get(), here);
  std::promise<std::thread::id> posted;
  asio::post(executor, [&] { posted.set_value(std::this_thread::get_id()); });
  EXPECT_NE(posted.get_future().get(), here);
}

TEST(SystemExecutor, AreAllTheSame) {
  const asio::system_executor executor;
  EXPECT_TRUE(executor == asio::system_executor());
  EXPECT_FALSE(executor != asio::system_executor());
  EXPECT_TRUE(asio::query(executor, execution::blocking) == execution::blocking.possibly);
  EXPECT_TRUE(asio::query(executor, execution::mapping) == execution::mapping.thread);
  EXPECT_TRUE(
      (std::is_same_v<decltype(asio::query(executor, execution::context)), asio::system_context&>));
}

TEST(SystemContext, IsOneForTheProgram) {
  asio::system_context& context = asio::query(asio::system_executor(), execution::context);
  EXPECT_EQ(&context, &asio::query(context.get_executor(), execution::context));
  EXPECT_FALSE(context.stopped());
}

}  // namespace
