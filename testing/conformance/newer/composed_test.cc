// SPDX-License-Identifier: BSL-1.0
//
// composed, any_completion_handler, dispositions.
#include <gtest/gtest.h>

#include <asio/any_completion_handler.hpp>
#include <asio/append.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/composed.hpp>
#include <asio/disposition.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "testing/support/counting_allocator.h"

namespace {

using namespace std::chrono_literals;

// --- composed -------------------------------------------------------------------------------------

// Waits as often as it is told to.
struct wait_often {
  asio::steady_timer& timer;
  int done = 0;
  template <typename Self>
  void operator()(Self& self, int times) {
    (*this)(self, asio::error_code(), times);
  }
  template <typename Self>
  void operator()(Self& self, asio::error_code ec, int left) {
    if (ec || left == 0) {
      self.complete(ec, done);
      return;
    }
    ++done;
    timer.async_wait(asio::append(std::move(self), left - 1));
  }
};

template <typename Token>
auto async_wait_often(asio::steady_timer& timer, int times, Token&& token) {
  return asio::async_initiate<Token, void(asio::error_code, int)>(
      asio::composed<void(asio::error_code, int)>(wait_often{timer}, timer), token, times);
}

struct Composed : testing::Test {
  asio::io_context context;
  asio::steady_timer timer{context, asio::steady_timer::clock_type::now()};
};

TEST_F(Composed, GetsItsArgumentsAndCompletes) {
  asio::error_code code = asio::error::fault;
  int count = 0;
  async_wait_often(timer, 3, [&](asio::error_code ec, int n) {
    code = ec;
    count = n;
  });
  context.run();
  EXPECT_FALSE(code);
  EXPECT_EQ(count, 3);
}

TEST_F(Composed, TakesOtherTokens) {
  std::future<int> future = async_wait_often(timer, 2, asio::use_future);
  context.run();
  EXPECT_EQ(future.get(), 2);
}

TEST_F(Composed, IsCancelledByTerminalOnly) {
  timer.expires_after(1h);
  asio::cancellation_signal signal;
  asio::error_code code;
  async_wait_often(
      timer, 1,
      asio::bind_cancellation_slot(signal.slot(), [&](asio::error_code ec, int) { code = ec; }));
  signal.emit(asio::cancellation_type::total);
  signal.emit(asio::cancellation_type::partial);
  EXPECT_EQ(context.poll(), 0u);
  signal.emit(asio::cancellation_type::terminal);
  context.run();
  EXPECT_EQ(code, asio::error::operation_aborted);
}

// --- any_completion_handler -----------------------------------------------------------------------

using any_handler = asio::any_completion_handler<void(asio::error_code, int)>;

TEST(AnyCompletionHandler, IsEmptyOrHoldsOne) {
  any_handler none;
  EXPECT_FALSE(none);
  EXPECT_TRUE(none == nullptr);
  int got = 0;
  any_handler some = [&, p = std::make_unique<int>(1)](asio::error_code, int n) { got = n + *p; };
  EXPECT_TRUE(some);
  any_handler moved = std::move(some);
  EXPECT_TRUE(some == nullptr);
  EXPECT_TRUE(moved != nullptr);
  std::move(moved)(asio::error_code(), 4);
  EXPECT_EQ(got, 5);
  EXPECT_TRUE(moved == nullptr);
}

TEST(AnyCompletionHandler, TakesOneBlockOfTheHandlersAllocator) {
  nettest::allocation_counts counts;
  {
    any_handler some =
        asio::bind_allocator(nettest::counting_allocator<char>(counts),
                             [&](asio::error_code, int) { EXPECT_EQ(counts.live, 0); });
    EXPECT_EQ(counts.made, 1);
    std::move(some)(asio::error_code(), 1);
    any_handler other = asio::bind_allocator(nettest::counting_allocator<char>(counts),
                                             [](asio::error_code, int) {});
    EXPECT_EQ(counts.live, 1);
  }
  EXPECT_EQ(counts.live, 0);
  EXPECT_EQ(counts.made, 2);
}

TEST(AnyCompletionHandler, HasTheAssociationsOfWhatIsInIt) {
  asio::io_context context;
  asio::cancellation_signal signal;
  any_handler some = asio::bind_executor(
      context.get_executor(),
      asio::bind_cancellation_slot(signal.slot(), [](asio::error_code, int) {}));
  EXPECT_TRUE(asio::get_associated_executor(some) ==
              asio::any_completion_executor(context.get_executor()));
  asio::cancellation_type seen = asio::cancellation_type::none;
  asio::get_associated_cancellation_slot(some).assign(
      [&](asio::cancellation_type type) { seen = type; });
  signal.emit(asio::cancellation_type::total);
  EXPECT_EQ(seen, asio::cancellation_type::total);
}

TEST(AnyCompletionHandler, IsAHandler) {
  asio::io_context context;
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  bool called = false;
  asio::any_completion_handler<void(asio::error_code)> some = [&](asio::error_code) {
    called = true;
  };
  timer.async_wait(std::move(some));
  context.run();
  EXPECT_TRUE(called);
}

// --- Dispositions ---------------------------------------------------------------------------------

TEST(Disposition, IsAnErrorCodeOrAnException) {
  EXPECT_TRUE(asio::error_code() == asio::no_error);
  EXPECT_TRUE(asio::error_code(asio::error::eof) != asio::no_error);
  EXPECT_TRUE(std::exception_ptr() == asio::no_error);
  EXPECT_TRUE(asio::is_disposition<asio::error_code>::value);
  EXPECT_TRUE(asio::is_disposition<std::exception_ptr>::value);
  EXPECT_FALSE(asio::is_disposition<int>::value);
  EXPECT_EQ(asio::to_exception_ptr(asio::error_code()), nullptr);
  EXPECT_NE(asio::to_exception_ptr(asio::error_code(asio::error::eof)), nullptr);
  EXPECT_THROW(asio::throw_exception(asio::error_code(asio::error::eof)), asio::system_error);
  EXPECT_THROW(asio::throw_exception(std::make_exception_ptr(3)), int);
}

}  // namespace

// A kind of outcome that the program declares.
enum class verdict { fine, bad };
struct bad_verdict {};

namespace asio {
template <>
struct disposition_traits<verdict> {
  static bool not_an_error(verdict v) noexcept { return v == verdict::fine; }
  static void throw_exception(verdict) { throw bad_verdict(); }
  static std::exception_ptr to_exception_ptr(verdict v) noexcept {
    return v == verdict::fine ? std::exception_ptr() : std::make_exception_ptr(bad_verdict());
  }
};
}  // namespace asio

namespace {

TEST(Disposition, OfTheUsersIsAnExceptionInAFuture) {
  EXPECT_TRUE(asio::is_disposition<verdict>::value);
  asio::io_context context;
  const auto operation = [&](verdict v, auto token) {
    return asio::async_initiate<decltype(token), void(verdict, int)>(
        [&context](auto handler, verdict w) {
          asio::post(context,
                     [handler = std::move(handler), w]() mutable { std::move(handler)(w, 3); });
        },
        token, v);
  };
  std::future<int> good = operation(verdict::fine, asio::use_future);
  std::future<int> bad = operation(verdict::bad, asio::use_future);
  context.run();
  EXPECT_EQ(good.get(), 3);
  EXPECT_THROW(bad.get(), bad_verdict);
}

}  // namespace
