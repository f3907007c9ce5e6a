// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "net/execution/work_guard.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sync/event.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;
using nettest::run_fiber;

TEST(TaskGroup, WaitsForAll) {
  run_fiber([] {
    net::task_group group;
    group.wait();
    int done = 0;
    for (int i = 0; i != 10; ++i) {
      group.spawn([&] {
        net::this_fiber::yield();
        ++done;
      });
    }
    EXPECT_EQ(group.size(), 10u);
    group.wait();
    EXPECT_EQ(done, 10);
    EXPECT_EQ(group.size(), 0u);
    group.spawn({.name = "one more"}, [&] { ++done; });
    group.wait();
    EXPECT_EQ(done, 11);
  });
}

TEST(TaskGroup, SpawnsOnAContextOrAnExecutor) {
  net::io_context context;
  net::task_group group;
  int done = 0;
  group.spawn(context, [&] { ++done; });
  group.spawn(context, {.name = "named"}, [&] { ++done; });
  const net::io_context::executor_type executor = context.get_executor();
  group.spawn(executor, [&] { ++done; });
  context.run();
  group.wait();
  EXPECT_EQ(done, 3);
}

TEST(TaskGroup, ThreadWaitsForFibers) {
  net::io_context context;
  auto guard = std::make_optional(net::make_work_guard(context));
  std::thread runner([&] { context.run(); });
  {
    net::task_group group;
    std::atomic<int> done{0};
    for (int i = 0; i != 10; ++i) {
      group.spawn(context, [&] {
        net::this_fiber::sleep_for(1ms);
        ++done;
      });
    }
    group.wait();
    EXPECT_EQ(done, 10);
  }
  guard.reset();
  runner.join();
}

TEST(TaskGroup, FirstExceptionIsRethrownAndTheRestGoOn) {
  run_fiber([] {
    net::task_group group;
    bool went_on = false;
    group.spawn([] { throw std::runtime_error("first"); });
    group.spawn([] { throw std::logic_error("second"); });
    group.spawn([&] {
      net::this_fiber::yield();
      net::this_fiber::yield();
      went_on = !net::this_fiber::is_cancelled();
    });
    try {
      group.wait();
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "first");
    }
    EXPECT_TRUE(went_on);
    group.wait();
  });
}

TEST(TaskGroup, FailureMayCancelTheRest) {
  run_fiber([] {
    net::task_group group(net::on_failure::cancel_rest);
    net::event never;
    int aborted = 0;
    for (int i = 0; i != 3; ++i) {
      group.spawn([&] {
        net::error_code ec;
        EXPECT_FALSE(never.wait(ec));
        aborted += ec == net::error::operation_aborted;
        throw std::system_error(ec);
      });
    }
    group.spawn([] { throw std::runtime_error("the cause"); });
    try {
      group.wait();
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "the cause");
    }
    EXPECT_EQ(aborted, 3);
    EXPECT_TRUE(group.is_cancelled());
  });
}

TEST(TaskGroup, CancelCancelsAllAndThoseToCome) {
  run_fiber([] {
    net::task_group group;
    net::event never;
    int aborted = 0;
    const auto waits = [&](std::stop_token stop) {
      EXPECT_TRUE(group.get_stop_token().stop_possible());
      net::error_code ec;
      EXPECT_FALSE(never.wait(ec));
      EXPECT_TRUE(stop.stop_requested());
      ++aborted;
      throw std::system_error(ec);  // no failure: it was told to stop
    };
    group.spawn(waits);
    net::this_fiber::yield();
    group.cancel();
    group.spawn(waits);
    group.wait();
    EXPECT_EQ(aborted, 2);
    group.spawn([] { throw std::runtime_error("not of the cancellation"); });
    EXPECT_THROW(group.wait(), std::runtime_error);
  });
}

TEST(TaskGroup, StopTokensCancel) {
  run_fiber([] {
    std::stop_source of_group;
    std::stop_source of_fiber;
    net::task_group group(of_group.get_token());
    net::event never;
    std::string order;
    group.spawn([&] {
      net::error_code ec;
      never.wait(ec);
      order += 'g';
    });
    group.spawn({.stop = of_fiber.get_token()}, [&] {
      net::error_code ec;
      never.wait(ec);
      order += 'f';
    });
    net::this_fiber::yield();
    of_fiber.request_stop();
    net::this_fiber::yield();
    EXPECT_EQ(order, "f");
    of_group.request_stop();
    group.wait();
    EXPECT_EQ(order, "fg");
  });
}

