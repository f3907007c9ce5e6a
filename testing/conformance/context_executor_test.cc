// SPDX-License-Identifier: BSL-1.0
//
// What io_context's executor can be asked for, hints, time limits of run functions, and executors of the
// Networking TS.
#include <gtest/gtest.h>

#include <asio/associated_executor.hpp>
#include <asio/bind_executor.hpp>
#include <asio/defer.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/allocator.hpp>
#include <asio/execution/any_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/mapping.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution/relationship.hpp>
#include <asio/executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/is_executor.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/strand.hpp>
#include <asio/system_executor.hpp>
#include <asio/uses_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace execution = asio::execution;

template <typename Executor, typename F>
void run_on(const Executor& executor, F&& f) {
  execution::any_executor<>(executor).execute(std::forward<F>(f));
}

// --- Properties -----------------------------------------------------------------------------------

TEST(ContextExecutor, SaysWhatItDoes) {
  asio::io_context context;
  const auto executor = context.get_executor();
  EXPECT_EQ(&asio::query(executor, execution::context), &context);
  EXPECT_TRUE(asio::query(executor, execution::blocking) == execution::blocking.possibly);
  EXPECT_TRUE(asio::query(executor, execution::relationship) == execution::relationship.fork);
  EXPECT_TRUE(asio::query(executor, execution::outstanding_work) ==
              execution::outstanding_work.untracked);
  EXPECT_TRUE(asio::query(executor, execution::mapping) == execution::mapping.thread);
  EXPECT_FALSE(
      (asio::can_require_v<asio::io_context::executor_type, execution::blocking_t::always_t>));
}

TEST(ContextExecutor, IsWhatWasRequired) {
  asio::io_context context;
  const auto executor = context.get_executor();
  const auto changed =
      asio::require(executor, execution::blocking.never, execution::relationship.continuation,
                    execution::outstanding_work.tracked);
  EXPECT_TRUE(asio::query(changed, execution::blocking) == execution::blocking.never);
  EXPECT_TRUE(asio::query(changed, execution::relationship) ==
              execution::relationship.continuation);
  EXPECT_TRUE(asio::query(changed, execution::outstanding_work) ==
              execution::outstanding_work.tracked);
  EXPECT_TRUE(asio::require(changed, execution::blocking.possibly, execution::relationship.fork,
                            execution::outstanding_work.untracked) == executor);
}

TEST(ContextExecutor, RunsInlineInsideRunUnlessItMustNot) {
  asio::io_context context;
  const auto executor = context.get_executor();
  std::vector<int> order;
  asio::post(context, [&] {
    run_on(executor, [&] { order.push_back(1); });
    run_on(asio::require(executor, execution::blocking.never), [&] { order.push_back(3); });
    order.push_back(2);
  });
  run_on(executor, [&] { order.push_back(4); });
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 4, 3}));
}

TEST(ContextExecutor, ThatTracksIsWorkWithEachCopy) {
  asio::io_context context;
  {
    auto tracked = asio::require(context.get_executor(), execution::outstanding_work.tracked);
    {
      const auto copy = tracked;
      const auto moved = std::move(tracked);
      EXPECT_EQ(context.poll(), 0u);
      EXPECT_FALSE(context.stopped());
    }
  }
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_TRUE(context.stopped());
}

template <typename T>
struct counting {
  using value_type = T;
  int* live;
  explicit counting(int* l) : live(l) {}
  template <typename U>
  counting(const counting<U>& other) : live(other.live) {}
  T* allocate(std::size_t n) {
    ++*live;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) {
    --*live;
    std::allocator<T>().deallocate(p, n);
  }
  template <typename U>
  bool operator==(const counting<U>& other) const {
    return live == other.live;
  }
};

TEST(ContextExecutor, AllocatesWithWhatWasRequired) {
  asio::io_context context;
  int live = 0;
  const auto executor = asio::require(context.get_executor(), execution::blocking.never,
                                      execution::allocator(counting<char>(&live)));
  run_on(executor, [&] { EXPECT_EQ(live, 0) << "free before it is called"; });
  EXPECT_EQ(live, 1);
  context.run();
  EXPECT_EQ(live, 0);
  EXPECT_EQ(asio::query(executor, execution::allocator).live, &live);
}

// --- Hints ----------------------------------------------------------------------------------------

class Hint : public testing::TestWithParam<int> {};

TEST_P(Hint, DoesNotChangeWhatRuns) {
  asio::io_context context(GetParam());
  std::vector<int> order;
  asio::post(context, [&] {
    asio::post(context, [&] { order.push_back(2); });
    asio::defer(context, [&] { order.push_back(3); });
    asio::dispatch(context, [&] { order.push_back(1); });
  });
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(context.stopped());
}

INSTANTIATE_TEST_SUITE_P(Of, Hint,
                         testing::Values(1, 2, 100, ASIO_CONCURRENCY_HINT_SAFE,
                                         ASIO_CONCURRENCY_HINT_UNSAFE_IO,
                                         ASIO_CONCURRENCY_HINT_UNSAFE));

// --- Limits in time -------------------------------------------------------------------------------

TEST(RunUntil, RunsWhatIsThereAlthoughItsTimeIsOver) {
  asio::io_context context;
  int ran = 0;
  for (int i = 0; i != 3; ++i) asio::post(context, [&] { ++ran; });
  EXPECT_EQ(context.run_one_for(1h), 1u);
  EXPECT_EQ(context.run_one_until(std::chrono::steady_clock::now() + 1h), 1u);
  EXPECT_EQ(context.run_until(std::chrono::system_clock::now() + 1h), 1u);
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(context.run_one_until(std::chrono::steady_clock::now() + 1h), 0u);
}

