// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/local.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"

namespace {

TEST(FiberLocal, EveryFiberAndThreadHasItsOwn) {
  net::io_context context;
  net::fiber_local<int> number;
  net::fiber_local<std::string> word([] { return std::string("made"); });
  *number = 7;
  for (int i = 1; i <= 5; ++i) {
    net::go(context, [&, i] {
      EXPECT_FALSE(number.has_value());
      EXPECT_EQ(*number, 0);
      EXPECT_EQ(*word, "made");
      *number = i;
      word->append(std::to_string(i));
      net::this_fiber::yield();
      EXPECT_EQ(*number, i);
      EXPECT_EQ(word.get(), "made" + std::to_string(i));
      word.reset();
      EXPECT_FALSE(word.has_value());
      EXPECT_EQ(*word, "made");
    });
  }
  context.run();
  EXPECT_EQ(*number, 7);
  std::thread([&] { EXPECT_EQ(*number, 0); }).join();
}

TEST(FiberLocal, ValueFollowsItsFiberFromThreadToThread) {
  net::io_context context;
  net::fiber_local<std::uint64_t> id;
  net::mutex mutex;
  std::atomic<int> checked{0};
  for (int i = 0; i != 32; ++i) {
    net::go(context, [&] {
      *id = net::this_fiber::get_id();
      for (int round = 0; round != 100; ++round) {
        const std::lock_guard lock(mutex);
        net::this_fiber::yield();
        EXPECT_EQ(*id, net::this_fiber::get_id());
      }
      ++checked;
    });
  }
  nettest::run_on_threads(context, 4);
  EXPECT_EQ(checked, 32);
}

TEST(FiberLocal, ValuesEndWithTheFiberAfterItsFunction) {
  static std::string order;
  struct noted {
    std::string name = "?";
    ~noted() { order += name; }
  };
  order.clear();
  net::io_context context;
  net::fiber_local<noted> first;
  net::fiber_local<noted> second;
  net::go(context, [&, captured = std::make_unique<noted>()] {
    captured->name = "captured ";
    second->name = "second ";
    first->name = "first ";
    order += "function ";
  });
  context.run();
  EXPECT_EQ(order, "function captured first second ");
}

TEST(FiberLocal, DestructorsMayUseOthersAndWait) {
  static net::fiber_local<std::string>* log = nullptr;
  static std::vector<std::string> seen;
  struct last_words {
    ~last_words() {
      net::this_fiber::yield();
      **log += "!";
      seen.push_back(**log);
    }
  };
  seen.clear();
  net::io_context context;
  net::fiber_local<std::string> text;
  net::fiber_local<last_words> words;
  log = &text;
  net::go(context, [&] {
    *text = "known";
    (void)words.get();
  });
  net::go(context, [&] { (void)words.get(); });
  context.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"known!", "!"}));
}

TEST(FiberLocal, ValuesOfUnwoundFibersAndOfThreadsAreDestroyed) {
  const auto token = std::make_shared<int>(0);
  net::fiber_local<std::shared_ptr<int>> holds;
  std::thread([&] { *holds = token; }).join();
  EXPECT_EQ(token.use_count(), 1);
  {
    net::mutex mutex;
    mutex.lock();
    {
      net::io_context context;
      net::go(context, [&] {
        *holds = token;
        mutex.lock();
      });
      context.poll();
      EXPECT_EQ(token.use_count(), 2);
    }
    mutex.unlock();
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(FiberLocal, ANewOneDoesNotSeeTheValuesOfOneThatIsGone) {
  const auto token = std::make_shared<int>(0);
  auto old = std::make_unique<net::fiber_local<std::shared_ptr<int>>>();
  net::io_context context;
  net::go(context, [&] {
    **old = token;
    old.reset();
    EXPECT_EQ(token.use_count(), 2);
    net::fiber_local<int> another;  // in the same place
    EXPECT_FALSE(another.has_value());
    EXPECT_EQ(*another, 0);
    EXPECT_EQ(token.use_count(), 1);
  });
  context.run();
}

}  // namespace
