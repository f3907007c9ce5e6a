// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/execution/work_guard.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack_settings.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;

// Where a sanitizer can tell.
bool has_leaks() {
#if defined(NETPOLL_ASAN)
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

TEST(Fiber, GoRunsOnTheContext) {
  net::io_context context;
  net::io_context* seen = nullptr;
  net::go(context, [&] { seen = net::io_context::current(); });
  EXPECT_EQ(seen, nullptr);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(seen, &context);
}

TEST(Fiber, GoWithoutAContextTakesTheCurrentOne) {
  net::io_context context;
  std::vector<net::io_context*> seen;
  net::go(context, [&] {
    net::go([&] { seen.push_back(net::io_context::current()); });
    net::fiber child([&] { seen.push_back(net::io_context::current()); });
    child.join();
  });
  context.run();
  EXPECT_EQ(seen, (std::vector<net::io_context*>{&context, &context}));
}

TEST(Fiber, TakesAFunctionThatCanOnlyBeMoved) {
  net::io_context context;
  int seen = 0;
  net::go(context, [&seen, value = std::make_unique<int>(7)] { seen = *value; });
  context.run();
  EXPECT_EQ(seen, 7);
}

TEST(Fiber, JoinWaitsForTheEnd) {
  net::io_context context;
  std::vector<int> order;
  net::go(context, [&] {
    net::fiber child([&] {
      order.push_back(1);
      net::this_fiber::yield();
      order.push_back(2);
    });
    EXPECT_TRUE(child.joinable());
    child.join();
    EXPECT_FALSE(child.joinable());
    order.push_back(3);
  });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Fiber, JoinOfAFinishedFiberReturnsAtOnce) {
  net::io_context context;
  bool ran = false;
  net::fiber child(context, [&] { ran = true; });
  context.run();
  child.join();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(child.joinable());
}

TEST(Fiber, JoinRethrowsWhatTheFiberThrew) {
  net::io_context context;
  std::string seen;
  net::go(context, [&] {
    net::fiber child([] { throw std::runtime_error("from the child"); });
    try {
      child.join();
    } catch (const std::runtime_error& error) {
      seen = error.what();
    }
  });
  EXPECT_EQ(context.run(), 2u);
  EXPECT_EQ(seen, "from the child");
}

// The exception of a fiber that has finished is out of everybody's sight until somebody joins.
TEST(Fiber, AnExceptionThatWaitsForItsJoinIsNoLeak) {
  net::io_context context;
  std::vector<std::unique_ptr<net::fiber>> children;
  for (int i = 0; i != 64; ++i) {
    children.push_back(
        std::make_unique<net::fiber>(context, [] { throw std::runtime_error("not lost"); }));
  }
  context.run();
  EXPECT_FALSE(has_leaks());
  for (const auto& child : children) {
    EXPECT_THROW(child->join(), std::runtime_error);
  }
}

TEST(Fiber, ThreadJoinsAFiber) {
  net::io_context context;
  auto guard = std::make_optional(net::make_work_guard(context));
  std::thread runner([&] { context.run(); });
  bool ran = false;
  net::fiber good(context, [&] {
    net::this_fiber::sleep_for(1ms);
    ran = true;
  });
  good.join();
  EXPECT_TRUE(ran);
  net::fiber bad(context, [] { throw std::logic_error("thrown"); });
  EXPECT_THROW(bad.join(), std::logic_error);
  guard.reset();
  runner.join();
}

TEST(Fiber, ExceptionOfAFiberWithoutAHandleLeavesRun) {
  net::io_context context;
  bool ran = false;
  net::go(context, [] { throw std::runtime_error("nobody joins"); });
  net::go(context, [&] { ran = true; });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_FALSE(ran);
  EXPECT_EQ(context.run(), 1u);
  EXPECT_TRUE(ran);
}

TEST(Fiber, ExceptionOfADetachedHandleIsDropped) {
  net::io_context context;
  net::fiber child(context, [] { throw std::runtime_error("dropped"); });
  child.detach();
  EXPECT_FALSE(child.joinable());
  EXPECT_EQ(context.run(), 1u);
}

TEST(Fiber, HandleMoves) {
  net::io_context context;
  bool ran = false;
  net::fiber first(context, [&] { ran = true; });
  net::fiber second(std::move(first));
  EXPECT_FALSE(first.joinable());
  first = std::move(second);
  EXPECT_TRUE(first.joinable());
  EXPECT_FALSE(second.joinable());
  context.run();
  first.join();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(net::fiber().joinable());
}

TEST(Fiber, YieldInterleaves) {
  net::io_context context;
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    net::go(context, [&order, name] {
      for (int i = 0; i != 3; ++i) {
        order += name;
        net::this_fiber::yield();
      }
    });
  }
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(order, "abcabcabc");
}

