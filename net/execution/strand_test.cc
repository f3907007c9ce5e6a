// SPDX-License-Identifier: BSL-1.0
#include "net/execution/strand.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/properties/properties.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/io_context_strand.h"

namespace {

void run_on(net::io_context& context, int threads) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  for (std::thread& each : others) {
    each.join();
  }
}

TEST(Strand, RunsInOrderAndNeverTwoAtOnce) {
  net::io_context context;
  auto strand = net::make_strand(context);
  std::vector<int> order;  // not protected by anything else
  for (int i = 0; i != 1000; ++i) {
    net::post(strand, [&order, i] { order.push_back(i); });
  }
  run_on(context, 4);
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i != 1000; ++i) {
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

TEST(Strand, PostsFromManyThreadsAreAllRun) {
  net::io_context context;
  auto strand = net::make_strand(context);
  long count = 0;  // not protected by anything else
  for (int i = 0; i != 100; ++i) {
    net::post(context, [&] {
      for (int each = 0; each != 100; ++each) {
        net::post(strand, [&] { ++count; });
      }
    });
  }
  run_on(context, 4);
  EXPECT_EQ(count, 10000);
}

// More strands than a hash of them onto shared queues or locks would keep apart: all others have their
// turn while one is in the middle of a function.
template <typename Make>
void no_strand_waits_for_another(Make make) {
  net::io_context context;
  std::vector<decltype(make(context))> all;
  for (int i = 0; i != 1000; ++i) {
    all.push_back(make(context));
  }
  std::atomic<int> ran = 0;
  std::promise<void> last;
  net::post(all[0], [&] {
    for (auto each = all.begin() + 1; each != all.end(); ++each) {
      net::post(*each, [&] {
        if (++ran == 999) {
          last.set_value();
        }
      });
    }
    last.get_future().wait();
  });
  run_on(context, 2);
  EXPECT_EQ(ran, 999);
}

TEST(Strand, NoneWaitsForAnother) {
  no_strand_waits_for_another([](net::io_context& context) { return net::make_strand(context); });
  no_strand_waits_for_another(
      [](net::io_context& context) { return net::io_context::strand(context); });
}

TEST(Strand, DispatchInsideRunsAtOnce) {
  net::io_context context;
  auto strand = net::make_strand(context.get_executor());
  std::vector<int> order;
  net::post(strand, [&] {
    EXPECT_TRUE(strand.running_in_this_thread());
    net::post(strand, [&] { order.push_back(3); });
    net::dispatch(strand, [&] { order.push_back(1); });
    order.push_back(2);
  });
  net::post(context, [&] { EXPECT_FALSE(strand.running_in_this_thread()); });
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

// A turn for who finds nobody there, and one for all that came until then.
TEST(Strand, LetsOthersRunBetweenItsTurns) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  std::vector<int> order;
  net::post(strand, [&] {
    order.push_back(1);
    net::post(strand, [&] { order.push_back(4); });
  });
  net::post(strand, [&] { order.push_back(3); });
  net::post(context, [&] { order.push_back(2); });
  EXPECT_EQ(context.run_one(), 1U);
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_EQ(context.run(), 2U);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(Strand, CopiesAreTheSameStrand) {
  net::io_context context;
  auto one = net::make_strand(context);
  const auto copy = one;
  const auto other = net::make_strand(context);
  EXPECT_TRUE(one == copy);
  EXPECT_FALSE(one == other);
  EXPECT_TRUE(one.get_inner_executor() == context.get_executor());
}

TEST(Strand, ExceptionLeavesRunAndTheRestStillRuns) {
  net::io_context context;
  auto strand = net::make_strand(context);
  std::vector<int> order;
  net::post(strand, [&] { order.push_back(1); });
  net::post(strand, [] { throw std::runtime_error("from the strand"); });
  net::post(strand, [&] { order.push_back(2); });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(order, std::vector<int>{1});
  net::post(strand, [&] { order.push_back(3); });
  context.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Strand, WhatIsQueuedIsDestroyedWithTheContext) {
  auto context = std::make_unique<net::io_context>();
  const auto strand = net::make_strand(*context);  // outlives the context
  const auto counted = std::make_shared<int>();
  bool ran = false;
  net::post(strand, [counted, &ran] { ran = true; });
  EXPECT_EQ(counted.use_count(), 2);
  context.reset();
  EXPECT_EQ(counted.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST(Strand, FibersOnItNeverRunTwoAtOnce) {
  net::io_context context;
  auto strand = net::make_strand(context);
  int inside = 0;  // not protected by anything else
  int turns = 0;
  for (int i = 0; i != 20; ++i) {
    net::go(strand, [&] {
      for (int turn = 0; turn != 50; ++turn) {
        EXPECT_TRUE(strand.running_in_this_thread());
        EXPECT_EQ(++inside, 1);
        ++turns;
        --inside;
        net::this_fiber::yield();
      }
    });
    net::post(strand, [&] { EXPECT_EQ(inside, 0); });
  }
  run_on(context, 4);
  EXPECT_EQ(turns, 1000);
}

TEST(Strand, FiberOnItIsJoinedAndItsExceptionRethrown) {
  net::io_context context;
  auto strand = net::make_strand(context);
  bool caught = false;
  net::go(context, [&] {
    net::fiber child(strand, [] {
      net::this_fiber::yield();
      throw std::runtime_error("from the child");
    });
    try {
      child.join();
    } catch (const std::runtime_error&) {
      caught = true;
    }
  });
  run_on(context, 2);
  EXPECT_TRUE(caught);
}

TEST(Strand, ExceptionOfAFiberWithoutAHandleLeavesRun) {
  net::io_context context;
  net::go(net::make_strand(context), [] { throw std::runtime_error("nobody joins"); });
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(context.run(), 0u);
  EXPECT_TRUE(context.stopped());
}

TEST(Strand, FiberThatWaitsLetsOthersOfTheStrandRun) {
  net::io_context context;
  auto strand = net::make_strand(context);
  bool is_open = false;
  bool saw_it = false;
  net::go(strand, [&] {
    while (!is_open) {
      net::this_fiber::yield();
    }
    saw_it = true;
  });
  net::post(strand, [&] { is_open = true; });
  context.run();
  EXPECT_TRUE(saw_it);
}

TEST(Strand, FiberOnItIsUnwoundWithItsContext) {
  struct at_end {
    bool& flag;
    ~at_end() { flag = true; }
  };
  auto context = std::make_unique<net::io_context>();
  const auto strand = net::make_strand(*context);
  bool started = false;
  bool unwound = false;
  const auto counted = std::make_shared<int>();
  net::go(strand, [&] {
    const at_end mine{unwound};
    started = true;
    for (;;) {
      net::this_fiber::yield();
    }
  });
  for (int i = 0; i != 3; ++i) {
    context->poll_one();
  }
  net::go(strand, [counted] {});  // never runs
  EXPECT_TRUE(started);
  context.reset();
  EXPECT_TRUE(unwound);
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(Strand, RunsAtOnceOnAnIdleStrandWhereItsExecutorWould) {
  net::io_context context;
  auto strand = net::make_strand(context);
  std::string order;
  net::post(context, [&] {
    net::dispatch(strand, [&] {
      EXPECT_TRUE(strand.running_in_this_thread());
      net::post(strand, [&] { order += 'c'; });
      net::require(strand, net::execution::blocking.never).execute([&] { order += 'd'; });
      order += 'a';
    });
    order += 'b';
  });
  context.run();
  EXPECT_EQ(order, "abcd");
}

TEST(Strand, HasThePropertiesOfItsExecutor) {
  net::io_context context;
  const auto strand = net::make_strand(context);
  EXPECT_EQ(&net::query(strand, net::execution::context), &context);
  EXPECT_TRUE(net::query(strand, net::execution::blocking) == net::execution::blocking.possibly);
  const auto never = net::require(strand, net::execution::blocking.never);
  EXPECT_TRUE(net::query(never, net::execution::blocking) == net::execution::blocking.never);
  const auto tracked = net::require(strand, net::execution::outstanding_work.tracked);
  EXPECT_EQ(context.poll(), 0U);
  EXPECT_FALSE(context.stopped());
}

TEST(Strand, IsTheSameOnAnotherExecutor) {
  net::io_context context;
  net::strand<net::io_context::executor_type> strand(context.get_executor());
  net::strand<net::any_io_executor> erased(strand);
  int calls = 0;
  net::post(strand, [&] {
    EXPECT_TRUE(erased.running_in_this_thread());
    net::dispatch(erased, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
  });
  net::post(erased, [copy = strand] { EXPECT_TRUE(copy.running_in_this_thread()); });
  net::strand<net::any_io_executor> other(context.get_executor());
  other = strand;
  EXPECT_TRUE(other == erased);
  other = std::move(strand);
  EXPECT_TRUE(other == erased);
  EXPECT_EQ(context.run(), 2U);  // two turns of the strand
}

// Calls in threads of its own, which run no loop.
struct thread_executor {
  std::vector<std::thread>* threads;
  template <typename Function>
  void execute(Function function) const {
    threads->emplace_back([mine = std::move(function)]() mutable { mine(); });
  }
  thread_executor require(net::execution::blocking_t::never_t) const { return *this; }
  static constexpr net::execution::blocking_t query(net::execution::blocking_t) noexcept {
    return net::execution::blocking.never;
  }
  bool operator==(const thread_executor&) const noexcept = default;
};

TEST(Strand, NeedsNoRunLoop) {
  std::vector<std::thread> threads;
  auto strand = net::make_strand(thread_executor{&threads});
  std::promise<void> done;
  net::post(strand, [&] {
    EXPECT_TRUE(strand.running_in_this_thread());
    done.set_value();
  });
  done.get_future().wait();
  for (std::thread& each : threads) each.join();
}

}  // namespace
