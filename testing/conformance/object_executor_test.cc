// SPDX-License-Identifier: BSL-1.0
//
// Timers and sockets whose executor is not that of a context.
#include <gtest/gtest.h>

#include <asio/any_io_executor.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <type_traits>
#include <utility>

namespace {

TEST(ObjectExecutor, OfAStrandHasHandlersRunInside) {
  asio::io_context context;
  auto only = asio::make_strand(context);
  asio::steady_timer timer(only, asio::steady_timer::clock_type::now());
  bool ran = false;
  timer.async_wait([&](const asio::error_code&) {
    EXPECT_TRUE(only.running_in_this_thread());
    ran = true;
  });
  context.run();
  EXPECT_TRUE(ran);
}

TEST(ObjectExecutor, IsAnyExecutorUnlessSaidOtherwise) {
  asio::io_context context;
  asio::steady_timer timer(context);
  EXPECT_TRUE((std::is_same_v<asio::steady_timer::executor_type, asio::any_io_executor>));
  EXPECT_TRUE((std::is_same_v<asio::ip::tcp::socket::executor_type, asio::any_io_executor>));
  EXPECT_TRUE(timer.get_executor() == asio::any_io_executor(context.get_executor()));
}

TEST(ObjectExecutor, CanBeNamed) {
  asio::io_context context;
  using executor = asio::io_context::executor_type;
  asio::basic_stream_socket<asio::ip::tcp, executor> socket(context);
  EXPECT_TRUE(socket.get_executor() == context.get_executor());
  asio::steady_timer::rebind_executor<executor>::other timer(context);
  EXPECT_TRUE(timer.get_executor() == context.get_executor());
}

TEST(ObjectExecutor, MovingToAnErasedOneKeepsIt) {
  asio::io_context context;
  asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type> socket(context);
  socket.open(asio::ip::tcp::v4());
  const int descriptor = socket.native_handle();
  asio::ip::tcp::socket erased(std::move(socket));
  EXPECT_EQ(erased.native_handle(), descriptor);
  EXPECT_FALSE(socket.is_open());
  EXPECT_TRUE(erased.get_executor() == asio::any_io_executor(context.get_executor()));
}

TEST(ObjectExecutor, OfAnAcceptedSocketIsTheAcceptorsOrTheOneGiven) {
  asio::io_context context;
  asio::io_context other;
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket first(context);
  asio::ip::tcp::socket second(context);
  first.connect(acceptor.local_endpoint());
  EXPECT_TRUE(acceptor.accept().get_executor() == acceptor.get_executor());
  second.connect(acceptor.local_endpoint());
  EXPECT_TRUE(acceptor.accept(other).get_executor() == asio::any_io_executor(other.get_executor()));
}

}  // namespace
