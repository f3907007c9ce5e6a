// SPDX-License-Identifier: BSL-1.0
//
// Tokens, what is associated with handlers, and cancellation slots.
#include <gtest/gtest.h>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/associator.hpp>
#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

struct older_token {
  int* result;
};
struct older_handler {
  explicit older_handler(older_token token) : result(token.result) {}
  void operator()(int value) { *result = value; }
  int* result;
};

struct text_token {};

template <typename Handler>
struct wrapped_handler {
  Handler handler;
};

}  // namespace

namespace asio {

template <>
class async_result<older_token, void(int)> {
 public:
  typedef older_handler completion_handler_type;
  typedef int return_type;
  explicit async_result(completion_handler_type& handler) : result_(handler.result) {}
  return_type get() { return *result_ + 1; }

 private:
  int* result_;
};

template <typename Signature>
class async_result<text_token, Signature> {
 public:
  typedef std::string return_type;
  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation initiation, text_token, Args&&... args) {
    std::string text;
    initiation([&text](int value) { text = std::to_string(value); }, std::forward<Args>(args)...);
    return text;
  }
};

template <template <typename, typename> class Associator, typename Handler, typename Default>
struct associator<Associator, wrapped_handler<Handler>, Default> : Associator<Handler, Default> {
  static typename Associator<Handler, Default>::type get(
      const wrapped_handler<Handler>& from, const Default& otherwise = Default()) noexcept {
    return Associator<Handler, Default>::get(from.handler, otherwise);
  }
};

}  // namespace asio

namespace {

template <typename Token>
auto async_twice(int value, Token&& token) {
  return asio::async_initiate<Token, void(int)>(
      [](auto handler, int what) { std::move(handler)(2 * what); }, token, value);
}

TEST(AsyncResult, TokensOfBothStylesReturnWhatTheyLike) {
  int result = 0;
  EXPECT_EQ(async_twice(4, older_token{&result}), 9);
  EXPECT_EQ(result, 8);
  EXPECT_EQ(async_twice(5, text_token()), "10");
}

TEST(AsyncResult, HandlersAreMovedOrCopiedIn) {
  int got = 0;
  async_twice(1, [&got, life = std::make_unique<int>(3)](int value) { got = value * *life; });
  EXPECT_EQ(got, 6);
  const auto store = [&got](int value) { got = value; };
  async_twice(2, store);
  EXPECT_EQ(got, 4);
  async_twice(3, asio::detached);
}

TEST(AsyncResult, BindersAdaptTokensOfBothStyles) {
  asio::io_context context;
  int result = 0;
  EXPECT_EQ(async_twice(4, asio::bind_executor(context, older_token{&result})), 9);
  EXPECT_EQ(async_twice(5, asio::bind_executor(context.get_executor(), text_token())), "10");
}

TEST(Associator, OneSpecialisationForwardsExecutorAllocatorAndSlot) {
  asio::io_context context;
  asio::cancellation_signal signal;
  const auto bound = asio::bind_cancellation_slot(
      signal.slot(), asio::bind_executor(context.get_executor(), [] {}));
  const wrapped_handler<std::decay_t<decltype(bound)>> outside{bound};
  EXPECT_EQ(asio::get_associated_cancellation_slot(outside, asio::cancellation_slot()),
            signal.slot());
  asio::io_context other;
  EXPECT_EQ(asio::get_associated_executor(outside, other.get_executor()), context.get_executor());
  static_assert(std::is_same_v<asio::associated_allocator_t<std::decay_t<decltype(outside)>>,
                               std::allocator<void>>);
}

TEST(BindExecutor, PostedHandlerRunsOnItsOwnExecutor) {
  asio::io_context here;
  asio::io_context there;
  int calls = 0;
  asio::post(here, asio::bind_executor(there, [&calls] { ++calls; }));
  here.run();
  EXPECT_EQ(calls, 0);
  there.run();
  EXPECT_EQ(calls, 1);
}

TEST(BindExecutor, IsReboundWithAnotherExecutor) {
  asio::io_context one;
  asio::io_context two;
  const auto first = asio::bind_executor(one.get_executor(), [] { return 5; });
  const decltype(first) second(asio::executor_arg, two.get_executor(), first);
  EXPECT_EQ(second.get_executor(), two.get_executor());
  EXPECT_EQ(second.get()(), 5);
  EXPECT_EQ(second(), 5);
}

struct counting_handler {
  std::shared_ptr<int> calls;
  void operator()(asio::cancellation_type_t) { ++*calls; }
};

TEST(CancellationSlot, HasOneHandlerWhichTheNextOneReplaces) {
  asio::cancellation_signal signal;
  const auto first = std::make_shared<int>(0);
  const auto second = std::make_shared<int>(0);
  signal.emit(asio::cancellation_type::all);
  signal.slot().assign(counting_handler{first});
  EXPECT_TRUE(signal.slot().has_handler());
  signal.slot().emplace<counting_handler>(counting_handler{second});
  EXPECT_EQ(first.use_count(), 1);
  signal.emit(asio::cancellation_type::terminal);
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(*first, 0);
  EXPECT_EQ(*second, 2);
  signal.slot().clear();
  EXPECT_FALSE(signal.slot().has_handler());
  EXPECT_EQ(second.use_count(), 1);
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(*second, 2);
}

TEST(CancellationState, FiltersAndRemembersTheLastRequest) {
  asio::cancellation_signal signal;
  asio::cancellation_state state(signal.slot(), asio::enable_total_cancellation(),
                                 asio::enable_terminal_cancellation());
  int inner_calls = 0;
  state.slot().assign([&inner_calls](asio::cancellation_type_t) { ++inner_calls; });
  signal.emit(asio::cancellation_type::total);
  EXPECT_EQ(inner_calls, 0);
  EXPECT_EQ(state.cancelled(), asio::cancellation_type::total);
  signal.emit(asio::cancellation_type::terminal | asio::cancellation_type::partial);
  EXPECT_EQ(inner_calls, 1);
  EXPECT_EQ(state.cancelled(),
            asio::cancellation_type::terminal | asio::cancellation_type::partial);
  state.clear(asio::cancellation_type::partial);
  EXPECT_EQ(state.cancelled(), asio::cancellation_type::terminal);
  asio::cancellation_state copy = state;
  copy.clear();
  EXPECT_EQ(state.cancelled(), asio::cancellation_type::none);
}

}  // namespace
