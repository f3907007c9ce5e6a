// SPDX-License-Identifier: BSL-1.0
//
// Contexts go on in both processes after a fork.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>

namespace {

using namespace std::chrono_literals;

TEST(Fork, BothProcessesGoOn) {
  asio::io_context context;
  asio::ip::udp::socket socket(context,
                               asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto here = socket.local_endpoint();
  const auto works = [&] {
    char byte = 0;
    std::size_t got = 0;
    asio::steady_timer timer(context, 0s);
    bool ended = false;
    timer.async_wait([&](asio::error_code ec) { ended = !ec; });
    asio::ip::udp::socket own(context,
                              asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0));
    own.async_receive(asio::buffer(&byte, 1), [&](asio::error_code, std::size_t n) { got = n; });
    context.restart();
    context.poll();
    own.send_to(asio::buffer("x", 1), own.local_endpoint());
    context.restart();
    context.run();
    return got == 1 && ended && socket.local_endpoint() == here;
  };
  EXPECT_TRUE(works());
  context.notify_fork(asio::io_context::fork_prepare);
  const ::pid_t child = ::fork();
  if (child == 0) {
    context.notify_fork(asio::io_context::fork_child);
    ::_exit(works() ? 0 : 1);
  }
  context.notify_fork(asio::io_context::fork_parent);
  EXPECT_TRUE(works());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
