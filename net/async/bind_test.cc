// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/async_result.h"
#include "net/async/bind_allocator.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/bind_immediate_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/default_on.h"
#include "net/async/sample_types.h"
#include "net/async/uses_executor.h"
#include "net/execution/execution_context.h"
#include "net/execution/inline_executor.h"

namespace {

using nettest::numbered_executor;
using nettest::older_handler;
using nettest::older_token;

// Made from the other one.
struct other_executor : numbered_executor {
  other_executor(const numbered_executor& from) : numbered_executor(from.number + 100) {}
};

struct numbered_context : net::execution_context {
  using executor_type = numbered_executor;
  executor_type get_executor() const noexcept { return executor_type(7); }
};

template <typename T>
struct numbered_allocator {
  using value_type = T;
  int number = 0;
};

// Notes as what it is called.
struct call_noter {
  std::string operator()(int) & { return "lvalue"; }
  std::string operator()(int) const& { return "const"; }
  std::string operator()(int) && { return "rvalue"; }
};

// Completes with 2 * value.
template <typename Token>
auto async_twice(int value, Token&& token) {
  return net::async_initiate<Token, void(int)>(
      [](auto handler, int what) { std::move(handler)(2 * what); }, token, value);
}

struct initiation_with_executor {
  struct executor_type : numbered_executor {
    using default_completion_token_type = std::function<void(int)>;
    using numbered_executor::numbered_executor;
  };
  executor_type get_executor() const noexcept { return executor_type(5); }

  template <typename Handler>
  void operator()(Handler handler) const {
    result = net::get_associated_executor(handler, get_executor()).number;
  }
  static inline int result = 0;
};

// Is constructed with the executor that it is bound to.
struct with_executor {
  with_executor(net::executor_arg_t, const numbered_executor& executor, int value)
      : number(executor.number), sum(value) {}
  with_executor(net::executor_arg_t, const numbered_executor& executor, const with_executor& from)
      : number(executor.number), sum(from.sum) {}
  void operator()() const {}
  int number;
  int sum;
};

}  // namespace

namespace NET_NAMESPACE {

template <>
struct uses_executor<with_executor, numbered_executor> : std::true_type {};

}  // namespace NET_NAMESPACE

