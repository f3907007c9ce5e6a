// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/async_operation.h"
#include "net/async/async_result.h"
#include "net/async/bind_executor.h"
#include "net/async/default_completion_token.h"
#include "net/async/deferred.h"
#include "net/async/sample_types.h"
#include "net/execution/inline_executor.h"

namespace {

using nettest::numbered_executor;

int started = 0;

// Completes with value + 1; notes the executor of its handler.
template <typename Token = net::deferred_t>
auto async_next(int value, Token&& token = Token()) {
  return net::async_initiate<Token, void(int)>(
      [](auto handler, int what) {
        ++started;
        std::move(handler)(what + 1);
      },
      token, value);
}

template <typename Token>
auto async_one_of_two(Token&& token) {
  return net::async_initiate<Token, void(int), void(std::string)>(
      [](auto handler) { std::move(handler)(std::string("text")); }, token);
}

// With something that can only be moved.
template <typename Token>
auto async_move_only(Token&& token) {
  return net::async_initiate<Token, void(int)>(
      [life = std::make_unique<int>(4)](auto handler) { std::move(handler)(*life); }, token);
}

TEST(Deferred, StartsNothingUntilItIsCalled) {
  started = 0;
  auto operation = async_next(1, net::deferred);
  EXPECT_EQ(started, 0);
  int got = 0;
  const auto store = [&](int value) { got = value; };
  operation(store);
  EXPECT_EQ(got, 2);
  // An lvalue can be started again; so can a constant.
  std::as_const(operation)(store);
  std::move(operation)(store);
  EXPECT_EQ(started, 3);
}

TEST(Deferred, IsTheDefaultToken) {
  static_assert(
      std::is_same_v<net::default_completion_token_t<numbered_executor>, net::deferred_t>);
  static_assert(std::is_same_v<net::default_completion_token<
                                   net::deferred_t::executor_with_default<numbered_executor>>::type,
                               net::deferred_t>);
  const net::deferred_t::executor_with_default<numbered_executor> executor(numbered_executor{3});
  EXPECT_EQ(executor, numbered_executor{3});
  auto operation = async_next(2);
  int got = 0;
  operation([&](int value) { got = value; });
  EXPECT_EQ(got, 3);
}

// What as_default_on() asks of an I/O object.
template <typename Executor>
struct io_object {
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = io_object<Other>;
  };
  explicit io_object(Executor which) : executor(which) {}
  template <typename Other>
  explicit io_object(io_object<Other>&& from) : executor(from.executor) {}

  template <typename Token = net::default_completion_token_t<Executor>>
  auto async_next(int value, Token&& token = Token()) {
    return ::async_next(value, std::forward<Token>(token));
  }
  Executor executor;
};

TEST(Deferred, MakesItselfTheDefaultOfAnObject) {
  auto object = net::deferred_t::as_default_on(io_object<numbered_executor>(numbered_executor{4}));
  static_assert(std::is_same_v<decltype(object),
                               net::deferred_t::as_default_on_t<io_object<numbered_executor>>>);
  EXPECT_EQ(object.executor.number, 4);
  int got = 0;
  object.async_next(1)([&](int value) { got = value; });
  EXPECT_EQ(got, 2);
}

TEST(Deferred, IsCopyableIffTheInitiationIs) {
  auto move_only = async_move_only(net::deferred);
  static_assert(!std::is_copy_constructible_v<decltype(move_only)>);
  static_assert(std::is_move_constructible_v<decltype(move_only)>);
  static_assert(std::is_copy_constructible_v<decltype(async_next(1))>);
  int got = 0;
  std::move(move_only)([&](int value) { got = value; });
  EXPECT_EQ(got, 4);
}

