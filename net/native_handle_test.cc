// SPDX-License-Identifier: BSL-1.0
//
// An io_context inside somebody else's event loop, which here is poll(2).
#include <sys/poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "gtest/gtest.h"
#include "net/net.h"
#include "testing/support/faults.h"

namespace net {
namespace {

using namespace std::chrono_literals;

class NativeHandle : public ::testing::Test {
 protected:
  bool is_readable(int timeout_ms = 0) const {
    ::pollfd what{.fd = handle_, .events = POLLIN, .revents = 0};
    return ::poll(&what, 1, timeout_ms) == 1;
  }
  // As an outer loop does, until `is_over`.
  template <typename Predicate>
  void loop_until(Predicate is_over) {
    while (!is_over()) {
      ASSERT_TRUE(is_readable(-1));
      context_.poll();
    }
  }

  io_context context_;
  executor_work_guard<io_context::executor_type> work_ = make_work_guard(context_);
  int handle_ = context_.native_handle();
};

TEST_F(NativeHandle, IsReadableForAPostFromAnyThread) {
  context_.poll();
  EXPECT_FALSE(is_readable());
  bool has_run = false;
  post(context_, [&] { has_run = true; });
  EXPECT_TRUE(is_readable());
  context_.poll();
  EXPECT_TRUE(has_run);
  EXPECT_FALSE(is_readable());
  std::thread([&] { post(context_, [&] { has_run = false; }); }).join();
  EXPECT_TRUE(is_readable());
  context_.poll();
  EXPECT_FALSE(has_run);
}

TEST_F(NativeHandle, StaysReadableWhileSomethingIsLeft) {
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    post(context_, [&] { ++runs; });
  }
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(is_readable()) << i;
    context_.poll_one();
    EXPECT_EQ(runs, i);
  }
  context_.poll();
  EXPECT_FALSE(is_readable());
}

TEST_F(NativeHandle, WhatWasPostedBeforeTheFirstCallIsSeen) {
  io_context other;
  bool has_run = false;
  post(other, [&] { has_run = true; });
  ::pollfd what{.fd = other.native_handle(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&what, 1, 0), 1);
  other.poll();
  EXPECT_TRUE(has_run);
}

TEST_F(NativeHandle, IsReadableWhenATimerIsDue) {
  bool has_fired = false;
  steady_timer timer(context_, 1ms);
  timer.async_wait([&](error_code) { has_fired = true; });
  context_.poll();
  loop_until([&] { return has_fired; });
}

TEST_F(NativeHandle, ServesFibersAndSockets) {
  std::string got;
  bool is_over = false;
  go(context_, [&] {
    listener l = listen("tcp", "127.0.0.1:0");
    fiber client([address = l.local_endpoint().to_string()] {
      conn c = dial("tcp", address, 60s);
      this_fiber::sleep_for(1ms);
      c.write(buffer("hello", 5));
    });
    conn server = l.accept();
    std::array<char, 16> data;
    for (;;) {
      error_code ec;
      const std::size_t bytes = server.read(buffer(data), ec);
      got.append(data.data(), bytes);
      if (ec) {
        break;
      }
    }
    client.join();
    is_over = true;
  });
  loop_until([&] { return is_over; });
  EXPECT_EQ(got, "hello");
}

TEST(NativeHandleErrors, TheConstructorOfTheTimerIsReported) {
  io_context context;
  nettest::faults faults;
  faults.fail(netpoll::sys::call::timer_fd, EMFILE);
  try {
    context.native_handle();
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::too_many_files_open);
  }
  EXPECT_GE(context.native_handle(), 0);
}

TEST(NativeHandleOutOfWork, IsQuietUntilThereIsSomethingToDo) {
  io_context context;
  const int handle = context.native_handle();
  const auto is_readable = [&] {
    ::pollfd what{.fd = handle, .events = POLLIN, .revents = 0};
    return ::poll(&what, 1, 0) == 1;
  };
  int runs = 0;
  for (int i = 1; i <= 3; ++i) {
    context.restart();
    post(context, [&] { ++runs; });
    EXPECT_TRUE(is_readable());
    context.poll();
    EXPECT_EQ(runs, i);
    context.restart();
    context.poll();
    EXPECT_FALSE(is_readable()) << "round " << i;
  }
  // Stopped, it is quiet, and restart() tells that something was left.
  context.restart();
  post(context, [&] { ++runs; });
  context.stop();
  context.poll();
  EXPECT_FALSE(is_readable());
  context.restart();
  EXPECT_TRUE(is_readable());
  context.poll();
  EXPECT_EQ(runs, 4);
}

TEST_F(NativeHandle, AHandlerThatThrowsDoesNotHideTheNext) {
  bool has_run = false;
  post(context_, [] { throw std::runtime_error("x"); });
  post(context_, [&] { has_run = true; });
  EXPECT_THROW(context_.poll(), std::runtime_error);
  EXPECT_FALSE(has_run);
  EXPECT_TRUE(is_readable());
  context_.poll();
  EXPECT_TRUE(has_run);
}

}  // namespace
}  // namespace net
