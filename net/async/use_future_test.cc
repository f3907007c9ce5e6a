// SPDX-License-Identifier: BSL-1.0
#include "net/async/use_future.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/error.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"
#include "net/execution/system_executor.h"
#include "testing/support/counting_allocator.h"

namespace {

using net::use_future;
using std::error_code;
using std::exception_ptr;
using nettest::allocation_counts;
using nettest::counting_allocator;

// Completes at once with the arguments it was started with.
template <typename Signature, typename Token, typename... Args>
auto async_echo(Token&& token, Args&&... args) {
  return net::async_initiate<Token, Signature>(
      [](auto&& handler, auto&&... results) {
        std::move(handler)(std::forward<decltype(results)>(results)...);
      },
      token, std::forward<Args>(args)...);
}

template <typename Signature, typename T>
constexpr bool gives =
    std::is_same_v<typename net::async_result<net::use_future_t<>, Signature>::return_type,
                   std::future<T>>;

static_assert(gives<void(), void>);
static_assert(gives<void(error_code), void>);
static_assert(gives<void(exception_ptr), void>);
static_assert(gives<void(int), int>);
static_assert(gives<void(error_code, int), int>);
static_assert(gives<void(const error_code&, const int&), int>);
static_assert(gives<void(int, error_code), std::tuple<int, error_code>>);
static_assert(gives<void(exception_ptr, int, char), std::tuple<int, char>>);
static_assert(gives<void(error_code, exception_ptr), exception_ptr>);
static_assert(gives<void(error_code, int) noexcept, int>);
static_assert(gives<void(error_code, int) &&, int>);

TEST(UseFuture, HasTheResults) {
  async_echo<void()>(use_future).get();
  async_echo<void(error_code)>(use_future, error_code()).get();
  EXPECT_EQ(async_echo<void(int)>(use_future, 42).get(), 42);
  EXPECT_EQ(async_echo<void(error_code, std::string)>(use_future, error_code(), "text").get(),
            "text");
  EXPECT_EQ(async_echo<void(int, char)>(use_future, 1, 'c').get(), std::make_tuple(1, 'c'));
  EXPECT_EQ(async_echo<void(exception_ptr, int, char)>(use_future, nullptr, 1, 'c').get(),
            std::make_tuple(1, 'c'));
  EXPECT_EQ(*async_echo<void(error_code, std::unique_ptr<int>)>(use_future, error_code(),
                                                                std::make_unique<int>(5))
                 .get(),
            5);
}

TEST(UseFuture, ErrorIsAnException) {
  const error_code eof = net::error::eof;
  try {
    async_echo<void(error_code, int)>(use_future, eof, 1).get();
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), net::error::eof);
  }
  EXPECT_THROW(async_echo<void(error_code)>(use_future, eof).get(), std::system_error);
  EXPECT_THROW(async_echo<void(error_code, int, int)>(use_future, eof, 1, 2).get(),
               std::system_error);
  EXPECT_THROW(async_echo<void(exception_ptr)>(use_future, std::make_exception_ptr(7)).get(), int);
  EXPECT_THROW(
      async_echo<void(exception_ptr, int)>(use_future, std::make_exception_ptr(7), 1).get(), int);
}

TEST(UseFuture, OperationThatNeverCompletesBreaksThePromise) {
  auto future = net::async_initiate<void()>([](auto&&) {}, use_future);
  EXPECT_THROW(future.get(), std::future_error);
}

TEST(UseFuture, FunctionMakesTheResult) {
  const auto half = [](error_code ec, std::size_t n) { return ec ? 0 : n / 2; };
  EXPECT_EQ(async_echo<void(error_code, std::size_t)>(use_future(half), error_code(), 42u).get(),
            21u);
  EXPECT_EQ(
      async_echo<void(error_code, std::size_t)>(use_future(half), error_code(net::error::eof), 42u)
          .get(),
      0u);
  bool called = false;
  std::future<void> nothing = async_echo<void(int)>(use_future([&](int) { called = true; }), 1);
  nothing.get();
  EXPECT_TRUE(called);
  std::future<int> fails = async_echo<void()>(use_future([own = std::make_unique<int>(0)]() -> int {
    throw std::runtime_error("no" + std::to_string(*own));
  }));
  EXPECT_THROW(fails.get(), std::runtime_error);
}

TEST(UseFuture, AllocatorMakesTheSharedStateAndIsAssociated) {
  allocation_counts counts;
  {
    const auto token = use_future.rebind(counting_allocator<void>(counts));
    EXPECT_EQ(token.get_allocator(), counting_allocator<void>(counts));
    bool same = false;
    std::future<int> future = net::async_initiate<void(int)>(
        [&](auto&& handler) {
          same = net::get_associated_allocator(handler) == counting_allocator<void>(counts);
          handler(3);
        },
        token);
    EXPECT_TRUE(same);
    EXPECT_GT(counts.live, 0);
    EXPECT_EQ(future.get(), 3);
    EXPECT_EQ(async_echo<void(int)>(token([](int i) { return i + 1; }), 3).get(), 4);
  }
  EXPECT_EQ(counts.live, 0);
}

// Hands out the executor that is associated with the handler, and never completes.
struct take_executor {
  template <typename Handler>
  void operator()(Handler&& handler) const {
    const auto executor = net::get_associated_executor(handler);
    static_assert(net::execution::executor<std::remove_const_t<decltype(executor)>>);
    static_assert(net::query(executor, net::execution::blocking) ==
                  net::execution::blocking.possibly);
    EXPECT_EQ(&net::query(executor, net::execution::context),
              &net::query(net::system_executor(), net::execution::context));
    EXPECT_EQ(&executor.context(), &net::system_executor().context());
    EXPECT_TRUE(executor == net::get_associated_executor(handler));
    const auto never = net::require(executor, net::execution::blocking.never);
    static_assert(net::query(never, net::execution::blocking) == net::execution::blocking.never);
    EXPECT_EQ(net::require(never, net::execution::blocking.possibly), executor);
    submit(executor, never);
  }
  int how = 0;

  template <typename Executor, typename Never>
  void submit(const Executor& executor, const Never& never) const {
    const auto fail = [] { throw std::runtime_error("in the executor"); };
    const std::allocator<void> allocator;
    switch (how) {
      case 0: return executor.execute(fail);
      case 1: return never.execute(fail);
      case 2: return executor.dispatch(fail, allocator);
      case 3: return executor.post(fail, allocator);
      default: return executor.defer(fail, allocator);
    }
  }
};

TEST(UseFuture, ExecutorPutsExceptionsIntoTheFuture) {
  for (int how = 0; how != 5; ++how) {
    std::future<void> future = net::async_initiate<void()>(take_executor{how}, use_future);
    EXPECT_THROW(future.get(), std::runtime_error) << how;
  }
}

}  // namespace
