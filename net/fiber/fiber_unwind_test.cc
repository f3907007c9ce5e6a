// SPDX-License-Identifier: BSL-1.0
//
// Fibers that are still parked when their context is destroyed.
#include <gtest/gtest.h>

#include <chrono>
#include <exception>

#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

namespace {

using namespace std::chrono_literals;

// Sets a flag when it is destroyed.
struct flag_at_end {
  bool& flag;
  ~flag_at_end() { flag = true; }
};

TEST(FiberUnwind, ParkedFiberIsUnwoundWithItsContext) {
  bool destroyed = false;
  bool caught_std = false;
  bool went_on = false;
  {
    net::io_context context;
    net::go(context, [&] {
      const flag_at_end last{destroyed};
      try {
        net::this_fiber::sleep_for(24h);
        went_on = true;
      } catch (const std::exception&) {
        caught_std = true;
      }
    });
    context.poll();
    EXPECT_FALSE(destroyed);
  }
  EXPECT_TRUE(destroyed);
  EXPECT_FALSE(caught_std);
  EXPECT_FALSE(went_on);
}

TEST(FiberUnwind, UnwindingGoesThroughACatchAllThatRethrows) {
  bool caught = false;
  bool destroyed = false;
  {
    net::io_context context;
    net::go(context, [&] {
      const flag_at_end last{destroyed};
      try {
        net::this_fiber::sleep_for(24h);
      } catch (...) {
        caught = true;
        throw;
      }
    });
    context.poll();
  }
  EXPECT_TRUE(caught);
  EXPECT_TRUE(destroyed);
}

TEST(FiberUnwind, DestructorsMayWaitWhileUnwinding) {
  struct sleeps_at_end {
    bool& flag;
    ~sleeps_at_end() {
      net::this_fiber::sleep_for(24h);
      net::this_fiber::yield();
      flag = true;
    }
  };
  bool destroyed = false;
  {
    net::io_context context;
    net::go(context, [&] {
      const sleeps_at_end last{destroyed};
      net::this_fiber::sleep_for(24h);
    });
    context.poll();
  }
  EXPECT_TRUE(destroyed);
}

TEST(FiberUnwind, JoinerAndJoinedAreUnwound) {
  bool child_destroyed = false;
  bool parent_destroyed = false;
  {
    net::io_context context;
    net::go(context, [&] {
      const flag_at_end last{parent_destroyed};
      net::fiber child([&] {
        const flag_at_end child_last{child_destroyed};
        net::this_fiber::sleep_for(24h);
      });
      child.join();
    });
    context.poll();
  }
  EXPECT_TRUE(child_destroyed);
  EXPECT_TRUE(parent_destroyed);
}

}  // namespace
