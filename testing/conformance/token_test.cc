// SPDX-License-Identifier: BSL-1.0
//
// Tokens on the operations of the library: detached ones, bound functions, futures, defaults of an object.
#include <gtest/gtest.h>

#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/defer.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/streambuf.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using namespace std::chrono_literals;
using asio::local::stream_protocol;

struct Token : testing::Test {
  asio::io_context context;
  stream_protocol::socket one{context};
  stream_protocol::socket two{context};
  char bytes[8] = {};

  void SetUp() override { asio::local::connect_pair(one, two); }
  void run() {
    context.restart();
    context.run();
  }
};

// --- Nobody waits ---------------------------------------------------------------------------------

TEST_F(Token, DetachedGoesOnAlone) {
  asio::async_write(one, asio::buffer("abc", 3), asio::detached);
  asio::async_read(two, asio::buffer(bytes, 3), asio::detached);
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  timer.async_wait(asio::detached);
  asio::post(context, asio::detached);
  asio::dispatch(context, asio::detached);
  asio::defer(context, asio::detached);
  run();
  EXPECT_EQ(std::string(bytes, 3), "abc");
}

TEST_F(Token, DetachedOnAnotherExecutorIsWorkThere) {
  asio::io_context other;
  asio::post(context, asio::bind_executor(other.get_executor(), asio::detached));
  context.run();
  EXPECT_EQ(other.run(), 1u);
}

TEST_F(Token, MayBeWhatAnObjectUsesUnlessTold) {
  auto timer = asio::detached.as_default_on(asio::steady_timer(context));
  timer.expires_after(1h);
  timer.async_wait();
  EXPECT_EQ(timer.cancel(), 1u);
  using quiet = asio::detached_t::as_default_on_t<stream_protocol::socket>;
  quiet socket(std::move(one));
  EXPECT_FALSE(one.is_open());
  socket.async_write_some(asio::buffer("x", 1));
  socket.async_wait(stream_protocol::socket::wait_write);
  run();
  EXPECT_EQ(two.available(), 1u);
}

// --- Functions ------------------------------------------------------------------------------------

void note(const asio::error_code& ec, std::size_t n, std::string* into, const char* what) {
  *into += std::string(what) + ' ' + std::to_string(n) + (ec ? " failed" : "");
}

TEST_F(Token, BoundFunctionsTakeResultsByTheirPlaces) {
  std::string seen;
  one.async_write_some(asio::buffer("ab", 2), std::bind(&note, std::placeholders::_1,
                                                        std::placeholders::_2, &seen, "wrote"));
  run();
  EXPECT_EQ(seen, "wrote 2");
  two.async_read_some(asio::buffer(bytes), std::bind(&note, std::placeholders::_1,
                                                     std::placeholders::_2, &seen, ", read"));
  run();
  EXPECT_EQ(seen, "wrote 2, read 2");
}

struct session : std::enable_shared_from_this<session> {
  int* calls;
  explicit session(int* c) : calls(c) {}
  void on_timer(const asio::error_code& ec) { *calls += ec ? 0 : 1; }
};

TEST_F(Token, BoundMembersKeepTheirObject) {
  int calls = 0;
  std::weak_ptr<session> weak;
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  {
    auto mine = std::make_shared<session>(&calls);
    weak = mine;
    timer.async_wait(std::bind(&session::on_timer, mine, std::placeholders::_1));
  }
  EXPECT_FALSE(weak.expired());
  run();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(weak.expired());
}

int waits_over = 0;
void count_wait(const asio::error_code&) { ++waits_over; }

TEST_F(Token, FunctionsAndReferencesAreHandlers) {
  waits_over = 0;
  asio::steady_timer timer(context, asio::steady_timer::clock_type::now());
  timer.async_wait(count_wait);
  timer.async_wait(&count_wait);
  auto local = [](const asio::error_code&) { ++waits_over; };
  timer.async_wait(std::ref(local));
  std::function<void(const asio::error_code&)> erased = local;
  timer.async_wait(erased);
  run();
  EXPECT_EQ(waits_over, 4);
}

TEST_F(Token, HandlersAreCalledAsRvaluesAndMoved) {
  struct once {
    std::unique_ptr<int> p;
    int* got;
    void operator()(const asio::error_code&, std::size_t) && { *got = *p; }
    void operator()(const asio::error_code&, std::size_t) & { ADD_FAILURE(); }
  };
  int got = 0;
  asio::async_write(one, asio::buffer("ab", 2), once{std::make_unique<int>(4), &got});
  run();
  EXPECT_EQ(got, 4);
}

// --- Futures --------------------------------------------------------------------------------------

TEST_F(Token, FuturesHaveWhatTheHandlerWouldGet) {
  std::future<std::size_t> written =
      asio::async_write(one, asio::buffer("line\nrest", 9), asio::use_future);
  asio::streambuf line;
  std::future<std::size_t> read = asio::async_read_until(two, line, '\n', asio::use_future);
  run();
  EXPECT_EQ(written.get(), 9u);
  EXPECT_EQ(read.get(), 5u);
}

TEST_F(Token, FuturesOfFailuresThrow) {
  one.close();
  std::future<std::size_t> read = two.async_read_some(asio::buffer(bytes), asio::use_future);
  asio::steady_timer timer(context, 1h);
  std::future<void> wait = timer.async_wait(asio::use_future);
  timer.cancel();
  run();
  try {
    read.get();
    FAIL();
  } catch (const asio::system_error& failed) {
    EXPECT_EQ(failed.code(), asio::error::eof);
  }
  EXPECT_THROW(wait.get(), asio::system_error);
}

TEST_F(Token, FuturesOfFunctionsHaveTheirResults) {
  std::future<std::string> text = one.async_write_some(
      asio::buffer("abc", 3), asio::use_future([](const asio::error_code& ec, std::size_t n) {
        return std::to_string(n) + (ec ? "!" : "");
      }));
  std::future<int> thrown =
      two.async_wait(stream_protocol::socket::wait_read,
                     asio::use_future([](const asio::error_code&) -> int { throw 3; }));
  run();
  EXPECT_EQ(text.get(), "3");
  EXPECT_THROW(thrown.get(), int);
}

TEST_F(Token, FuturesOfAStrandAreMadeThere) {
  const auto only = asio::make_strand(context);
  asio::steady_timer timer(only, asio::steady_timer::clock_type::now());
  std::future<bool> inside = timer.async_wait(
      asio::use_future([only](const asio::error_code&) { return only.running_in_this_thread(); }));
  run();
  EXPECT_EQ(inside.wait_for(0s), std::future_status::ready);
  inside.get();
}

TEST_F(Token, ResultTypesAreTheTokens) {
  using asio::use_future;
  EXPECT_TRUE((std::is_same_v<decltype(one.async_read_some(asio::buffer(bytes), use_future)),
                              std::future<std::size_t>>));
  EXPECT_TRUE((std::is_void_v<decltype(one.async_read_some(asio::buffer(bytes), asio::detached))>));
  EXPECT_TRUE(
      (std::is_same_v<
          asio::async_result<asio::use_future_t<>, void(asio::error_code, int, long)>::return_type,
          std::future<std::tuple<int, long>>>));
}

}  // namespace
