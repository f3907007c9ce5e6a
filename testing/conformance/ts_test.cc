// SPDX-License-Identifier: BSL-1.0
//
// A program that includes what has the names of the Networking TS, and nothing else of Asio.
#include <gtest/gtest.h>

#include <asio/ts/buffer.hpp>
#include <asio/ts/executor.hpp>
#include <asio/ts/internet.hpp>
#include <asio/ts/io_context.hpp>
#include <asio/ts/net.hpp>
#include <asio/ts/netfwd.hpp>
#include <asio/ts/socket.hpp>
#include <asio/ts/timer.hpp>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace {

using asio::ip::tcp;

TEST(Ts, ExecutorsHaveTheMembersOfTheTs) {
  asio::io_context context;
  const asio::io_context::executor_type executor = context.get_executor();
  EXPECT_EQ(&executor.context(), &context);
  std::string ran;
  executor.post([&] { ran += "p"; }, std::allocator<void>());
  executor.defer([&] { ran += "d"; }, std::allocator<void>());
  executor.dispatch([&] { ran += "i"; }, std::allocator<void>());
  EXPECT_EQ(ran, "");
  executor.on_work_started();
  EXPECT_EQ(context.poll(), 3u);
  EXPECT_FALSE(context.stopped());
  executor.on_work_finished();
  EXPECT_TRUE(context.stopped());
  EXPECT_EQ(ran, "pdi");
}

TEST(Ts, WorkGuardsKeepAContextRunning) {
  asio::io_context context;
  auto guard = asio::make_work_guard(context);
  EXPECT_EQ(context.poll(), 0u);
  EXPECT_FALSE(context.stopped());
  EXPECT_TRUE(guard.owns_work());
  guard.reset();
  EXPECT_FALSE(guard.owns_work());
  EXPECT_TRUE(context.stopped());
}

TEST(Ts, TheExecutorThatTheTsHasHoldsAny) {
  asio::io_context context;
  asio::executor executor = context.get_executor();
  asio::strand<asio::executor> strand(executor);
  std::future<int> answer =
      asio::post(asio::bind_executor(strand, std::packaged_task<int()>([] { return 42; })));
  context.run();
  EXPECT_EQ(answer.get(), 42);
  EXPECT_TRUE(executor == asio::executor(context.get_executor()));
}

TEST(Ts, FuturesHoldResults) {
  asio::io_context context;
  asio::steady_timer timer(context, std::chrono::milliseconds(1));
  std::future<void> expired = timer.async_wait(asio::use_future);
  context.run();
  EXPECT_NO_THROW(expired.get());
}

TEST(Ts, SocketsReadAndWrite) {
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  tcp::socket client(context);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  asio::write(client, asio::buffer("one\ntwo", 7));
  std::string text;
  EXPECT_EQ(asio::read_until(server, asio::dynamic_buffer(text), '\n'), 4u);
  client.shutdown(tcp::socket::shutdown_send);
  asio::error_code ec;
  asio::read(server, asio::dynamic_buffer(text), asio::transfer_all(), ec);
  EXPECT_EQ(text, "one\ntwo");
  EXPECT_EQ(ec, asio::stream_errc::eof);
}

TEST(Ts, ErrorsHaveTheNamesOfTheTs) {
  EXPECT_EQ(asio::error_code(asio::socket_errc::already_open), asio::error::already_open);
  EXPECT_EQ(asio::error_code(asio::socket_errc::not_found), asio::error::not_found);
  EXPECT_EQ(asio::error_code(asio::resolver_errc::host_not_found), asio::error::host_not_found);
  EXPECT_EQ(asio::error_code(asio::resolver_errc::try_again),
            asio::error::host_not_found_try_again);
  EXPECT_EQ(asio::error_code(asio::resolver_errc::service_not_found),
            asio::error::service_not_found);
}

}  // namespace