TEST(TaskGroup, WaitEndsWithTheTimeOrTheFiber) {
  nettest::fake_clock clock;
  run_fiber([&] {
    net::task_group group;
    net::event done;
    group.spawn([&] { done.wait(); });
    net::error_code ec;
    net::go([&] { clock.advance(1s); });
    EXPECT_FALSE(group.wait_for(1s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(group.wait_until(std::chrono::steady_clock::time_point::min(), ec));
    net::fiber child([&] { EXPECT_THROW(group.wait(), std::system_error); });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(group.size(), 1u);
    done.set();
    EXPECT_TRUE(group.wait(ec));
  });
}

TEST(TaskGroup, DestructorCancelsAndWaits) {
  run_fiber([] {
    net::event never;
    bool was_aborted = false;
    const auto token = std::make_shared<int>(0);
    try {
      net::task_group group;
      group.spawn([&, token] {
        net::error_code ec;
        never.wait(ec);
        net::this_fiber::yield();
        was_aborted = ec == net::error::operation_aborted;
        throw std::runtime_error("dropped");
      });
      net::this_fiber::yield();
      throw std::logic_error("leaves the scope");
    } catch (const std::logic_error&) {
      EXPECT_TRUE(was_aborted);
      EXPECT_EQ(token.use_count(), 1);
    }
  });
}

TEST(TaskGroup, FibersMaySpawnIntoTheirGroupAndCancelIt) {
  run_fiber([] {
    net::task_group group;
    std::atomic<int> done{0};
    const auto tree = [&](const auto& self, int depth) -> void {
      ++done;
      if (depth == 5) {
        return;
      }
      for (int i = 0; i != 2; ++i) {
        group.spawn([&, depth] { self(self, depth + 1); });
      }
    };
    group.spawn([&] { tree(tree, 1); });
    group.wait();
    EXPECT_EQ(done, 31);
    group.spawn([&] {
      group.cancel();
      EXPECT_TRUE(net::this_fiber::is_cancelled());
    });
    group.wait();
  });
}

TEST(TaskGroup, ContextMayBeDestroyedFirst) {
  const auto token = std::make_shared<int>(0);
  {
    net::event never;
    net::io_context context;
    net::go(context, [&] {
      net::task_group group;
      for (int i = 0; i != 4; ++i) {
        group.spawn([&, token] { never.wait(); });
      }
      group.wait();
    });
    context.poll();
    EXPECT_EQ(token.use_count(), 5);
    net::task_group outside;
    {
      net::io_context other;
      outside.spawn(other, [&, token] { never.wait(); });
      outside.spawn(other, [&, token] { never.wait(); });
      other.poll_one();
      EXPECT_EQ(outside.size(), 2u);
    }
    EXPECT_EQ(outside.size(), 0u);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(TaskGroup, ManyGroupsUnderLoad) {
  net::io_context context;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  for (unsigned i = 0; i != 8; ++i) {
    net::go(context, [&, i] {
      std::minstd_rand random(i + 1);
      for (int round = 0; round != 30; ++round) {
        net::event gate;
        net::task_group group(net::on_failure::cancel_rest);
        for (int child = 0; child != 8; ++child) {
          group.spawn([&, fails = random() % 10 == 0, sleeps = random() % 2 == 0] {
            ++begun;
            struct leave {
              std::atomic<int>& count;
              ~leave() { ++count; }
            } const at_end{ended};
            if (fails) {
              throw std::runtime_error("failed");
            }
            net::error_code ec;
            if (sleeps) {
              net::this_fiber::sleep_for(std::chrono::microseconds(10), ec);
            }
            (void)gate.wait_for(1ms, ec);
          });
        }
        try {
          switch (random() % 3) {
            case 0: group.cancel(); break;
            case 1: gate.set(); break;
            default: net::this_fiber::yield(); break;
          }
          if (random() % 2 == 0) {
            group.wait();
          }
        } catch (const std::runtime_error&) {
        }
      }
    });
  }
  nettest::run_on_threads(context, 4);
  EXPECT_EQ(begun, ended);
  EXPECT_EQ(begun, 8 * 30 * 8);
}

#if GTEST_HAS_DEATH_TEST

TEST(TaskGroupDeathTest, LosingItOnAThreadAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::task_group group;
        group.spawn(context, [] {});
      },
      "destroyed on a plain thread before its fibers had finished");
}

#endif

}  // namespace
