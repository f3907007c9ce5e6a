// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/async_operation.h"
#include "net/async/async_result.h"
#include "net/async/completion_signature.h"
#include "net/async/sample_types.h"

namespace {

using nettest::older_token;

// A token of the present style, which returns the number of signatures.
struct counting_token {};

// One that has a specialisation for a plain signature only.
struct plain_token {};

}  // namespace

namespace NET_NAMESPACE {

template <typename... Signatures>
class async_result<counting_token, Signatures...> {
 public:
  template <typename Initiation, typename... Args>
  static std::size_t initiate(Initiation&&, counting_token, Args&&...) {
    return sizeof...(Signatures);
  }
};

template <>
class async_result<plain_token, void(int)> {
 public:
  template <typename Initiation, typename... Args>
  static std::string initiate(Initiation&&, plain_token, Args&&...) {
    return "plain";
  }
};

}  // namespace NET_NAMESPACE

namespace {

struct takes_int {
  void operator()(int) {}
};
struct takes_int_as_lvalue {
  void operator()(int) & {}
};
struct takes_int_as_rvalue {
  void operator()(int) && {}
};

TEST(CompletionSignature, HasEveryQualifier) {
  static_assert(net::completion_signature<void(int)>);
  static_assert(net::completion_signature<void(int)&>);
  static_assert(net::completion_signature<void(int) &&>);
  static_assert(net::completion_signature<void(int) noexcept>);
  static_assert(net::completion_signature<void(int)& noexcept>);
  static_assert(net::completion_signature<void(int)&& noexcept>);
  static_assert(!net::completion_signature<int>);
  static_assert(!net::completion_signature<void (*)(int)>);
}

TEST(CompletionHandlerFor, IsCalledAsTheSignatureSays) {
  static_assert(net::completion_handler_for<takes_int, void(int)>);
  static_assert(net::completion_handler_for<takes_int&, void(int)>);
  static_assert(net::completion_handler_for<takes_int, void(int)&, void(int)&& noexcept>);
  static_assert(!net::completion_handler_for<takes_int, void(std::string)>);
  static_assert(!net::completion_handler_for<takes_int, void(int), void(std::string)>);
  static_assert(net::completion_handler_for<takes_int_as_rvalue, void(int)>);
  static_assert(net::completion_handler_for<takes_int_as_rvalue, void(int) &&>);
  static_assert(!net::completion_handler_for<takes_int_as_rvalue, void(int)&>);
  static_assert(net::completion_handler_for<takes_int_as_lvalue, void(int)& noexcept>);
  static_assert(!net::completion_handler_for<takes_int_as_lvalue, void(int) &&>);
  static_assert(!net::completion_handler_for<takes_int>);
  static_assert(net::completion_handler_for<void (*)(int), void(int)>);
}

template <typename Token>
auto async_twice(int value, Token&& token) {
  return net::async_initiate<Token, void(int)>(
      [](auto handler, int what) { std::move(handler)(2 * what); }, token, value);
}

template <typename Token>
auto async_twice_deduced(int value, Token&& token) {
  return net::async_initiate<void(int)>(
      [](auto handler, int what) { std::move(handler)(2 * what); }, std::forward<Token>(token),
      value);
}

TEST(AsyncInitiate, TakesAHandlerForAToken) {
  int got = 0;
  async_twice(4, [&](int value) { got = value; });
  EXPECT_EQ(got, 8);
  const auto store = [&](int value) { got = value; };
  async_twice_deduced(5, store);
  EXPECT_EQ(got, 10);
  static_assert(std::is_void_v<decltype(async_twice(1, store))>);
}

int function_result = 0;
void function_handler(int value) { function_result = value; }

TEST(AsyncInitiate, TakesAFunction) {
  async_twice(1, function_handler);
  EXPECT_EQ(function_result, 2);
  async_twice(2, &function_handler);
  EXPECT_EQ(function_result, 4);
  async_twice_deduced(3, function_handler);
  EXPECT_EQ(function_result, 6);
}

TEST(AsyncInitiate, MovesAHandlerThatCannotBeCopied) {
  int got = 0;
  async_twice(4, [&, life = std::make_unique<int>(1)](int value) { got = value + *life; });
  EXPECT_EQ(got, 9);
}

TEST(AsyncInitiate, TakesTokensOfTheOlderStyle) {
  int result = 0;
  EXPECT_EQ(async_twice(4, older_token{&result}), 9);
  EXPECT_EQ(result, 8);
  const older_token token{&result};
  EXPECT_EQ(async_twice_deduced(5, token), 11);
}

TEST(AsyncInitiate, TakesManySignaturesOrNone) {
  const auto nothing = [](auto&&...) {};
  EXPECT_EQ((net::async_initiate<void(), void(int)>(nothing, counting_token())), 2u);
  EXPECT_EQ(net::async_initiate<>(nothing, counting_token()), 0u);
  counting_token token;
  EXPECT_EQ((net::async_initiate<counting_token>(nothing, token)), 0u);
  EXPECT_EQ((net::async_initiate<counting_token&, void(), void(), void()>(nothing, token)), 3u);
}

TEST(AsyncInitiate, PlainSpecialisationServesRvalueSignatures) {
  plain_token token;
  const auto nothing = [](auto&&...) {};
  EXPECT_EQ((net::async_initiate<plain_token, void(int) &&>(nothing, token)), "plain");
  EXPECT_EQ((net::async_initiate<plain_token, void(int)&& noexcept>(nothing, token)), "plain");
  static_assert(!net::completion_token_for<plain_token, void(int)&>);
}

TEST(AsyncCompletion, JoinsHandlerAndResult) {
  int result = 0;
  older_token token{&result};
  net::async_completion<older_token, void(int)> completion(token);
  completion.completion_handler(3);
  EXPECT_EQ(completion.result.get(), 4);
  // A token that is the handler is referred to, not copied.
  takes_int handler;
  net::async_completion<takes_int, void(int)> same(handler);
  EXPECT_EQ(&same.completion_handler, &handler);
  same.result.get();
}

TEST(CompletionTokenFor, IsWhatAnOperationCanBeStartedWith) {
  static_assert(net::completion_token_for<takes_int, void(int)>);
  static_assert(net::completion_token_for<takes_int&, void(int)>);
  static_assert(!net::completion_token_for<takes_int, void(std::string)>);
  static_assert(!net::completion_token_for<takes_int, int>);
  static_assert(net::completion_token_for<older_token, void(int)>);
  static_assert(net::completion_token_for<counting_token, void(int), void()>);
  static_assert(net::completion_token_for<counting_token>);
}

template <typename T>
concept has_one_signature = requires { typename net::completion_signature_of<T>::type; };

TEST(AsyncOperation, IsFoundOutByAsking) {
  const auto twice = [](int value, auto&& token) {
    return async_twice(value, std::forward<decltype(token)>(token));
  };
  const auto wait = [&](auto token) { return async_twice(1, token); };
  const auto many = [](auto token) {
    return net::async_initiate<void(), void(int) &&>([](auto&&...) {}, token);
  };
  const auto none = [](auto&&) { return 5; };
  static_assert(net::is_async_operation<decltype(wait)>::value);
  static_assert(net::async_operation<decltype(twice), int>);
  static_assert(!net::async_operation<decltype(none)>);
  static_assert(!net::async_operation<int>);
  static_assert(std::is_same_v<net::completion_signature_of_t<decltype(wait)>, void(int)>);
  static_assert(std::is_same_v<net::completion_signature_of_t<decltype(twice), int>, void(int)>);
  static_assert(!has_one_signature<decltype(many)>);
  static_assert(has_one_signature<decltype(wait)>);
}

}  // namespace