TEST(RunUntil, OfAStoppedOneReturnsAtOnce) {
  asio::io_context context;
  const auto guard = asio::make_work_guard(context);
  context.stop();
  EXPECT_EQ(context.run_for(1h), 0u);
  EXPECT_EQ(context.run_one_for(1h), 0u);
  context.restart();
  EXPECT_FALSE(context.stopped());
  EXPECT_EQ(context.run_for(0s), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(Exceptions, OfHandlersLeaveOneByOne) {
  asio::io_context context;
  int ran = 0;
  asio::post(context, [] { throw 1; });
  asio::post(context, [&] { ++ran; });
  asio::post(context, [] { throw 2l; });
  EXPECT_THROW(context.run(), int);
  EXPECT_FALSE(context.stopped());
  EXPECT_THROW(context.run(), long);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(Exceptions, OfANestedPollLeaveThat) {
  asio::io_context context;
  bool caught = false;
  asio::post(context, [&] {
    try {
      context.poll();
    } catch (int) {
      caught = true;
    }
  });
  asio::post(context, [] { throw 1; });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(caught);
}

// --- Executors of the Networking TS ---------------------------------------------------------------

TEST(WorkGuard, KnowsWhetherItOwns) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  EXPECT_TRUE(guard.owns_work());
  EXPECT_TRUE(guard.get_executor() == context.get_executor());
  asio::executor_work_guard<asio::io_context::executor_type> moved(std::move(guard));
  EXPECT_FALSE(guard.owns_work());
  EXPECT_TRUE(moved.owns_work());
  const auto copy = moved;
  moved.reset();
  EXPECT_FALSE(moved.owns_work());
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped()) << "the copy is work, too";
}

TEST(WorkGuard, OfAHandlerIsOfItsExecutor) {
  asio::io_context context;
  auto bound = asio::bind_executor(context.get_executor(), [] {});
  const auto guard = asio::make_work_guard(bound);
  EXPECT_TRUE(guard.get_executor() == context.get_executor());
  const auto second = asio::make_work_guard(5, context);
  EXPECT_TRUE(second.get_executor() == context.get_executor());
}

TEST(TsExecutor, MembersSubmit) {
  asio::io_context context;
  const auto executor = context.get_executor();
  const std::allocator<void> memory;
  std::vector<int> order;
  executor.on_work_started();
  executor.post([&] { order.push_back(1); }, memory);
  executor.defer([&] { order.push_back(2); }, memory);
  executor.dispatch(
      [&] {
        executor.dispatch([&] { order.push_back(3); }, memory);
        order.push_back(4);
      },
      memory);
  EXPECT_EQ(&executor.context(), &context);
  EXPECT_EQ(context.poll(), 3u);
  EXPECT_FALSE(context.stopped());
  executor.on_work_finished();
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(TsExecutor, ErasesAnother) {
  asio::io_context context;
  asio::executor none;
  EXPECT_FALSE(none);
  EXPECT_THROW(none.post([] {}, std::allocator<void>()), asio::bad_executor);
  asio::executor some = context.get_executor();
  EXPECT_TRUE(some);
  EXPECT_EQ(&some.context(), &context);
  ASSERT_NE(some.target<asio::io_context::executor_type>(), nullptr);
  EXPECT_EQ(some.target<asio::system_executor>(), nullptr);
  EXPECT_TRUE(some.target_type() == typeid(asio::io_context::executor_type));
  EXPECT_TRUE(some == asio::executor(context.get_executor()));
  EXPECT_TRUE(some != none);
  asio::executor moved = std::move(some);
  EXPECT_FALSE(some);
  int ran = 0;
  asio::post(moved, [&] { ++ran; });
  asio::defer(moved, [&] { asio::dispatch(moved, [&] { ++ran; }); });
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(ran, 2);
}

TEST(TsExecutor, MayBeInAStrandOrInAGuard) {
  asio::io_context context;
  asio::strand<asio::executor> only{asio::executor(context.get_executor())};
  const asio::strand<asio::executor> same = only;
  EXPECT_TRUE(only == same);
  bool inside = false;
  asio::post(only, [&] { inside = only.running_in_this_thread(); });
  {
    const asio::executor_work_guard<asio::executor> guard{asio::executor(context.get_executor())};
    EXPECT_EQ(context.poll(), 1u);
    EXPECT_FALSE(context.stopped());
  }
  EXPECT_TRUE(inside);
  EXPECT_TRUE(context.stopped());
}

TEST(TsExecutor, IsRecognised) {
  EXPECT_TRUE(asio::is_executor<asio::io_context::executor_type>::value);
  EXPECT_TRUE(asio::is_executor<asio::executor>::value);
  EXPECT_TRUE(asio::is_executor<asio::system_executor>::value);
  EXPECT_FALSE(asio::is_executor<asio::io_context>::value);
  EXPECT_FALSE(asio::is_executor<int>::value);
}

struct wants_executor {};

}  // namespace

namespace asio {
template <>
struct uses_executor<wants_executor, system_executor> : std::true_type {};
}  // namespace asio

namespace {

TEST(UsesExecutor, IsWhoSaysSo) {
  EXPECT_TRUE((asio::uses_executor<wants_executor, asio::system_executor>::value));
  EXPECT_FALSE((asio::uses_executor<wants_executor, asio::io_context::executor_type>::value));
  EXPECT_FALSE((asio::uses_executor<int, asio::system_executor>::value));
  (void)asio::executor_arg;
}

}  // namespace
