// SPDX-License-Identifier: BSL-1.0
#include "net/execution/polymorphic_executor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/is_executor.h"
#include "testing/support/counting_allocator.h"

namespace {

using nettest::allocation_counts;
using nettest::counting_allocator;

namespace net_ = NET_NAMESPACE;

class context : public net_::execution_context {};

// Writes down what it is asked, and calls functions at once.
struct log {
  context where;
  std::string text;
};

class writing_executor {
 public:
  explicit writing_executor(log& to) noexcept : log_(&to) {}

  net_::execution_context& context() const noexcept { return log_->where; }
  void on_work_started() const noexcept { log_->text += '+'; }
  void on_work_finished() const noexcept { log_->text += '-'; }
  template <typename F, typename A>
  void dispatch(F f, const A&) const {
    log_->text += "dispatch ";
    f();
  }
  template <typename F, typename A>
  void post(F f, const A&) const {
    log_->text += "post ";
    f();
  }
  template <typename F, typename A>
  void defer(F&&, const A&) const {
    log_->text += "defer ";
  }
  friend bool operator==(const writing_executor& a, const writing_executor& b) noexcept {
    return a.log_ == b.log_;
  }

 private:
  log* log_;
};

struct stateless_executor {
  net_::execution_context& context() const noexcept {
    static ::context here;
    return here;
  }
  void on_work_started() const noexcept {}
  void on_work_finished() const noexcept {}
  template <typename F, typename A>
  void dispatch(F f, const A&) const {
    f();
  }
  template <typename F, typename A>
  void post(F f, const A&) const {
    f();
  }
  template <typename F, typename A>
  void defer(F f, const A&) const {
    f();
  }
  friend bool operator==(stateless_executor, stateless_executor) noexcept { return true; }
};

static_assert(net_::is_executor<writing_executor>::value);
static_assert(net_::is_executor<net_::executor>::value);
static_assert(!net_::is_executor<int>::value);
static_assert(!net_::is_executor<context>::value);
static_assert(!std::is_constructible_v<net_::executor, int>);
static_assert(std::uses_allocator_v<net_::executor, std::allocator<int>>);

TEST(Executor, PassesOnWhatItIsAsked) {
  log to;
  const net_::executor executor = writing_executor(to);
  EXPECT_EQ(&executor.context(), &to.where);
  executor.on_work_started();
  executor.on_work_finished();
  std::string calls;
  const std::allocator<void> allocator;
  executor.dispatch([&] { calls += 'a'; }, allocator);
  executor.post([&, unique = std::make_unique<char>('b')] { calls += *unique; }, allocator);
  executor.defer([&] { calls += 'c'; }, allocator);
  EXPECT_EQ(to.text, "+-dispatch post defer ");
  EXPECT_EQ(calls, "ab");
}

TEST(Executor, ThrowsWhenEmpty) {
  const net_::executor empty;
  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.target_type(), typeid(void));
  EXPECT_EQ(empty.target<writing_executor>(), nullptr);
  EXPECT_THROW(empty.post([] {}, std::allocator<void>()), net_::bad_executor);
  EXPECT_STREQ(net_::bad_executor().what(), "bad executor");
  EXPECT_EQ(empty, net_::executor(nullptr));
}

TEST(Executor, SharesItsTarget) {
  log to;
  log other_log;
  net_::executor executor = writing_executor(to);
  net_::executor copy = executor;
  EXPECT_EQ(copy.target<writing_executor>(), executor.target<writing_executor>());
  EXPECT_EQ(copy, net_::executor(std::nothrow, writing_executor(to)));
  EXPECT_NE(copy, net_::executor(writing_executor(other_log)));
  EXPECT_NE(copy, net_::executor(stateless_executor()));
  const net_::executor moved(std::nothrow, std::move(copy));
  EXPECT_FALSE(copy);
  EXPECT_EQ(moved, executor);
  copy = moved;
  executor = nullptr;
  executor = std::move(copy);
  EXPECT_EQ(executor.target_type(), typeid(writing_executor));
}

TEST(Executor, NeedsNoBlockForAnExecutorWithoutState) {
  const net_::executor one = stateless_executor();
  const net_::executor other(std::nothrow, stateless_executor());
  EXPECT_EQ(one.target<stateless_executor>(), other.target<stateless_executor>());
  EXPECT_EQ(one, other);
}

TEST(Executor, TakesMemoryFromTheAllocators) {
  allocation_counts executors;
  allocation_counts functions;
  log to;
  {
    const net_::executor executor(std::allocator_arg, counting_allocator<int>(executors),
                                  writing_executor(to));
    const net_::executor copy = executor;
    EXPECT_EQ(executors.live, 1);
    executor.dispatch([&] { EXPECT_EQ(functions.live, 0) << "free before the call"; },
                      counting_allocator<int>(functions));
    executor.defer([] { FAIL() << "not called"; }, counting_allocator<int>(functions));
  }
  EXPECT_EQ(executors.live, 0);
  EXPECT_EQ(functions.live, 0);
}

}  // namespace
