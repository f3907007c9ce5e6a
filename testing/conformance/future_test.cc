// SPDX-License-Identifier: BSL-1.0
//
// Futures and variables instead of handlers: use_future, packaged tasks, redirect_error.
#include <gtest/gtest.h>

#include <asio/async_result.hpp>
#include <asio/bind_executor.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/packaged_task.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/system_error.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

namespace {

using asio::error_code;

// Completes at once with the arguments it was started with.
template <typename Signature, typename Token, typename... Args>
auto async_echo(Token&& token, Args... args) {
  return asio::async_initiate<Token, Signature>(
      [](auto&& handler, auto&&... results) {
        std::move(handler)(std::forward<decltype(results)>(results)...);
      },
      token, std::move(args)...);
}

template <typename Signature>
using future_of = typename asio::async_result<asio::use_future_t<>, Signature>::return_type;
static_assert(std::is_same_v<future_of<void()>, std::future<void>>);
static_assert(std::is_same_v<future_of<void(error_code)>, std::future<void>>);
static_assert(std::is_same_v<future_of<void(std::exception_ptr)>, std::future<void>>);
static_assert(std::is_same_v<future_of<void(int)>, std::future<int>>);
static_assert(std::is_same_v<future_of<void(error_code, int)>, std::future<int>>);
static_assert(std::is_same_v<future_of<void(int, char)>, std::future<std::tuple<int, char>>>);
static_assert(
    std::is_same_v<future_of<void(error_code, int, char)>, std::future<std::tuple<int, char>>>);

TEST(UseFuture, HasTheResults) {
  async_echo<void()>(asio::use_future).get();
  EXPECT_EQ(async_echo<void(int)>(asio::use_future, 42).get(), 42);
  EXPECT_EQ(async_echo<void(error_code, int)>(asio::use_future, error_code(), 42).get(), 42);
  EXPECT_EQ((async_echo<void(std::exception_ptr, int, char)>(asio::use_future, std::exception_ptr(),
                                                             1, 'c')
                 .get()),
            std::make_tuple(1, 'c'));
}

TEST(UseFuture, ErrorsAreExceptions) {
  auto failed =
      async_echo<void(error_code, int)>(asio::use_future, error_code(asio::error::eof), 1);
  try {
    failed.get();
    FAIL();
  } catch (const asio::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::eof);
  }
  EXPECT_THROW(
      async_echo<void(std::exception_ptr)>(asio::use_future, std::make_exception_ptr(1)).get(),
      int);
}

TEST(UseFuture, PromiseIsBrokenIfTheHandlerIsNeverCalled) {
  std::future<void> result;
  {
    asio::io_context context;
    result = asio::post(context, asio::use_future);
  }
  EXPECT_THROW(result.get(), std::future_error);
}

TEST(UseFuture, PackagesAFunction) {
  const auto f = [](error_code ec, int i) { return ec ? std::string("error") : std::to_string(i); };
  EXPECT_EQ(async_echo<void(error_code, int)>(asio::use_future(f), error_code(), 5).get(), "5");
  EXPECT_EQ(
      async_echo<void(error_code, int)>(asio::use_future(f), error_code(asio::error::eof), 5).get(),
      "error");
  auto failed = async_echo<void()>(asio::use_future([]() -> int { throw std::logic_error("no"); }));
  EXPECT_THROW(failed.get(), std::logic_error);
}

TEST(UseFuture, PostedFunctionsExceptionIsTheFutures) {
  asio::io_context context;
  std::future<int> result =
      asio::post(context, asio::use_future([]() -> int { throw std::logic_error("no"); }));
  EXPECT_NE(context.run(), 0u);
  EXPECT_THROW(result.get(), std::logic_error);
}

TEST(UseFuture, IsReadyOnceTheContextHasRun) {
  asio::io_context context;
  std::future<void> result = asio::post(context, asio::use_future);
  EXPECT_EQ(result.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  std::thread other([&] { context.run(); });
  result.get();
  other.join();
}

template <typename T>
struct counting_allocator {
  using value_type = T;
  explicit counting_allocator(int* to) : live(to) {}
  template <typename U>
  counting_allocator(const counting_allocator<U>& other) noexcept : live(other.live) {}
  T* allocate(std::size_t n) {
    ++*live;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* memory, std::size_t n) {
    --*live;
    std::allocator<T>().deallocate(memory, n);
  }
  template <typename U>
  bool operator==(const counting_allocator<U>& other) const noexcept {
    return live == other.live;
  }
  template <typename U>
  bool operator!=(const counting_allocator<U>& other) const noexcept {
    return live != other.live;
  }
  int* live;
};

TEST(UseFuture, AllocatorMakesTheState) {
  int live = 0;
  {
    auto token = asio::use_future.rebind(counting_allocator<char>(&live));
    auto result = async_echo<void(int)>(token, 3);
    EXPECT_GT(live, 0);
    EXPECT_EQ(result.get(), 3);
  }
  EXPECT_EQ(live, 0);
}

TEST(PackagedTask, ReturnsItsFuture) {
  asio::io_context context;
  std::packaged_task<int()> task([] { return 42; });
  std::future<int> result = asio::post(context, std::move(task));
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(result.get(), 42);
  std::packaged_task<int(error_code, int)> failing(
      [](error_code, int) -> int { throw std::logic_error("no"); });
  auto failed = async_echo<void(error_code, int)>(std::move(failing), error_code(), 1);
  EXPECT_THROW(failed.get(), std::logic_error);
}

TEST(RedirectError, StoresTheErrorAndPassesOnTheRest) {
  error_code ec;
  int result = 0;
  async_echo<void(error_code, int)>(asio::redirect_error([&](int i) { result = i; }, ec),
                                    error_code(asio::error::eof), 42);
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(result, 42);
  async_echo<void(error_code)>(asio::redirect_error([&] { result = 0; }, ec), error_code());
  EXPECT_FALSE(ec);
  EXPECT_EQ(result, 0);
}

TEST(RedirectError, MakesAFutureThatDoesNotThrow) {
  error_code ec;
  std::future<int> result = async_echo<void(error_code, int)>(
      asio::redirect_error(asio::use_future, ec), error_code(asio::error::eof), 42);
  EXPECT_EQ(result.get(), 42);
  EXPECT_EQ(ec, asio::error::eof);
}

TEST(RedirectError, HandlerKeepsItsExecutor) {
  asio::io_context context;
  asio::io_context own;
  error_code ec = asio::error::eof;
  bool called = false;
  asio::post(context, asio::redirect_error(asio::bind_executor(own, [&] { called = true; }), ec));
  EXPECT_EQ(context.run(), 1u);
  EXPECT_FALSE(called);
  EXPECT_EQ(own.run(), 1u);
  EXPECT_TRUE(called);
  EXPECT_EQ(ec, asio::error::eof);  // there was no error to store
}

}  // namespace
