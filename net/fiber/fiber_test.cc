// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber.h"

#include <array>
#include <atomic>
#include <cfenv>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "net/io_context.h"

namespace net {
namespace {

TEST(Fiber, RunsOnItsContext) {
  io_context context;
  bool was_on_fiber = false;
  go(context, [&] { was_on_fiber = on_fiber(); });
  EXPECT_FALSE(was_on_fiber);
  EXPECT_EQ(context.run(), 1U);
  EXPECT_TRUE(was_on_fiber);
  EXPECT_FALSE(on_fiber());
}

TEST(Fiber, JoinWaitsAndRethrows) {
  io_context context;
  std::string order;
  go(context, [&] {
    fiber child([&] {
      order += 'a';
      this_fiber::yield();
      order += 'b';
      throw std::runtime_error("from the child");
    });
    EXPECT_TRUE(child.joinable());
    EXPECT_THROW(child.join(), std::runtime_error);
    EXPECT_FALSE(child.joinable());
    order += 'c';
  });
  context.run();
  EXPECT_EQ(order, "abc");
}

TEST(Fiber, JoinOfAFinishedFiberReturnsAtOnce) {
  io_context context;
  fiber child(context, [] {});
  context.run();
  child.join();
  EXPECT_FALSE(child.joinable());
}

TEST(Fiber, CanBeJoinedByAPlainThread) {
  io_context context;
  std::atomic<bool> ran{false};
  fiber child(context, [&] {
    this_fiber::yield();
    ran = true;
  });
  std::thread runner([&] { context.run(); });
  child.join();
  EXPECT_TRUE(ran);
  runner.join();
}

TEST(Fiber, AnExceptionOfADetachedFiberLeavesRun) {
  io_context context;
  bool other_ran = false;
  go(context, [] { throw std::logic_error("nobody joins me"); });
  go(context, [&] { other_ran = true; });
  EXPECT_THROW(context.run(), std::logic_error);
  EXPECT_EQ(context.run(), 1U) << "again, without restart()";
  EXPECT_TRUE(other_ran);
}

TEST(Fiber, YieldLetsTheOthersRun) {
  io_context context;
  std::string order;
  for (const char name : {'a', 'b'}) {
    go(context, [&order, name] {
      for (int i = 0; i < 3; ++i) {
        order += name;
        this_fiber::yield();
      }
    });
  }
  context.run();
  EXPECT_EQ(order, "ababab");
}

TEST(Fiber, HasANumberOfItsOwn) {
  io_context context;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  go(context, [&] { first = this_fiber::get_id(); });
  go(context, [&] { second = this_fiber::get_id(); });
  context.run();
  EXPECT_NE(first, 0U);
  EXPECT_NE(first, second);
  EXPECT_EQ(this_fiber::get_id(), 0U);
}

TEST(Fiber, ThousandsRunOnSeveralThreads) {
  io_context context;
  std::atomic<int> finished{0};
  for (int i = 0; i < 2000; ++i) {
    go(context, [&] {
      for (int n = 0; n < 5; ++n) {
        this_fiber::yield();
      }
      ++finished;
    });
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(finished, 2000);
}

TEST(Fiber, HandlesItsExceptionsAcrossASwitch) {
  io_context context;
  int right = 0;
  for (int i = 0; i < 4; ++i) {
    go(context, [&right, i] {
      try {
        throw i;
      } catch (int outer) {
        this_fiber::yield();
        try {
          throw std::string("inner");
        } catch (const std::string&) {
          this_fiber::yield();
        }
        try {
          throw;  // the outer one, whatever the other fibers threw meanwhile
        } catch (int again) {
          right += outer == i && again == i && std::uncaught_exceptions() == 0 ? 1 : 0;
        }
      }
    });
  }
  context.run();
  EXPECT_EQ(right, 4);
}

TEST(Fiber, KeepsItsRoundingMode) {
  io_context context;
  int mode = -1;
  go(context, [&] {
    std::fesetround(FE_UPWARD);
    this_fiber::yield();
    mode = std::fegetround();
  });
  go(context, [] { std::fesetround(FE_DOWNWARD); });
  context.run();
  EXPECT_EQ(mode, FE_UPWARD);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(Fiber, TakesALargeFunctionObject) {
  io_context context;
  std::array<char, 100'000> large{};
  large.back() = 'z';
  char seen = 0;
  go(context, [large, &seen] { seen = large.back(); });
  context.run();
  EXPECT_EQ(seen, 'z');
}

TEST(Fiber, IsUnwoundWhenItsContextEnds) {
  struct on_stack {
    bool& destroyed;
    ~on_stack() { destroyed = true; }
  };
  bool started_destroyed = false;
  bool unwound = false;
  bool new_one_ran = false;
  {
    io_context context;
    go(context, [&] {
      const on_stack object{started_destroyed};
      try {
        context.stop();  // after this turn nothing runs any more
        for (;;) {
          this_fiber::yield();
        }
      } catch (const std::exception&) {
        ADD_FAILURE() << "not an exception one handles";
      } catch (...) {
        unwound = true;
        throw;
      }
    });
    context.run();
    EXPECT_FALSE(unwound);
    go(context, [&] { new_one_ran = true; });
  }
  EXPECT_TRUE(started_destroyed);
  EXPECT_TRUE(unwound);
  EXPECT_FALSE(new_one_ran);
}

int use_up_stack(int depth) {
  volatile char frame[512];
  std::memset(const_cast<char*>(frame), depth, sizeof(frame));
  return depth < 1'000'000 ? use_up_stack(depth + 1) + frame[7] : 0;
}

TEST(FiberDeathTest, StackOverflowSaysWhichFiberAndHowLargeItsStackWas) {
  EXPECT_DEATH(
      {
        io_context context;
        go(context, fiber_options{.stack_size = 65536, .name = "deep"}, [] { use_up_stack(0); });
        context.run();
      },
      "stack overflow of fiber [0-9]+ \"deep\": its stack is 65536 bytes");
}

TEST(FiberDeathTest, LosingAJoinableFiberIsAMistake) {
  EXPECT_DEATH(
      {
        io_context context;
        fiber lost(context, [] {});
      },
      "join\\(\\) or detach\\(\\) it first");
}

TEST(FiberDeathTest, SpawningWithoutAContextIsAMistake) {
  EXPECT_DEATH(go([] {}), "this thread runs none");
}

}  // namespace
}  // namespace net
