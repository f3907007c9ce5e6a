// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/future.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;
using nettest::run_fiber;

std::future_errc broken(auto function) {
  try {
    function();
  } catch (const std::future_error& error) {
    return static_cast<std::future_errc>(error.code().value());
  }
  return {};
}

TEST(Future, AsyncBringsWhatTheFunctionReturns) {
  run_fiber([] {
    net::future<int> number = net::async([] {
      net::this_fiber::yield();
      return 7;
    });
    EXPECT_TRUE(number.valid());
    EXPECT_FALSE(number.is_ready());
    EXPECT_EQ(number.get(), 7);
    EXPECT_FALSE(number.valid());
    auto pointer = net::async({.name = "named"}, [] { return std::make_unique<int>(8); });
    EXPECT_EQ(*pointer.get(), 8);
    int variable = 9;
    net::future<int&> reference = net::async([&]() -> int& { return variable; });
    EXPECT_EQ(&reference.get(), &variable);
    net::future<void> nothing = net::async([&] { variable = 10; });
    nothing.get();
    EXPECT_EQ(variable, 10);
  });
}

TEST(Future, AsyncRunsOnAContextOrAnExecutor) {
  net::io_context context;
  net::future<std::string> one = net::async(context, [] { return std::string("one"); });
  const net::io_context::executor_type executor = context.get_executor();
  net::future<std::string> two =
      net::async(executor, {.name = "named"}, [] { return std::string("two"); });
  std::thread runner([&] { context.run(); });
  EXPECT_EQ(one.get(), "one");
  two.wait();
  EXPECT_TRUE(two.is_ready());
  EXPECT_EQ(two.get(), "two");
  runner.join();
}

TEST(Future, GetRethrowsWhatTheFunctionThrew) {
  run_fiber([] {
    net::future<int> result = net::async([]() -> int { throw std::runtime_error("thrown"); });
    EXPECT_THROW(result.get(), std::runtime_error);
    EXPECT_FALSE(result.valid());
  });
}

TEST(Future, CancelCancelsTheFiber) {
  run_fiber([] {
    net::event never;
    net::future<bool> result = net::async([&](std::stop_token stop) {
      net::error_code ec;
      never.wait(ec);
      return stop.stop_requested() && ec == net::error::operation_aborted;
    });
    net::this_fiber::yield();
    result.cancel();
    EXPECT_TRUE(result.get());
    std::stop_source stop;
    net::future<void> other = net::async({.stop = stop.get_token()}, [&] {
      net::error_code ec;
      EXPECT_FALSE(never.wait(ec));
    });
    stop.request_stop();
    other.get();
  });
}

TEST(Future, FiberOfALostFutureRunsOn) {
  bool ran = false;
  run_fiber([&] {
    {
      auto lost = net::async([&] {
        net::this_fiber::yield();
        ran = !net::this_fiber::is_cancelled();
        return 1;
      });
    }
    EXPECT_FALSE(ran);
  });
  EXPECT_TRUE(ran);
}

TEST(Future, WaitsEndWithTheTimeOrTheFiber) {
  nettest::fake_clock clock;
  run_fiber([&] {
    net::promise<int> promise;
    net::future<int> result = promise.get_future();
    net::error_code ec;
    net::go([&] { clock.advance(1s); });
    EXPECT_FALSE(result.wait_for(1s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    const auto past = std::chrono::steady_clock::time_point::min();
    EXPECT_FALSE(result.wait_until(past, ec));
    EXPECT_EQ(result.wait_for(0s), net::future_status::timeout);
    EXPECT_EQ(result.wait_until(past), net::future_status::timeout);
    net::fiber child([&] {
      EXPECT_FALSE(result.wait(ec));
      EXPECT_THROW(result.get(), std::system_error);
      EXPECT_TRUE(result.valid());
    });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    promise.set_value(3);
    EXPECT_EQ(result.wait_for(0s), net::future_status::ready);
    EXPECT_EQ(result.get(), 3);
  });
}

TEST(Promise, IsKeptByAThread) {
  net::promise<std::string> promise;
  net::future<std::string> result = promise.get_future();
  std::thread other([mine = std::move(promise)]() mutable { mine.set_value("kept"); });
  EXPECT_EQ(result.get(), "kept");
  other.join();
}

TEST(Promise, BreaksWhenDestroyedUnkept) {
  std::optional<net::promise<int>> promise(std::in_place);
  net::future<int> result = promise->get_future();
  promise.reset();
  EXPECT_EQ(broken([&] { result.get(); }), std::future_errc::broken_promise);
  net::future<void> of_fiber;
  {
    net::event never;
    net::io_context context;
    of_fiber = net::async(context, [&] { never.wait(); });
    context.poll();
  }
  EXPECT_EQ(broken([&] { of_fiber.get(); }), std::future_errc::broken_promise);
}

TEST(Promise, MisuseThrows) {
  net::promise<int> promise;
  net::future<int> result = promise.get_future();
  EXPECT_EQ(broken([&] { (void)promise.get_future(); }),
            std::future_errc::future_already_retrieved);
  promise.set_value(1);
  EXPECT_EQ(broken([&] { promise.set_value(2); }), std::future_errc::promise_already_satisfied);
  EXPECT_EQ(broken([&] { promise.set_exception(nullptr); }),
            std::future_errc::promise_already_satisfied);
  net::promise<int> other(std::move(promise));
  EXPECT_EQ(broken([&] { promise.set_value(3); }), std::future_errc::no_state);
  other = net::promise<int>();
  EXPECT_EQ(result.get(), 1);
}

TEST(Promise, TellsOfACancelledFuture) {
  net::promise<void> promise;
  std::stop_source stop;
  promise.set_stop_source(stop);
  const net::future<void> result = promise.get_future();
  result.cancel();
  EXPECT_TRUE(stop.stop_requested());
}

#if GTEST_HAS_DEATH_TEST

TEST(FutureDeathTest, UsingOneWithoutAPromiseAborts) {
  EXPECT_DEATH(net::future<int>().wait(), "has no promise, or was got already");
}

#endif

}  // namespace
