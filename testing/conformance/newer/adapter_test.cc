// SPDX-License-Identifier: BSL-1.0
//
// Tokens that change what a handler gets, deferred operations, and functions that are posted with a token.
#include <gtest/gtest.h>

#include <asio/append.hpp>
#include <asio/as_tuple.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_immediate_executor.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/bind_executor.hpp>
#include <asio/bind_immediate_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/consign.hpp>
#include <asio/default_completion_token.hpp>
#include <asio/defer.hpp>
#include <asio/deferred.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/immediate.hpp>
#include <asio/inline_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/placeholders.hpp>
#include <asio/post.hpp>
#include <asio/prepend.hpp>
#include <asio/redirect_disposition.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace {

using namespace std::chrono_literals;
using asio::deferred;

struct Adapter : testing::Test {
  asio::io_context context;
  asio::steady_timer timer{context, asio::steady_timer::clock_type::now()};
  std::size_t run() {
    context.restart();
    return context.run();
  }
};

// --- More or other results ------------------------------------------------------------------------

TEST_F(Adapter, AppendAndPrependAddValues) {
  std::string seen;
  timer.async_wait(
      asio::append([&](asio::error_code ec, int a,
                       std::string b) { seen += std::to_string(a) + b + (ec ? "!" : ""); },
                   1, "x"));
  timer.async_wait(asio::prepend([&](int a, asio::error_code) { seen += std::to_string(a); }, 2));
  run();
  EXPECT_EQ(seen, "1x2");
  std::future<std::tuple<int>> future;
  auto both = asio::post(context, asio::append(asio::use_future, 5, 6));
  run();
  EXPECT_EQ(both.get(), std::make_tuple(5, 6));
}

TEST_F(Adapter, AsTupleMakesOneOfAll) {
  bool called = false;
  timer.async_wait(
      asio::as_tuple([&](std::tuple<asio::error_code> all) { called = !std::get<0>(all); }));
  run();
  EXPECT_TRUE(called);
  auto future = timer.async_wait(asio::as_tuple(asio::use_future));
  run();
  EXPECT_FALSE(std::get<0>(future.get()));
}