namespace {

TEST(BindExecutor, TargetIsCalledAsTheBinderIs) {
  auto binder = net::bind_executor(numbered_executor(1), call_noter());
  static_assert(
      std::is_same_v<decltype(binder), net::executor_binder<call_noter, numbered_executor>>);
  static_assert(std::is_same_v<decltype(binder)::target_type, call_noter>);
  EXPECT_EQ(binder(1), "lvalue");
  EXPECT_EQ(std::as_const(binder)(1), "const");
  EXPECT_EQ(std::move(binder)(1), "rvalue");
  EXPECT_EQ(binder.get_executor(), numbered_executor(1));
  EXPECT_EQ(binder.get()(1), "lvalue");
  EXPECT_EQ(std::as_const(binder).get()(1), "const");
  static_assert(std::is_invocable_v<decltype(binder), int>);
  static_assert(!std::is_invocable_v<decltype(binder), std::string>);
}

TEST(BindExecutor, TakesAContextForItsExecutor) {
  numbered_context context;
  const auto binder = net::bind_executor(context, [] {});
  EXPECT_EQ(net::get_associated_executor(binder).number, 7);
  const auto partial = net::bind_executor(context);
  EXPECT_EQ(net::get_associated_executor(partial([] {})).number, 7);
}

TEST(BindExecutor, OutermostBindingCounts) {
  const auto inner = net::bind_executor(numbered_executor(1), [](int) {});
  const auto outer = net::bind_executor(numbered_executor(2), inner);
  EXPECT_EQ(net::get_associated_executor(outer).number, 2);
  const auto mixed = net::bind_allocator(numbered_allocator<int>{4}, outer);
  EXPECT_EQ(net::get_associated_executor(mixed, net::inline_executor()).number, 2);
  EXPECT_EQ(net::get_associated_allocator(mixed).number, 4);
}

TEST(BindExecutor, IsConvertedAndRebound) {
  const auto first = net::bind_executor(numbered_executor(1), [](int value) { return value + 1; });
  const net::executor_binder<std::function<int(int)>, other_executor> converted = first;
  EXPECT_EQ(converted.get_executor().number, 101);
  EXPECT_EQ(converted(4), 5);

  const net::executor_binder<std::function<int(int)>, numbered_executor> rebound(
      net::executor_arg, numbered_executor(9), first);
  EXPECT_EQ(rebound.get_executor().number, 9);
  EXPECT_EQ(rebound(4), 5);

  // Moves, and lvalues that are not const, are rebound as well.
  auto holder = net::bind_executor(numbered_executor(1), std::make_unique<int>(5));
  net::executor_binder<std::unique_ptr<int>, numbered_executor> moved(
      net::executor_arg, numbered_executor(3), std::move(holder));
  EXPECT_EQ(*moved.get(), 5);
  EXPECT_EQ(holder.get(), nullptr);
  net::executor_binder<std::shared_ptr<int>, other_executor> shared(std::move(moved));
  EXPECT_EQ(*shared.get(), 5);
  net::executor_binder<std::shared_ptr<int>, other_executor> copy(net::executor_arg,
                                                                  numbered_executor(1), shared);
  EXPECT_EQ(copy.get(), shared.get());
}

TEST(BindExecutor, TargetThatUsesAnExecutorIsConstructedWithIt) {
  const net::executor_binder<with_executor, numbered_executor> binder(net::executor_arg,
                                                                      numbered_executor(6), 2);
  EXPECT_EQ(binder.get().number, 6);
  EXPECT_EQ(binder.get().sum, 2);
  const auto again = net::bind_executor(numbered_executor(8), binder.get());
  EXPECT_EQ(again.get().number, 8);
  static_assert(
      net::uses_executor<net::executor_binder<int, numbered_executor>, numbered_executor>::value);
}

int add(int a, int b) { return a + b; }

TEST(BindExecutor, NamesTheTypesOfItsTarget) {
  using binder = decltype(net::bind_executor(numbered_executor(), &add));
  static_assert(std::is_same_v<binder::result_type, int>);
  static_assert(std::is_same_v<binder::first_argument_type, int>);
  static_assert(std::is_same_v<binder::second_argument_type, int>);
  EXPECT_EQ(net::bind_executor(numbered_executor(), add)(2, 3), 5);
}

TEST(BindAllocator, AssociatesTheAllocator) {
  auto binder = net::bind_allocator(numbered_allocator<int>{3}, call_noter());
  EXPECT_EQ(binder.get_allocator().number, 3);
  EXPECT_EQ(net::get_associated_allocator(binder).number, 3);
  EXPECT_EQ(std::move(binder)(1), "rvalue");
  const decltype(binder) rebound(numbered_allocator<int>{4}, binder);
  EXPECT_EQ(net::get_associated_allocator(rebound).number, 4);
  EXPECT_EQ(net::get_associated_executor(rebound), net::inline_executor());
  EXPECT_EQ(net::bind_allocator(numbered_allocator<int>{5})([] {}).get_allocator().number, 5);
}

TEST(BindCancellationSlot, AssociatesTheSlot) {
  net::cancellation_signal signal;
  auto binder = net::bind_cancellation_slot(signal.slot(), call_noter());
  EXPECT_EQ(binder.get_cancellation_slot(), signal.slot());
  EXPECT_EQ(net::get_associated_cancellation_slot(binder), signal.slot());
  EXPECT_EQ(std::move(binder)(1), "rvalue");
  const decltype(binder) rebound(net::cancellation_slot(), binder);
  EXPECT_FALSE(net::get_associated_cancellation_slot(rebound).is_connected());
  const auto partial = net::bind_cancellation_slot(signal.slot());
  EXPECT_EQ(net::get_associated_cancellation_slot(partial([] {})), signal.slot());
}

TEST(BindImmediateExecutor, AssociatesTheImmediateExecutorOnly) {
  auto binder = net::bind_immediate_executor(numbered_executor(3), call_noter());
  EXPECT_EQ(binder.get_immediate_executor().number, 3);
  EXPECT_EQ(net::get_associated_immediate_executor(binder, net::inline_executor()).number, 3);
  EXPECT_EQ(net::get_associated_executor(binder), net::inline_executor());
  EXPECT_EQ(std::move(binder)(1), "rvalue");
  const auto partial = net::bind_immediate_executor(numbered_executor(4));
  const auto outside = net::bind_allocator(numbered_allocator<int>{4}, partial([] {}));
  numbered_context context;
  EXPECT_EQ(net::get_associated_immediate_executor(outside, context).number, 4);
}

TEST(Binders, AdaptHandlersAndTokens) {
  int got = 0;
  const auto handler = net::bind_executor(numbered_executor(1), [&](int value) { got = value; });
  async_twice(4, handler);
  EXPECT_EQ(got, 8);
  static_assert(net::completion_token_for<decltype(handler), void(int)>);
  static_assert(!net::completion_token_for<decltype(handler), void(std::string)>);

  // In the older style, the result is that of the target.
  EXPECT_EQ(async_twice(5, net::bind_executor(numbered_executor(1), older_token{&got})), 11);
  EXPECT_EQ(async_twice(6, net::bind_allocator(numbered_allocator<int>(), older_token{&got})), 13);
}

TEST(Binders, OlderStyleCanBeUsedByHand) {
  int got = 0;
  using binder = net::executor_binder<older_token, numbered_executor>;
  binder token = net::bind_executor(numbered_executor(1), older_token{&got});
  net::async_completion<binder, void(int)> completion(token);
  static_assert(std::is_same_v<decltype(completion)::completion_handler_type,
                               net::executor_binder<older_handler, numbered_executor>>);
  completion.completion_handler(3);
  EXPECT_EQ(completion.result.get(), 4);
  static_assert(std::is_same_v<net::async_result<binder, void(int)>::return_type, int>);
}

TEST(Binders, LvalueTokensKeepWhatCanBeCopied) {
  const auto value = std::make_shared<int>(0);
  auto token = net::bind_executor(numbered_executor(1), [value](int got) { *value += got; });
  async_twice(1, token);
  async_twice(2, token);
  EXPECT_EQ(*value, 6);
  // What cannot be copied is moved.
  auto once = net::bind_executor(numbered_executor(1), [life = std::make_unique<int>(1),
                                                        value](int got) { *value += got + *life; });
  async_twice(1, once);
  EXPECT_EQ(*value, 9);
}

TEST(Binders, InitiationKeepsItsExecutorAndTheHandlerGetsTheBoundOne) {
  const auto run = [](auto token) {
    return net::async_initiate<void(int)>(initiation_with_executor(), std::move(token));
  };
  run(net::bind_allocator(numbered_allocator<int>(), [](int) {}));
  EXPECT_EQ(initiation_with_executor::result, 5);
  run(net::bind_executor(numbered_executor(2), [](int) {}));
  EXPECT_EQ(initiation_with_executor::result, 2);
}

TEST(PartialBinders, BindTheDefaultToken) {
  // That of the initiation's executor is std::function here, which is called with nothing inside.
  net::async_initiate<void(int)>(initiation_with_executor(),
                                 net::bind_executor(numbered_executor(3)));
  EXPECT_EQ(initiation_with_executor::result, 3);
  int got = 0;
  async_twice(2, net::bind_executor(numbered_executor(3)))([&](int value) { got = value; });
  EXPECT_EQ(got, 4);
  async_twice(3, net::bind_allocator(numbered_allocator<int>()))([&](int value) { got = value; });
  EXPECT_EQ(got, 6);
  async_twice(
      4, net::bind_cancellation_slot(net::cancellation_slot()))([&](int value) { got = value; });
  EXPECT_EQ(got, 8);
  async_twice(
      5, net::bind_immediate_executor(net::inline_executor()))([&](int value) { got = value; });
  EXPECT_EQ(got, 10);
}

}  // namespace
