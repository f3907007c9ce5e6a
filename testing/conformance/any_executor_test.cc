// SPDX-License-Identifier: BSL-1.0
//
// any_executor, and the one all I/O objects have: what is in it, when it is empty, and what it lets
// through.
#include <gtest/gtest.h>

#include <asio/any_io_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/any_executor.hpp>
#include <asio/execution/bad_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/context_as.hpp>
#include <asio/execution/executor.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/strand.hpp>
#include <asio/system_executor.hpp>
#include <asio/thread_pool.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace {

namespace execution = asio::execution;
using asio::any_io_executor;

// Runs what it is given at once, and remembers how urgent that is.
struct priority {
  template <typename T>
  static constexpr bool is_applicable_property_v = execution::is_executor<T>::value;
  static constexpr bool is_requirable = true;
  static constexpr bool is_preferable = true;
  using polymorphic_query_result_type = int;
  int urgency = 0;
};

struct worker {
  std::shared_ptr<int> alive;
  int urgency = 0;

  template <typename F>
  void execute(F&& f) const {
    std::forward<F>(f)();
  }
  friend bool operator==(const worker& a, const worker& b) noexcept {
    return a.alive == b.alive && a.urgency == b.urgency;
  }
  worker require(const priority& p) const { return {alive, p.urgency}; }
  int query(const priority&) const noexcept { return urgency; }
};

using any_plain = execution::any_executor<>;
using any_urgent = execution::any_executor<priority>;

// --- What is in it --------------------------------------------------------------------------------

TEST(AnyExecutor, IsEmptyUntilItGetsOne) {
  any_plain none;
  EXPECT_FALSE(none);
  EXPECT_TRUE(none == nullptr);
  EXPECT_TRUE(nullptr == none);
  EXPECT_FALSE(none != nullptr);
  EXPECT_TRUE(any_plain(nullptr) == none);
  EXPECT_EQ(none.target<worker>(), nullptr);
  any_plain some = worker();
  EXPECT_TRUE(some);
  EXPECT_TRUE(some != nullptr);
  EXPECT_TRUE(some != none);
  some = nullptr;
  EXPECT_TRUE(some == nullptr);
}

TEST(AnyExecutor, ThatIsEmptyCannotExecute) {
  bool ran = false;
  EXPECT_THROW(any_plain().execute([&] { ran = true; }), execution::bad_executor);
  EXPECT_THROW(any_io_executor().execute([&] { ran = true; }), execution::bad_executor);
  EXPECT_FALSE(ran);
  EXPECT_STRNE(execution::bad_executor().what(), "");
}

TEST(AnyExecutor, GivesOutItsTarget) {
  const worker mine{std::make_shared<int>(1), 4};
  any_plain any = mine;
  ASSERT_NE(any.target<worker>(), nullptr);
  EXPECT_TRUE(*any.target<worker>() == mine);
  EXPECT_TRUE(any.target_type() == typeid(worker));
  EXPECT_TRUE(any_plain().target_type() == typeid(void));
  any.target<worker>()->urgency = 9;
  EXPECT_EQ(std::as_const(any).target<worker>()->urgency, 9);
}

TEST(AnyExecutor, ThatWasMovedFromIsEmpty) {
  any_plain first = worker{std::make_shared<int>(1)};
  any_plain second = std::move(first);
  EXPECT_TRUE(first == nullptr);
  EXPECT_TRUE(second != nullptr);
  any_plain third;
  third = std::move(second);
  EXPECT_TRUE(second == nullptr);
  EXPECT_TRUE(third != nullptr);
}

TEST(AnyExecutor, ComparesWhatIsInIt) {
  const auto alive = std::make_shared<int>(1);
  const any_plain one = worker{alive, 1};
  EXPECT_TRUE(one == any_plain(worker{alive, 1}));
  EXPECT_TRUE(one != any_plain(worker{alive, 2}));
  EXPECT_TRUE(one != any_plain(asio::system_executor()));
  EXPECT_TRUE(any_plain() == any_plain());
  const any_plain copy = one;
  EXPECT_TRUE(copy == one);
}

