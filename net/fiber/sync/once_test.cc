// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"

namespace {

TEST(CallOnce, CallsOnceAndOthersWait) {
  net::io_context context;
  net::once_flag flag;
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    net::go(context, [&, name] {
      net::call_once(
          flag,
          [&](char who) {
            order += who;
            net::this_fiber::yield();
            net::this_fiber::yield();
            order += '!';
          },
          name);
      order += name;
    });
  }
  context.run();
  EXPECT_EQ(order, "a!abc");
}

TEST(CallOnce, CallThatThrowsDoesNotCount) {
  net::io_context context;
  net::once_flag flag;
  int calls = 0;
  int failures = 0;
  int passed = 0;
  for (int i = 0; i != 4; ++i) {
    net::go(context, [&] {
      try {
        net::call_once(flag, [&] {
          net::this_fiber::yield();
          if (++calls < 3) {
            throw std::runtime_error("not yet");
          }
        });
        ++passed;
      } catch (const std::runtime_error&) {
        ++failures;
      }
    });
  }
  context.run();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(failures, 2);
  EXPECT_EQ(passed, 2);
}

TEST(CallOnce, CancellationEndsTheWaitForAnothersCall) {
  net::io_context context;
  net::once_flag flag;
  net::error_code ec;
  bool insisted = false;
  net::go(context, [&] {
    net::call_once(flag, [&] {
      net::fiber reports([&] { EXPECT_FALSE(net::call_once(flag, ec, [] { FAIL(); })); });
      net::fiber insists([&] {
        net::call_once(flag, [] { FAIL(); });
        insisted = true;
      });
      net::this_fiber::yield();
      reports.cancel();
      insists.cancel();
      reports.join();
      EXPECT_FALSE(insisted);
      insists.detach();
    });
    net::error_code mine;
    EXPECT_TRUE(net::call_once(flag, mine, [] { FAIL(); }));
  });
  context.run();
  EXPECT_EQ(ec, net::error::operation_aborted);
  EXPECT_TRUE(insisted);
}

TEST(CallOnce, UnwoundCallIsUpToTheNext) {
  net::once_flag flag;
  net::event never;
  {
    net::io_context context;
    for (int i = 0; i != 3; ++i) {
      net::go(context, [&] { net::call_once(flag, [&] { never.wait(); }); });
    }
    context.poll();
  }
  bool was_called = false;
  net::call_once(flag, [&] { was_called = true; });
  EXPECT_TRUE(was_called);
}

TEST(CallOnce, CallsOnceUnderLoad) {
  for (int round = 0; round != 200; ++round) {
    net::io_context context;
    auto flag = std::make_unique<net::once_flag>();
    std::atomic<int> calls{0};
    std::atomic<int> left{6};
    int value = 0;
    const auto work = [&] {
      try {
        net::call_once(*flag, [&] {
          if (++calls == 1 && round % 3 == 0) {
            throw std::runtime_error("not yet");
          }
          net::this_fiber::yield();
          value = round;
        });
        EXPECT_EQ(value, round);
      } catch (const std::runtime_error&) {
      }
      if (--left == 0) {
        flag.reset();
      }
    };
    for (int i = 0; i != 5; ++i) {
      net::go(context, work);
    }
    std::thread other(work);
    nettest::run_on_threads(context, 2);
    other.join();
    EXPECT_EQ(calls, round % 3 == 0 ? 2 : 1);
  }
}

#if GTEST_HAS_DEATH_TEST

TEST(CallOnceDeathTest, CallingAgainFromInsideAborts) {
  EXPECT_DEATH(
      {
        net::once_flag flag;
        net::call_once(flag, [&] { net::call_once(flag, [] {}); });
      },
      "again from inside its function");
}

TEST(CallOnceDeathTest, DestroyingDuringTheCallAborts) {
  EXPECT_DEATH(
      {
        auto flag = std::make_unique<net::once_flag>();
        net::call_once(*flag, [&] { flag.reset(); });
      },
      "destroyed while its function was called");
}

#endif

}  // namespace
