// SPDX-License-Identifier: BSL-1.0
//
// The tokens that wrap another token, and `detached`.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/append.h"
#include "net/async/as_tuple.h"
#include "net/async/associated_executor.h"
#include "net/async/async_operation.h"
#include "net/async/async_result.h"
#include "net/async/bind_executor.h"
#include "net/async/consign.h"
#include "net/async/deferred.h"
#include "net/async/detached.h"
#include "net/async/placeholders.h"
#include "net/async/prepend.h"
#include "net/async/sample_types.h"
#include "net/execution/inline_executor.h"

namespace {

using nettest::numbered_executor;

// Completes with (2 * value, text); notes the executor of its handler.
int executor_number = 0;
template <typename Token = net::deferred_t>
auto async_twice(int value, Token&& token = Token()) {
  return net::async_initiate<Token, void(int, std::string)>(
      [](auto handler, int what) {
        executor_number = net::get_associated_executor(handler, numbered_executor{-1}).number;
        std::move(handler)(2 * what, std::string("text"));
      },
      token, value);
}

TEST(Append, AddsValuesBehindTheResults) {
  std::string got;
  async_twice(1, net::append([&](int a, std::string b, int c,
                                 std::unique_ptr<int> d) { got = b + std::to_string(a * c * *d); },
                             10, std::make_unique<int>(7)));
  EXPECT_EQ(got, "text140");
}

TEST(Prepend, AddsValuesBeforeTheResults) {
  std::string got;
  async_twice(
      1, net::prepend([&](std::string a, int b, std::string c) { got = a + std::to_string(b) + c; },
                      std::string("first")));
  EXPECT_EQ(got, "first2text");
}

TEST(AsTuple, PacksTheResults) {
  std::tuple<int, std::string> got;
  async_twice(4, net::as_tuple([&](std::tuple<int, std::string> results) { got = results; }));
  EXPECT_EQ(got, std::make_tuple(8, std::string("text")));
  // Without a token, for the default one.
  async_twice(5, net::as_tuple)([&](std::tuple<int, std::string> results) { got = results; });
  EXPECT_EQ(std::get<0>(got), 10);
  using tuple_token = net::as_tuple_t<net::deferred_t>;
  async_twice(6, tuple_token())([&](auto results) { got = results; });
  EXPECT_EQ(std::get<0>(got), 12);
  async_twice(7, tuple_token(tuple_token::default_constructor_tag(), net::deferred))(
      [&](auto results) { got = results; });
  EXPECT_EQ(std::get<0>(got), 14);
}

TEST(AsTuple, KeepsTheQualifiersOfSignatures) {
  const auto operation = [](auto token) {
    return net::async_initiate<void(int&) &&>([](auto&&) {}, net::as_tuple(token));
  };
  static_assert(std::is_same_v<net::completion_signature_of_t<decltype(operation)>,
                               void(std::tuple<int>) &&>);
}

TEST(Consign, KeepsValuesUntilTheHandlerIsGone) {
  const auto life = std::make_shared<int>(0);
  {
    auto operation = async_twice(1, net::consign(net::deferred, life));
    EXPECT_EQ(life.use_count(), 2);
    long during = 0;
    std::move(operation)([&](int, std::string) { during = life.use_count(); });
    EXPECT_GE(during, 2);
  }
  EXPECT_EQ(life.use_count(), 1);
}

TEST(Detached, TakesAnyResults) {
  async_twice(1, net::detached);
  static_assert(std::is_void_v<decltype(async_twice(1, net::detached))>);
  static_assert(net::completion_token_for<net::detached_t, void(int), void(std::string)>);
  EXPECT_EQ(executor_number, -1);
  async_twice(1, net::bind_executor(numbered_executor{3}, net::detached));
  EXPECT_EQ(executor_number, 3);
  const net::detached_t::executor_with_default<numbered_executor> executor(numbered_executor{2});
  EXPECT_EQ(executor, numbered_executor{2});
}

TEST(Detached, CanBeUsedByHand) {
  using result = net::async_result<net::detached_t, void(int)>;
  result::completion_handler_type handler(net::detached);
  result joined(handler);
  handler(1);
  joined.get();
}

TEST(Tokens, ForwardWhatIsAssociatedWithTheHandler) {
  const auto handler = net::bind_executor(numbered_executor{3}, [](auto&&...) {});
  async_twice(1, net::append(handler, 1));
  EXPECT_EQ(std::exchange(executor_number, 0), 3);
  async_twice(1, net::prepend(handler, 1));
  EXPECT_EQ(std::exchange(executor_number, 0), 3);
  async_twice(1, net::consign(handler, 1));
  EXPECT_EQ(std::exchange(executor_number, 0), 3);
  async_twice(1, net::as_tuple(handler));
  EXPECT_EQ(std::exchange(executor_number, 0), 3);
}

TEST(Tokens, CanBeNested) {
  std::string got;
  async_twice(1, net::append(net::as_tuple(net::prepend(
                                 [&](int first, std::tuple<int, std::string, char> rest) {
                                   got = std::to_string(first) + std::to_string(std::get<0>(rest)) +
                                         std::get<2>(rest);
                                 },
                                 7)),
                             'x'));
  EXPECT_EQ(got, "72x");
}

TEST(Tokens, CanBeDeferredAndStartedAgain) {
  const auto operation = async_twice(1, net::append(net::prepend(net::deferred, 3), 5));
  int sum = 0;
  const auto add = [&](int a, int b, std::string, int c) { sum += a + b + c; };
  operation(add);
  operation(add);
  EXPECT_EQ(sum, 20);
}

TEST(Tokens, LvaluesKeepWhatTheyHold) {
  std::string got;
  auto token =
      net::append([&](int, std::string, std::string more) { got += more; }, std::string("again "));
  async_twice(1, token);
  async_twice(1, token);
  async_twice(1, std::as_const(token));
  EXPECT_EQ(got, "again again again ");
}

TEST(Placeholders, NameTheArgumentsOfABoundFunction) {
  std::string got;
  const auto store = [&](std::string text, int value) { got = text + std::to_string(value); };
  async_twice(1, std::bind(store, net::placeholders::bytes_transferred, net::placeholders::error));
  EXPECT_EQ(got, "text2");
  static_assert(std::is_placeholder_v<decltype(net::placeholders::error)> == 1);
  static_assert(std::is_placeholder_v<decltype(net::placeholders::results)> == 2);
  static_assert(std::is_placeholder_v<decltype(net::placeholders::iterator)> == 2);
  static_assert(std::is_placeholder_v<decltype(net::placeholders::endpoint)> == 2);
  static_assert(std::is_placeholder_v<decltype(net::placeholders::signal_number)> == 2);
}

}  // namespace
