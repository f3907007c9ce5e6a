// SPDX-License-Identifier: BSL-1.0
//
// as_single, and what is said of parallel operations.
#include <gtest/gtest.h>

#include <asio/async_result.hpp>
#include <asio/bind_executor.hpp>
#include <asio/error.hpp>
#include <asio/experimental/as_single.hpp>
#include <asio/experimental/cancellation_condition.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace {

using asio::experimental::as_single;

// Completes at once with its arguments.
template <typename Signature, typename Token, typename... Args>
auto complete(Token&& token, Args&&... args) {
  return asio::async_initiate<Token, Signature>(
      [](auto&& handler, auto&&... results) {
        std::move(handler)(std::forward<decltype(results)>(results)...);
      },
      token, std::forward<Args>(args)...);
}

TEST(AsSingle, LeavesOneResultAndNone) {
  int calls = 0;
  complete<void()>(as_single([&] { ++calls; }));
  std::unique_ptr<int> one;
  complete<void(std::unique_ptr<int>)>(
      as_single([&](std::unique_ptr<int> result) { one = std::move(result); }),
      std::make_unique<int>(5));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(*one, 5);
}

TEST(AsSingle, PacksSeveral) {
  std::tuple<asio::error_code, std::string> two;
  complete<void(asio::error_code, const std::string&)>(
      as_single([&](std::tuple<asio::error_code, std::string> results) { two = results; }),
      asio::error::eof, "text");
  EXPECT_EQ(std::get<0>(two), asio::error::eof);
  EXPECT_EQ(std::get<1>(two), "text");
}

TEST(AsSingle, RunsWhereTheHandlerDoes) {
  asio::io_context context, other;
  asio::steady_timer timer(context, std::chrono::milliseconds(0));
  bool ran = false;
  timer.async_wait(as_single(asio::bind_executor(other, [&](asio::error_code) { ran = true; })));
  context.run();
  EXPECT_FALSE(ran);
  other.run();
  EXPECT_TRUE(ran);
}

TEST(AsSingle, IsADefaultToken) {
  using token = asio::experimental::as_single_t<asio::use_future_t<>>;
  asio::io_context context;
  auto timer = token::as_default_on(asio::steady_timer(context));
  timer.expires_after(std::chrono::milliseconds(0));
  std::future<void> expired = timer.async_wait();
  context.run();
  EXPECT_NO_THROW(expired.get());
}

TEST(CancellationCondition, DependsOnTheFirstResult) {
  using namespace asio::experimental;
  const asio::error_code failed = asio::error::eof, ok;
  const auto none = asio::cancellation_type::none, all = asio::cancellation_type::all;
  EXPECT_EQ(wait_for_all()(failed, 1), none);
  EXPECT_EQ(wait_for_one()(failed, 1), all);
  EXPECT_EQ(wait_for_one(asio::cancellation_type::partial)(), asio::cancellation_type::partial);
  EXPECT_EQ(wait_for_one_success()(), all);
  EXPECT_EQ(wait_for_one_success()(ok, 1), all);
  EXPECT_EQ(wait_for_one_success()(failed, 1), none);
  EXPECT_EQ(wait_for_one_success()(1, failed), all);
  EXPECT_EQ(wait_for_one_success()(std::make_exception_ptr(1)), none);
  EXPECT_EQ(wait_for_one_error()(), none);
  EXPECT_EQ(wait_for_one_error()(ok, 1), none);
  EXPECT_EQ(wait_for_one_error()(failed), all);
  EXPECT_EQ(wait_for_one_error()(1, failed), none);
  EXPECT_EQ(wait_for_one_error()(std::exception_ptr()), none);
}

}  // namespace
