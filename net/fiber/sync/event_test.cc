// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

TEST(Event, ManualLetsAllPassUntilItIsReset) {
  net::io_context context;
  net::event event;
  int passed = 0;
  for (int i = 0; i != 3; ++i) {
    net::go(context, [&] {
      event.wait();
      ++passed;
    });
  }
  net::go(context, [&] {
    EXPECT_EQ(passed, 0);
    EXPECT_FALSE(event.try_wait());
    event.set();
    event.set();
    EXPECT_TRUE(event.try_wait());
    EXPECT_TRUE(event.is_set());
    event.wait();
    EXPECT_TRUE(event.reset());
    EXPECT_FALSE(event.reset());
    EXPECT_FALSE(event.try_wait());
  });
  context.run();
  EXPECT_EQ(passed, 3);
}

TEST(Event, AutomaticLetsOnePass) {
  net::io_context context;
  net::event event(net::event_reset::automatic, true);
  EXPECT_TRUE(event.try_wait());
  EXPECT_FALSE(event.try_wait());
  int passed = 0;
  for (int i = 0; i != 3; ++i) {
    net::go(context, [&] {
      event.wait();
      ++passed;
    });
  }
  net::go(context, [&] {
    for (int i = 1; i <= 3; ++i) {
      event.set();
      EXPECT_FALSE(event.is_set());
      net::this_fiber::yield();
      EXPECT_EQ(passed, i);
    }
    event.set();
    event.set();
    EXPECT_TRUE(event.try_wait());
    EXPECT_FALSE(event.try_wait());
  });
  context.run();
}

TEST(Event, WaitsEndWithTheTimeOrTheFiber) {
  nettest::fake_clock clock;
  net::io_context context;
  net::event event;
  net::go(context, [&] {
    net::error_code ec;
    net::go([&] { clock.advance(1s); });
    EXPECT_FALSE(event.wait_for(1s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    const auto past = std::chrono::steady_clock::time_point::min();
    EXPECT_FALSE(event.wait_until(past, ec));
    EXPECT_FALSE(event.try_wait_until(past));
    EXPECT_FALSE(event.try_wait_for(0s));
    net::fiber child([&] { EXPECT_FALSE(event.wait(ec)); });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    event.set();
    EXPECT_TRUE(event.wait(ec));
  });
  context.run();
}

TEST(Event, TurnOfAnUnwoundFiberGoesToTheNext) {
  net::event event(net::event_reset::automatic);
  {
    net::io_context context;
    net::go(context, [&] { event.wait(); });
    context.poll();
    event.set();
  }
  EXPECT_TRUE(event.try_wait());
}

TEST(Event, MayBeDestroyedByWhoPassed) {
  for (int round = 0; round != 200; ++round) {
    net::io_context context;
    net::go(context, [&] {
      net::event event;
      std::thread([&] { event.set(); }).detach();
      if (round % 2 == 0) {
        event.wait();
      } else {
        while (!event.try_wait()) {
          net::this_fiber::yield();
        }
      }
    });
    context.run();
  }
}

TEST(Event, EverySetOfAnAutomaticOneLetsOnePassUnderLoad) {
  constexpr int count = 2000;
  net::io_context context;
  net::event event(net::event_reset::automatic);
  net::event passed(net::event_reset::automatic);
  std::atomic<int> passes{0};
  for (int i = 0; i != 8; ++i) {
    net::go(context, [&] {
      for (int turn = 0; turn != count / 8; ++turn) {
        event.wait();
        ++passes;
        passed.set();
      }
    });
  }
  std::thread other([&] {
    for (int i = 0; i != count; ++i) {
      event.set();
      passed.wait();
    }
  });
  nettest::run_on_threads(context, 3);
  other.join();
  EXPECT_EQ(passes, count);
  EXPECT_FALSE(event.is_set());
}

#if GTEST_HAS_DEATH_TEST

TEST(EventDeathTest, DestroyingWhileSomebodyWaitsAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::go(context, [] {
          auto* const event = new net::event;
          net::go([event] { event->wait(); });
          net::this_fiber::yield();
          delete event;
        });
        context.run();
      },
      "destroyed while it was waited for");
}

#endif

}  // namespace