TEST(Fiber, IdsAreUniqueAndKept) {
  net::io_context context;
  EXPECT_EQ(net::this_fiber::get_id(), 0u);
  std::set<std::uint64_t> ids;
  for (int i = 0; i != 10; ++i) {
    net::go(context, [&] {
      const std::uint64_t id = net::this_fiber::get_id();
      ids.insert(id);
      net::this_fiber::yield();
      EXPECT_EQ(net::this_fiber::get_id(), id);
    });
  }
  context.run();
  EXPECT_EQ(ids.size(), 10u);
  EXPECT_EQ(ids.count(0), 0u);
  EXPECT_EQ(net::this_fiber::get_id(), 0u);
}

TEST(Fiber, SleepersWakeInTheOrderOfTheirTimes) {
  nettest::fake_clock clock;
  net::io_context context;
  std::vector<int> order;
  for (const int hours : {3, 1, 2}) {
    net::go(context, [&order, hours] {
      net::this_fiber::sleep_for(std::chrono::hours(hours));
      order.push_back(hours);
    });
  }
  context.poll();
  EXPECT_TRUE(order.empty());
  clock.advance(1h);
  context.poll();
  EXPECT_EQ(order, std::vector<int>{1});
  clock.advance(5h);
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Fiber, ThousandsAreAliveAtOnce) {
  // ThreadSanitizer knows 8128 fibers at most.
  constexpr int count = 5000;
  net::io_context context;
  int alive = 0;
  int most = 0;
  for (int i = 0; i != count; ++i) {
    net::go(context, net::fiber_options{.stack_size = 16384}, [&] {
      most = std::max(most, ++alive);
      net::this_fiber::yield();
      --alive;
    });
  }
  EXPECT_EQ(context.run(), static_cast<std::size_t>(count));
  EXPECT_EQ(most, count);
  EXPECT_EQ(alive, 0);
}