TEST(Deferred, KeepsTheSignatures) {
  auto operation = async_one_of_two(net::deferred);
  std::string got;
  struct both {
    void operator()(int) {}
    void operator()(std::string text) { *to = text; }
    std::string* to;
  };
  static_assert(net::completion_token_for<both, void(int), void(std::string)>);
  std::move(operation)(both{&got});
  EXPECT_EQ(got, "text");
  static_assert(!std::is_invocable_v<decltype(operation), void (*)(int)>);
  static_assert(std::is_same_v<net::completion_signature_of_t<decltype(async_next(1))>, void(int)>);
  static_assert(net::is_deferred<decltype(operation)>::value);
  static_assert(!net::is_deferred<int>::value);
}

TEST(Deferred, CanBeStartedWithAnotherToken) {
  auto again = async_next(1)(net::deferred);
  int got = 0;
  std::move(again)(net::bind_executor(numbered_executor(), net::deferred))(
      [&](int value) { got = value; });
  EXPECT_EQ(got, 2);
}

TEST(DeferredSequence, RunsOneAfterTheOther) {
  started = 0;
  auto row =
      async_next(1, net::deferred)                                                      //
      | net::deferred([](int value) { return async_next(10 * value, net::deferred); })  //
      | net::deferred([](int value) { return net::deferred.values(value, std::string("end")); });
  static_assert(net::is_deferred<decltype(row)>::value);
  static_assert(
      std::is_same_v<net::completion_signature_of_t<decltype(row)>, void(int, std::string)>);
  EXPECT_EQ(started, 0);
  std::string got;
  row([&](int value, std::string text) { got = text + std::to_string(value); });
  EXPECT_EQ(got, "end21");
  EXPECT_EQ(started, 2);
  std::move(row)([&](int value, std::string) { got = std::to_string(value); });
  EXPECT_EQ(got, "21");
}

TEST(DeferredSequence, FunctionServesAsAToken) {
  int got = 0;
  async_next(1, net::deferred([](int value) { return async_next(value, net::deferred); }))(
      [&](int value) { got = value; });
  EXPECT_EQ(got, 3);
}

TEST(DeferredSequence, StepsHaveWhatTheLastHandlerHas) {
  int number = 0;
  auto row = net::deferred.values(1) | net::deferred([&](int) {
               return [&](auto handler) {
                 return net::async_initiate<void()>(
                     [&](auto inner) {
                       number = net::get_associated_executor(inner, net::inline_executor()).number;
                       inner();
                     },
                     std::move(handler));
               };
             });
  bool called = false;
  std::move(row)(net::bind_executor(numbered_executor{8}, [&] { called = true; }));
  EXPECT_EQ(number, 8);
  EXPECT_TRUE(called);
}

TEST(DeferredConditional, ChoosesABranch) {
  const auto choose = [](bool condition) {
    return net::deferred.when(condition)
        .then(async_next(1, net::deferred))
        .otherwise(net::deferred.values(50));
  };
  int got = 0;
  const auto store = [&](int value) { got = value; };
  choose(true)(store);
  EXPECT_EQ(got, 2);
  const auto second = choose(false);
  second(store);
  EXPECT_EQ(got, 50);
  static_assert(net::is_deferred<decltype(choose(true))>::value);

  auto row = net::deferred.values(true) | net::deferred(choose);
  std::move(row)(store);
  EXPECT_EQ(got, 2);
}

TEST(DeferredConditional, DoesNothingWithoutABranch) {
  net::deferred.when(true)();
  net::deferred_noop()(1, 2);
  EXPECT_TRUE(net::is_deferred<net::deferred_noop>::value);
  auto same = net::deferred(net::deferred.values(3));
  int got = 0;
  same([&](int value) { got = value; });
  EXPECT_EQ(got, 3);
}

TEST(DeferredValues, MayBeMoveOnly) {
  auto values = net::deferred.values(std::make_unique<int>(5));
  int got = 0;
  std::move(values)([&](std::unique_ptr<int> value) { got = *value; });
  EXPECT_EQ(got, 5);
}

}  // namespace
