// SPDX-License-Identifier: BSL-1.0
//
// What is known of an operation without starting it, and signatures of every kind.
#include <gtest/gtest.h>

#include <asio/async_result.hpp>
#include <asio/deferred.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace {

struct counts {
  template <typename Handler>
  void operator()(Handler&& handler, int n) const {
    std::forward<Handler>(handler)(n);
  }
};

TEST(AsyncOperation, IsRecognisedWithItsSignature) {
  asio::io_context context;
  asio::steady_timer timer(context);
  auto wait = timer.async_wait(asio::deferred);
  EXPECT_TRUE(asio::is_async_operation<decltype(wait)>::value);
  EXPECT_TRUE((
      std::is_same_v<asio::completion_signature_of<decltype(wait)>::type, void(asio::error_code)>));
  auto generic = [&](auto&& token) {
    return timer.async_wait(std::forward<decltype(token)>(token));
  };
  EXPECT_TRUE(asio::is_async_operation<decltype(generic)>::value);
  EXPECT_TRUE(
      (std::is_same_v<asio::completion_signature_of_t<decltype(generic)>, void(asio::error_code)>));
  EXPECT_FALSE(asio::is_async_operation<int>::value);
}

TEST(AsyncInitiate, TakesSignaturesOfEveryKind) {
  int sum = 0;
  const auto add = [&](int n) noexcept { sum += n; };
  asio::async_initiate<decltype(add)&, void(int) noexcept>(counts(), add, 1);
  asio::async_initiate<decltype(add)&, void(int)&>(counts(), add, 2);
  asio::async_initiate<decltype(add), void(int) &&>(counts(), add, 4);
  EXPECT_EQ(sum, 7);
}

TEST(AsyncInitiate, DeducesTheTokensType) {
  int got = 0;
  auto handler = [&](int n) { got = n; };
  asio::async_initiate<void(int)>(counts(), handler, 5);
  EXPECT_EQ(got, 5);
  std::future<int> future = asio::async_initiate<void(int)>(counts(), asio::use_future, 6);
  EXPECT_EQ(future.get(), 6);
}

TEST(AsyncInitiate, PassesArgumentsThatCannotBeCopied) {
  int got = 0;
  auto wait = asio::async_initiate<const asio::deferred_t&, void(int)>(
      [](auto handler, std::unique_ptr<int> p) { std::move(handler)(*p); }, asio::deferred,
      std::make_unique<int>(8));
  std::move(wait)([&](int n) { got = n; });
  EXPECT_EQ(got, 8);
}

}  // namespace