TEST(Fiber, MovesBetweenThreads) {
  constexpr int fibers = 50;
  constexpr int steps = 200;
  net::io_context context;
  std::atomic<int> finished{0};
  std::atomic<int> wrong{0};
  for (int i = 0; i != fibers; ++i) {
    net::go(context, [&] {
      const std::uint64_t id = net::this_fiber::get_id();
      int sum = 0;
      for (int step = 0; step != steps; ++step) {
        sum += step;
        if (step % 50 == 0) {
          net::this_fiber::sleep_for(100us);
        } else {
          net::this_fiber::yield();
        }
        wrong += net::this_fiber::get_id() != id;
        wrong += net::io_context::current() != &context;
      }
      wrong += sum != steps * (steps - 1) / 2;
      ++finished;
    });
  }
  std::vector<std::thread> threads;
  for (int i = 0; i != 4; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(finished, fibers);
  EXPECT_EQ(wrong, 0);
}

TEST(Fiber, ExceptionBeingHandledBelongsToTheFiber) {
  net::io_context context;
  std::vector<std::string> seen;
  for (const char* const name : {"first", "second", "third"}) {
    net::go(context, [&seen, name] {
      try {
        try {
          throw std::runtime_error(name);
        } catch (...) {
          net::this_fiber::yield();
          EXPECT_EQ(std::uncaught_exceptions(), 0);
          net::this_fiber::yield();
          throw;
        }
      } catch (const std::runtime_error& error) {
        seen.push_back(error.what());
      }
    });
  }
  context.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Fiber, ExceptionOnItsWayBelongsToTheFiber) {
  struct yields_at_end {
    std::vector<int>& counts;
    ~yields_at_end() {
      net::this_fiber::yield();
      counts.push_back(std::uncaught_exceptions());
    }
  };
  net::io_context context;
  std::vector<int> unwinding;
  std::vector<int> other;
  net::go(context, [&] {
    try {
      const yields_at_end last{unwinding};
      throw std::runtime_error("on its way");
    } catch (const std::runtime_error&) {
      unwinding.push_back(std::uncaught_exceptions());
    }
  });
  net::go(context, [&] { other.push_back(std::uncaught_exceptions()); });
  context.run();
  EXPECT_EQ(unwinding, (std::vector<int>{1, 0}));
  EXPECT_EQ(other, std::vector<int>{0});
}

[[gnu::noinline]] int use_stack(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  frame[1023] = 1;
  return depth == 0 ? 0 : use_stack(depth - 1) + frame[1023];
}

TEST(Fiber, JoinGivesUpWhenTheTimeHasCome) {
  nettest::fake_clock clock;
  net::io_context context;
  bool gave_up = false;
  net::go(context, [&] {
    net::fiber child([] { net::this_fiber::sleep_for(10s); });
    net::go([&] { clock.advance(1s); });
    gave_up = !child.try_join_for(1s);
    EXPECT_TRUE(child.joinable());
    net::go([&] { clock.advance(9s); });
    EXPECT_TRUE(child.try_join_for(20s));
    EXPECT_FALSE(child.joinable());
  });
  context.run();
  EXPECT_TRUE(gave_up);
}

TEST(Fiber, CancelEndsTheWaitUnderWay) {
  net::io_context context;
  net::error_code seen;
  net::go(context, [&] {
    net::fiber child([&] { net::this_fiber::sleep_for(1h, seen); });
    net::this_fiber::yield();
    child.cancel();
    child.join();
  });
  context.run();
  EXPECT_EQ(seen, net::error::operation_aborted);
}

TEST(Fiber, CancelEndsEveryWaitThatFollows) {
  net::io_context context;
  std::vector<net::error_code> seen(3);
  bool knows = false;
  net::go(context, [&] {
    net::fiber other([] { net::this_fiber::yield(); });
    net::fiber child([&] {
      knows = net::this_fiber::is_cancelled();
      net::this_fiber::sleep_for(1h, seen[0]);
      net::this_fiber::sleep_for(1h, seen[1]);
      other.join(seen[2]);
    });
    child.cancel();
    child.join();
    other.join();
  });
  context.run();
  EXPECT_TRUE(knows);
  EXPECT_EQ(seen, std::vector<net::error_code>(3, net::error::operation_aborted));
}

TEST(Fiber, ShieldedWaitIsNotCancelled) {
  nettest::fake_clock clock;
  net::io_context context;
  net::error_code behind;
  net::error_code after;
  net::go(context, [&] {
    net::fiber child([&] {
      {
        const net::this_fiber::shield outer;
        const net::this_fiber::shield inner;
        net::this_fiber::sleep_for(1s, behind);
      }
      net::this_fiber::sleep_for(1h, after);
    });
    net::this_fiber::yield();
    child.cancel();
    net::this_fiber::yield();
    clock.advance(1s);
    child.join();
  });
  context.run();
  EXPECT_EQ(behind, net::error_code());
  EXPECT_EQ(after, net::error::operation_aborted);
}

TEST(Fiber, CancelledJoinLeavesTheOtherJoinable) {
  net::io_context context;
  net::error_code seen;
  bool threw = false;
  bool ended = false;
  net::go(context, [&] {
    net::fiber last([&] {
      net::this_fiber::sleep_for(1ms);
      ended = true;
    });
    net::fiber joiner([&] {
      last.join(seen);
      EXPECT_TRUE(last.joinable());
      EXPECT_THROW(last.join(), std::system_error);
      threw = true;
    });
    net::this_fiber::yield();
    joiner.cancel();
    joiner.join();
    last.join();
  });
  context.run();
  EXPECT_EQ(seen, net::error::operation_aborted);
  EXPECT_TRUE(threw);
  EXPECT_TRUE(ended);
}

TEST(Fiber, ScopeLeftByAnExceptionCancelsAndJoinsItsFiber) {
  net::io_context context;
  net::error_code seen;
  bool caught = false;
  net::go(context, [&] {
    try {
      net::fiber child([&] { net::this_fiber::sleep_for(1h, seen); });
      net::this_fiber::yield();
      throw std::runtime_error("leaves");
    } catch (const std::runtime_error&) {
      caught = seen == net::error::operation_aborted;
    }
  });
  context.run();
  EXPECT_TRUE(caught);
}

TEST(Fiber, CancelsFromManyThreadsRaceWithEverything) {
  net::io_context context;
  constexpr int rounds = 300;
  std::atomic<int> ended{0};
  for (int i = 0; i != rounds; ++i) {
    net::go(context, [&] {
      net::fiber child([] {
        for (int step = 0; step != 10; ++step) {
          net::error_code ec;
          net::this_fiber::sleep_for(std::chrono::microseconds(step * 10), ec);
        }
      });
      std::thread canceller([&] { child.cancel(); });
      net::this_fiber::yield();
      canceller.join();  // a handle must stay until cancel() has returned
      child.join();
      ++ended;
    });
  }
  std::vector<std::thread> threads;
  for (int i = 0; i != 3; ++i) {
    threads.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(ended, rounds);
}

TEST(Fiber, LargerStackAllowsDeeperCalls) {
  net::io_context context;
  int depth = 0;
  net::go(context, net::fiber_options{.stack_size = 8 << 20, .name = "deep"},
          [&] { depth = use_stack(2000); });
  context.run();
  EXPECT_EQ(depth, 2000);
}

TEST(Fiber, TellsHowDeepItsStackWasUsed) {
  net::io_context context;
  net::discard_pooled_stacks();
  std::size_t size = 0;
  std::size_t before = 0;
  std::size_t after = 0;
  net::fiber deep(context, net::fiber_options{.stack_size = 8 << 20}, [&] {
    size = net::this_fiber::stack_size();
    before = net::this_fiber::stack_high_water_bytes();
    (void)use_stack(1000);
    after = net::this_fiber::stack_high_water_bytes();
  });
  context.run();
  EXPECT_EQ(deep.stack_high_water_bytes(), after);
  deep.join();
  EXPECT_EQ(size, 8u << 20);
  EXPECT_GT(before, 0u);
  EXPECT_LT(before, size / 2);
  EXPECT_GT(after, before);
  EXPECT_LE(after, size);
  EXPECT_EQ(net::this_fiber::stack_size(), 0u) << "a plain thread's is not known";
  EXPECT_EQ(net::this_fiber::stack_high_water_bytes(), 0u);
}

TEST(Fiber, StackThatCannotBeHadThrows) {
  net::io_context context;
  const net::fiber_options options{.stack_size = std::size_t{1} << 60};
  EXPECT_THROW(net::go(context, options, [] {}), std::system_error);
  EXPECT_THROW(net::fiber(context, options, [] {}), std::system_error);
  EXPECT_EQ(context.run(), 0u);
}

TEST(Fiber, RunsAnotherContextInside) {
  net::io_context outer;
  net::io_context inner;
  std::vector<net::io_context*> seen;
  std::uint64_t id_before = 0;
  std::uint64_t id_after = 0;
  net::go(inner, [&] {
    seen.push_back(net::io_context::current());
    net::this_fiber::yield();
    seen.push_back(net::io_context::current());
  });
  net::go(outer, [&] {
    id_before = net::this_fiber::get_id();
    EXPECT_EQ(inner.run(), 1u);
    id_after = net::this_fiber::get_id();
    seen.push_back(net::io_context::current());
  });
  EXPECT_EQ(outer.run(), 1u);
  EXPECT_EQ(seen, (std::vector<net::io_context*>{&inner, &inner, &outer}));
  EXPECT_NE(id_before, 0u);
  EXPECT_EQ(id_after, id_before);
}

#if GTEST_HAS_DEATH_TEST

TEST(FiberDeathTest, LosingTheHandleOfAJoinableFiberAborts) {
  EXPECT_DEATH(
      {
        net::io_context context;
        net::fiber child(context, [] {});
      },
      "joinable fiber's handle was lost");
}

TEST(FiberDeathTest, SpawningWithoutAContextAborts) {
  EXPECT_DEATH(net::go([] {}), "this thread runs none");
}

#endif  // GTEST_HAS_DEATH_TEST

}  // namespace