TEST_F(Adapter, ConsignKeepsWhatItIsGivenUntilTheCall) {
  auto alive = std::make_shared<int>(1);
  long inside = 0;
  timer.async_wait(asio::consign([&](asio::error_code) { inside = alive.use_count(); }, alive));
  EXPECT_EQ(alive.use_count(), 2);
  run();
  EXPECT_EQ(inside, 2);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(Adapter, RedirectingTakesTheErrorAway) {
  asio::error_code ec;
  bool called = false;
  timer.expires_after(1h);
  timer.async_wait(asio::redirect_error([&] { called = true; }, ec));
  timer.cancel();
  run();
  EXPECT_TRUE(called);
  EXPECT_EQ(ec, asio::error::operation_aborted);
  std::exception_ptr why;
  timer.async_wait(asio::redirect_disposition([&] { called = false; }, why));
  timer.cancel();
  run();
  EXPECT_FALSE(called);
  ASSERT_TRUE(why);
  EXPECT_THROW(std::rethrow_exception(why), asio::system_error);
}

// --- Deferred -------------------------------------------------------------------------------------

TEST_F(Adapter, DeferredStartsWhenItIsCalled) {
  auto wait = timer.async_wait(deferred);
  EXPECT_EQ(run(), 0u);
  int calls = 0;
  auto again = wait;
  wait([&](asio::error_code ec) { calls += ec ? 0 : 1; });
  std::move(again)([&](asio::error_code ec) { calls += ec ? 0 : 10; });
  EXPECT_EQ(run(), 2u);
  EXPECT_EQ(calls, 11);
}

TEST_F(Adapter, DeferredIsWhatThereIsWithoutAToken) {
  EXPECT_TRUE(
      (std::is_same_v<asio::default_completion_token_t<asio::any_io_executor>, asio::deferred_t>));
  auto wait = timer.async_wait();
  EXPECT_TRUE(asio::is_deferred<decltype(wait)>::value);
  bool called = false;
  wait([&](asio::error_code) { called = true; });
  run();
  EXPECT_TRUE(called);
}

TEST_F(Adapter, DeferredOperationsFollowEachOther) {
  asio::steady_timer second(context, asio::steady_timer::clock_type::now());
  std::string seen;
  auto both = timer.async_wait(deferred) | deferred([&](asio::error_code) {
                seen += "1";
                return second.async_wait(deferred);
              }) |
              deferred([&](asio::error_code ec) {
                seen += "2";
                return deferred.values(ec, 42);
              });
  EXPECT_TRUE(seen.empty());
  std::move(both)([&](asio::error_code ec, int n) { seen += std::to_string(n) + (ec ? "!" : ""); });
  run();
  EXPECT_EQ(seen, "1242");
}

TEST_F(Adapter, DeferredMayChoose) {
  std::string seen;
  const auto start = [&](bool which) {
    (timer.async_wait(deferred) | deferred([&, which](asio::error_code) {
       return deferred.when(which).then(deferred.values(1)).otherwise(deferred.values(2));
     }))([&](int n) { seen += std::to_string(n); });
    run();
  };
  start(true);
  start(false);
  EXPECT_EQ(seen, "12");
}

TEST_F(Adapter, PipesAdaptTheTokenThatFollows) {
  auto operation = timer.async_wait(asio::as_tuple(deferred));
  bool called = false;
  std::move(operation)([&](std::tuple<asio::error_code>) { called = true; });
  run();
  EXPECT_TRUE(called);
  auto future = timer.async_wait(deferred) | asio::use_future;
  run();
  future.get();
}

// --- Associations ---------------------------------------------------------------------------------

TEST_F(Adapter, BoundAllocatorIsTheOperations) {
  std::allocator<char> mine;
  auto handler = asio::bind_allocator(mine, [](asio::error_code) {});
  EXPECT_TRUE(
      (std::is_same_v<decltype(asio::get_associated_allocator(handler)), std::allocator<char>>));
  EXPECT_TRUE(handler.get_allocator() == mine);
  timer.async_wait(std::move(handler));
  EXPECT_EQ(run(), 1u);
}

TEST_F(Adapter, ImmediateExecutorIsWhereOneThatIsDoneAtOnceGoes) {
  asio::local::stream_protocol::socket one(context);
  asio::local::stream_protocol::socket two(context);
  asio::local::connect_pair(one, two);
  bool called = false;
  one.async_write_some(
      asio::buffer("x", 1),
      asio::bind_immediate_executor(asio::inline_executor(),
                                    [&](asio::error_code, std::size_t n) { called = n == 1; }));
  EXPECT_TRUE(called) << "inline, since the handler says that it may be";
  bool later = false;
  one.async_write_some(asio::buffer("x", 1), [&](asio::error_code, std::size_t) { later = true; });
  EXPECT_FALSE(later);
  run();
  EXPECT_TRUE(later);
}

TEST_F(Adapter, AsyncImmediateIsPostedUnlessItMayBeInline) {
  bool called = false;
  asio::async_immediate(context.get_executor(), [&] { called = true; });
  EXPECT_FALSE(called);
  run();
  EXPECT_TRUE(called);
  called = false;
  asio::async_immediate(
      context.get_executor(),
      asio::bind_immediate_executor(asio::inline_executor(), [&] { called = true; }));
  EXPECT_TRUE(called);
}

TEST_F(Adapter, PlaceholdersAreThoseOfTheStandard) {
  asio::error_code seen = asio::error::eof;
  const auto note = [&](asio::error_code ec) { seen = ec; };
  timer.async_wait(std::bind(note, asio::placeholders::error));
  run();
  EXPECT_FALSE(seen);
}

// --- Functions that are submitted with a token ----------------------------------------------------

TEST_F(Adapter, PostedFunctionsDeliverTheirResult) {
  std::string seen;
  asio::post([] { return std::make_unique<int>(4); }, context,
             [&](std::unique_ptr<int> p) { seen += std::to_string(*p); });
  asio::dispatch([] {}, context.get_executor(), [&] { seen += "d"; });
  std::future<int> deferred_one = asio::defer([] { return 7; }, context, asio::use_future);
  EXPECT_TRUE(seen.empty());
  run();
  EXPECT_EQ(seen, "4d");
  EXPECT_EQ(deferred_one.get(), 7);
}

}  // namespace
