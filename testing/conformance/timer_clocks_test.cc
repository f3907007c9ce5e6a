// SPDX-License-Identifier: BSL-1.0
//
// Timers of other clocks than the steady one.
#include <gtest/gtest.h>

#include <asio/basic_waitable_timer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/system_timer.hpp>
#include <chrono>
#include <ratio>
#include <vector>

namespace {

using namespace std::chrono_literals;

TEST(SystemTimer, KeepsTheTimeOfTheDay) {
  asio::io_context context;
  asio::system_timer timer(context, std::chrono::system_clock::now() - 1s);
  asio::system_timer never(context, std::chrono::system_clock::time_point::max());
  std::vector<asio::error_code> codes;
  never.async_wait([&](const asio::error_code& ec) { codes.push_back(ec); });
  timer.async_wait([&](const asio::error_code& ec) {
    codes.push_back(ec);
    EXPECT_EQ(never.cancel(), 1u);
  });
  EXPECT_EQ(context.run(), 2u);
  ASSERT_EQ(codes.size(), 2u);
  EXPECT_FALSE(codes[0]);
  EXPECT_EQ(codes[1], asio::error::operation_aborted);
}

// A clock that a program sets.
struct stopped_clock {
  using rep = long;
  using period = std::milli;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<stopped_clock>;
  [[maybe_unused]] static constexpr bool is_steady = false;
  static inline long now_ = 0;
  static time_point now() { return time_point(duration(now_)); }
};

struct impatient_traits {
  static stopped_clock::duration to_wait_duration(stopped_clock::duration) {
    return stopped_clock::duration(1);
  }
  static stopped_clock::duration to_wait_duration(stopped_clock::time_point) {
    return stopped_clock::duration(1);
  }
};

TEST(WaitTraits, SayHowLongToWaitBeforeLookingAgain) {
  asio::io_context context;
  asio::basic_waitable_timer<stopped_clock, impatient_traits> timer(context);
  timer.expires_after(stopped_clock::duration(3600));
  bool ended = false;
  timer.async_wait([&](const asio::error_code& ec) { ended = !ec; });
  EXPECT_EQ(context.run_for(5ms), 0u);
  EXPECT_FALSE(ended);
  stopped_clock::now_ = 3601;
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ended);
}

}  // namespace