TEST(AnyExecutor, OwnsWhatIsInIt) {
  auto alive = std::make_shared<int>(1);
  {
    any_plain one = worker{alive};
    any_plain two = one;
    one = nullptr;
    EXPECT_TRUE(two);
    EXPECT_GE(alive.use_count(), 2);
    two = asio::system_executor();
    EXPECT_EQ(alive.use_count(), 1);
    one = worker{alive};
    swap(one, two);
    EXPECT_NE(two.target<worker>(), nullptr);
    EXPECT_TRUE(one == any_plain(asio::system_executor()));
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(AnyExecutor, OfAnotherSetHoldsTheOther) {
  const any_urgent urgent = worker{nullptr, 3};
  const any_plain plain = urgent;
  EXPECT_TRUE(plain);
  EXPECT_TRUE((std::is_convertible_v<any_urgent, any_plain>));
  EXPECT_FALSE((std::is_convertible_v<any_plain, any_urgent>));
  EXPECT_FALSE((std::is_convertible_v<asio::system_executor, any_urgent>));
  bool ran = false;
  plain.execute([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(AnyExecutor, ExecutesWhatCannotBeCopied) {
  const any_plain any = worker();
  int got = 0;
  any.execute([p = std::make_unique<int>(5), &got] { got = *p; });
  EXPECT_EQ(got, 5);
}

TEST(AnyExecutor, LetsAnExceptionOfAnInlineFunctionThrough) {
  const any_plain any = worker();
  EXPECT_THROW(any.execute([] { throw 1; }), int);
}

// --- Properties -----------------------------------------------------------------------------------

TEST(AnyExecutor, HasThePropertiesItNames) {
  any_urgent any = worker{nullptr, 3};
  EXPECT_EQ(asio::query(any, priority()), 3);
  any = asio::require(any, priority{8});
  EXPECT_EQ(asio::query(any, priority()), 8);
  EXPECT_EQ(any.target<worker>()->urgency, 8);
  EXPECT_TRUE((asio::can_require_v<any_urgent, priority>));
  EXPECT_FALSE((asio::can_require_v<any_plain, priority>));
  EXPECT_FALSE((asio::can_query_v<any_plain, priority>));
}

TEST(AnyExecutor, MayPreferWhatItsTargetCannot) {
  using any = execution::any_executor<execution::prefer_only<priority>>;
  any one = asio::system_executor();
  EXPECT_TRUE(asio::prefer(one, priority{2}) == one);
  one = worker();
  EXPECT_EQ(asio::prefer(one, priority{2}).target<worker>()->urgency, 2);
  EXPECT_FALSE((asio::can_require_v<any, priority>));
}

TEST(AnyExecutor, KnowsItsContext) {
  asio::io_context context;
  using any = execution::any_executor<execution::context_as_t<asio::execution_context&>>;
  const any one = context.get_executor();
  EXPECT_EQ(&asio::query(one, execution::context_as<asio::execution_context&>), &context);
  EXPECT_EQ(&asio::query(one, execution::context), &context);
}

// --- any_io_executor ------------------------------------------------------------------------------

TEST(AnyIoExecutor, HoldsEachOfTheLibrarys) {
  asio::io_context context;
  asio::thread_pool pool(1);
  any_io_executor any = context.get_executor();
  EXPECT_NE(any.target<asio::io_context::executor_type>(), nullptr);
  EXPECT_EQ(&any.context(), &context);
  any = pool.get_executor();
  EXPECT_EQ(&any.context(), &pool);
  any = asio::make_strand(context);
  EXPECT_NE(any.target<asio::strand<asio::io_context::executor_type>>(), nullptr);
  any = asio::system_executor();
  EXPECT_TRUE(any == any_io_executor(asio::system_executor()));
}

TEST(AnyIoExecutor, BlocksAsItsTargetDoes) {
  asio::io_context context;
  const any_io_executor any = context.get_executor();
  const any_io_executor never = asio::require(any, execution::blocking.never);
  EXPECT_TRUE(any != never);
  EXPECT_TRUE(asio::prefer(never, execution::blocking.possibly) == any);
  int inline_runs = 0;
  asio::post(context, [&] {
    any.execute([&] { ++inline_runs; });
    EXPECT_EQ(inline_runs, 1);
    never.execute([&] { ++inline_runs; });
    EXPECT_EQ(inline_runs, 1);
    asio::dispatch(any, [&] { ++inline_runs; });
    EXPECT_EQ(inline_runs, 2);
    asio::post(any, [&] { ++inline_runs; });
    EXPECT_EQ(inline_runs, 2);
  });
  context.run();
  EXPECT_EQ(inline_runs, 4);
}

TEST(AnyIoExecutor, OfWorkKeepsTheContextFromStopping) {
  asio::io_context context;
  {
    any_io_executor tracked =
        asio::prefer(any_io_executor(context.get_executor()), execution::outstanding_work.tracked);
    EXPECT_EQ(context.poll(), 0u);
    EXPECT_FALSE(context.stopped());
    const any_io_executor moved = std::move(tracked);
    EXPECT_TRUE(tracked == nullptr);
    EXPECT_EQ(context.poll(), 0u);
    EXPECT_FALSE(context.stopped());
  }
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(AnyIoExecutor, OfAStrandIsInTheStrand) {
  asio::io_context context;
  auto only = asio::make_strand(context);
  const any_io_executor any = only;
  bool inside = false;
  asio::post(any, [&] { inside = only.running_in_this_thread(); });
  context.run();
  EXPECT_TRUE(inside);
  EXPECT_TRUE(any == any_io_executor(only));
  EXPECT_TRUE(any != any_io_executor(asio::make_strand(context)));
}

}  // namespace
