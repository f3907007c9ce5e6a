// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/async_result.h"
#include "net/async/bind_executor.h"
#include "net/async/cancellation_type.h"
#include "net/async/use_future.h"
#include "net/error.h"
#include "net/experimental/as_single.h"
#include "net/experimental/cancellation_condition.h"
#include "net/io_context.h"
#include "net/timer/steady_timer.h"

namespace net::experimental {
namespace {

using std::chrono::milliseconds;

// Completes at once with its arguments.
template <typename Signature, typename Token, typename... Args>
auto complete(Token&& token, Args&&... args) {
  return async_initiate<Token, Signature>(
      [](auto&& handler, auto&&... results) {
        std::move(handler)(std::forward<decltype(results)>(results)...);
      },
      token, std::forward<Args>(args)...);
}

TEST(AsSingle, PacksSeveralResultsAndLeavesOne) {
  int none = 0;
  complete<void()>(as_single([&] { ++none; }));
  EXPECT_EQ(none, 1);

  std::unique_ptr<int> one;
  complete<void(std::unique_ptr<int>)>(
      as_single([&](std::unique_ptr<int> result) { one = std::move(result); }),
      std::make_unique<int>(5));
  EXPECT_EQ(*one, 5);

  std::tuple<error_code, std::string> two;
  complete<void(error_code, const std::string&)>(
      as_single([&](std::tuple<error_code, std::string> results) { two = std::move(results); }),
      error::eof, "text");
  EXPECT_EQ(two, std::tuple(error_code(error::eof), std::string("text")));
}

TEST(AsSingle, SaysSoInTheSignature) {
  EXPECT_TRUE((std::is_same_v<internal::as_single_signature<void(int&)>, void(int&)>));
  EXPECT_TRUE((std::is_same_v<internal::as_single_signature<void() noexcept>, void() noexcept>));
  EXPECT_TRUE((std::is_same_v<internal::as_single_signature<void(int&, const long&)&>,
                              void(std::tuple<int, long>)&>));
}

TEST(AsSingle, IsAssociatedWithWhatTheHandlerIs) {
  io_context context;
  auto bound = bind_executor(context, [](int) {});
  const internal::as_single_handler<decltype(bound)> handler(bound);
  EXPECT_TRUE(get_associated_executor(handler) == context.get_executor());
}

TEST(AsSingle, AdaptsAsADefaultToken) {
  io_context context;
  auto timer = as_single_t<use_future_t<>>::as_default_on(steady_timer(context));
  timer.expires_after(milliseconds(0));
  std::future<void> expired = timer.async_wait();
  context.run();
  EXPECT_NO_THROW(expired.get());
}

TEST(CancellationCondition, DependsOnTheFirstResult) {
  const error_code failed = error::eof;
  const error_code ok;
  constexpr auto none = cancellation_type::none;
  constexpr auto all = cancellation_type::all;
  EXPECT_EQ(wait_for_all()(failed, 1), none);
  EXPECT_EQ(wait_for_one()(failed, 1), all);
  EXPECT_EQ(wait_for_one()(), all);
  EXPECT_EQ(wait_for_one(cancellation_type::partial)(1), cancellation_type::partial);

  EXPECT_EQ(wait_for_one_success()(), all);
  EXPECT_EQ(wait_for_one_success()(ok, 1), all);
  EXPECT_EQ(wait_for_one_success()(failed, 1), none);
  EXPECT_EQ(wait_for_one_success()(1, failed), all);
  EXPECT_EQ(wait_for_one_success()(std::make_exception_ptr(1)), none);

  EXPECT_EQ(wait_for_one_error()(), none);
  EXPECT_EQ(wait_for_one_error()(ok, 1), none);
  EXPECT_EQ(wait_for_one_error(cancellation_type::total)(failed), cancellation_type::total);
  EXPECT_EQ(wait_for_one_error()(1, failed), none);
  EXPECT_EQ(wait_for_one_error()(std::exception_ptr()), none);
}

}  // namespace
}  // namespace net::experimental
