// SPDX-License-Identifier: BSL-1.0
//
// How a run loop shares its work among the threads that run it.
#include "net/execution/run_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/io_context.h"
#include "net/timer/steady_timer.h"

namespace {

using namespace std::chrono_literals;

// Runs a context on some threads, until the context has no work left.
class runners {
 public:
  runners(net::io_context& context, int count) {
    for (int i = 0; i != count; ++i) {
      threads_.emplace_back([&context] { context.run(); });
    }
  }
  ~runners() { join(); }
  void join() {
    for (std::thread& each : threads_) {
      each.join();
    }
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

TEST(RunLoop, OneThreadRunsInTheOrderOfPosting) {
  net::io_context context;
  std::vector<int> order;
  for (int i = 0; i != 3; ++i) {
    net::post(context, [&, i] {
      order.push_back(i);
      net::post(context, [&, i] { order.push_back(10 + i); });
    });
  }
  EXPECT_EQ(context.run(), 6u);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 10, 11, 12}));
}

TEST(RunLoop, WhatABusyThreadPostedIsRunByOthers) {
  net::io_context context;
  constexpr int count = 200;
  std::latch all(count);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::thread::id busy;
  net::post(context, [&] {
    busy = std::this_thread::get_id();
    for (int i = 0; i != count; ++i) {
      net::post(context, [&] {
        {
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        }
        all.count_down();
      });
    }
    all.wait();  // blocks the thread until the others have run them all
  });
  runners(context, 3).join();
  EXPECT_FALSE(threads.contains(busy));
  EXPECT_GE(context.loop().counts().steals, 1u);
}

TEST(RunLoop, OnePostOfABusyThreadIsRunByAnother) {
  net::io_context context;
  for (int round = 0; round != 100; ++round) {
    std::latch ran(1);
    net::post(context, [&] {
      net::post(context, [&] { ran.count_down(); });
      ran.wait();
    });
    runners(context, 2).join();
    context.restart();
  }
}

TEST(RunLoop, EventsAreLookedAtWhileAHandlerBlocks) {
  net::io_context context;
  net::steady_timer first(context, 1ms);
  net::steady_timer second(context, 2ms);
  std::latch fired(1);
  first.async_wait([&](net::error_code) { fired.wait(); });
  second.async_wait([&](net::error_code) { fired.count_down(); });
  runners(context, 2).join();
  EXPECT_TRUE(fired.try_wait());
}

TEST(RunLoop, PostsOfOtherThreadsAreNotStarved) {
  net::io_context context;
  std::atomic<bool> is_over{false};
  struct loop_forever {
    net::io_context& context;
    std::atomic<bool>& is_over;
    void operator()() const {
      if (!is_over) {
        net::post(context, *this);
      }
    }
  };
  net::post(context, loop_forever{context, is_over});
  runners busy(context, 1);
  net::post(context, [&] { is_over = true; });
  busy.join();
  EXPECT_TRUE(is_over);
}

TEST(RunLoop, TimersAreNotStarvedByPosts) {
  net::io_context context;
  bool is_over = false;
  struct loop_forever {
    net::io_context& context;
    bool& is_over;
    void operator()() const {
      if (!is_over) {
        net::post(context, *this);
      }
    }
  };
  net::post(context, loop_forever{context, is_over});
  net::steady_timer timer(context, 1ms);
  timer.async_wait([&](net::error_code) { is_over = true; });
  context.run();
  EXPECT_TRUE(is_over);
}

TEST(RunLoop, RunForEndsAlthoughThereIsMoreToRun) {
  net::io_context context;
  struct loop_forever {
    net::io_context& context;
    void operator()() const { net::post(context, *this); }
  };
  net::post(context, loop_forever{context});
  EXPECT_GT(context.run_for(1ms), 0u);
  EXPECT_FALSE(context.stopped());
}

TEST(RunLoop, APostWakesAtMostOneThread) {
  net::io_context context;
  auto guard = net::make_work_guard(context);
  constexpr unsigned posts = 200;
  {
    runners idle(context, 4);
    for (unsigned i = 0; i != posts; ++i) {
      std::latch ran(1);
      net::post(context, [&] { ran.count_down(); });
      ran.wait();
    }
    guard.reset();
  }
  EXPECT_LE(context.loop().counts().wakes, posts);
}

TEST(RunLoop, LeavesWhatItHasNotRunToOthers) {
  net::io_context context;
  std::vector<int> order;
  net::post(context, [&] {
    net::post(context, [&] { order.push_back(1); });
    net::post(context, [&] { order.push_back(2); });
    context.stop();
  });
  EXPECT_EQ(context.run(), 1u);
  net::post(context, [&] { order.push_back(3); });
  context.restart();
  std::thread([&] { EXPECT_EQ(context.run(), 3u); }).join();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(RunLoop, RunInsideARunGetsAtWhatTheOuterOneHasQueued) {
  net::io_context context;
  std::vector<int> order;
  net::post(context, [&] {
    net::post(context, [&] { order.push_back(1); });
    EXPECT_EQ(context.poll_one(), 1u);
    order.push_back(2);
  });
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// Chains of posts that hop between threads: none lost, none run twice, and run() returns when the
// last has ended and not before.
TEST(RunLoop, ManyChainsOnManyThreads) {
  constexpr int chains = 64;
  constexpr int length = 500;
  net::io_context context;
  std::atomic<int> steps{0};
  struct chain {
    net::io_context& context;
    std::atomic<int>& steps;
    int left;
    void operator()() const {
      ++steps;
      if (left > 1) {
        net::post(context, chain{context, steps, left - 1});
      }
    }
  };
  for (int i = 0; i != chains; ++i) {
    net::post(context, chain{context, steps, length});
  }
  runners(context, 4).join();
  EXPECT_EQ(steps, chains * length);
  EXPECT_TRUE(context.stopped());
}

}  // namespace
