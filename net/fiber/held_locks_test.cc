// SPDX-License-Identifier: BSL-1.0
//
// Linked with the detection, as all of this program is: what the library itself locks is watched, too.
#include "net/fiber/held_locks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/symbolize.h"
#include "net/fiber/sync/mutex.h"
#include "net/io_context.h"

using namespace std::chrono_literals;

// Looked for by their names: external, and not inlined.
[[gnu::noinline]] void lock_in_the_users_function(std::mutex& mutex) {
  mutex.lock();
  asm volatile("" ::: "memory");
}
[[gnu::noinline]] void wait_in_the_users_function() {
  net::fiber child([] {});  // on this thread, so that it cannot have ended
  child.join();
  asm volatile("" ::: "memory");
}

namespace {

std::vector<net::held_locks> reports;

// Collects instead of ending the process.
class HeldLocks : public ::testing::Test {
 protected:
  HeldLocks() {
    reports.clear();
    net::set_held_locks_handler([](const net::held_locks& what) { reports.push_back(what); });
  }
  ~HeldLocks() override { net::set_held_locks_handler(nullptr); }

  net::io_context context_;
  std::mutex mutex_;
  std::mutex other_;
};

template <typename Addresses, typename Address>
bool has_name(const Addresses& all, Address address, const std::string& function) {
  return std::any_of(all.begin(), all.end(), [&](const auto& each) {
    return netpoll::symbolize(address(each)).starts_with(function);
  });
}

TEST_F(HeldLocks, AFiberThatWaitsWithOneIsReported) {
  std::uint64_t id = 0;
  net::go(context_, {.name = "holder"}, [&] {
    id = net::this_fiber::get_id();
    lock_in_the_users_function(mutex_);
    EXPECT_EQ(net::count_held_locks(), 1u);
    wait_in_the_users_function();
    mutex_.unlock();
    EXPECT_EQ(net::count_held_locks(), 0u);
  });
  context_.run();
  ASSERT_EQ(reports.size(), 1u);
  const net::held_locks& what = reports.front();
  EXPECT_EQ(what.fiber, id);
  EXPECT_STREQ(what.fiber_name, "holder");
  EXPECT_EQ(what.why, net::held_locks::step::waits);
  EXPECT_EQ(what.count, 1u);
  ASSERT_EQ(what.locks.size(), 1u);
  EXPECT_EQ(what.locks.front().address, mutex_.native_handle());
  EXPECT_TRUE(has_name(
      what.stack, [](const void* each) { return each; }, "wait_in_the_users_function()+0x"));
}

TEST_F(HeldLocks, SaysWhereItWasLocked) {
  net::go(context_, [&] {
    lock_in_the_users_function(mutex_);
    wait_in_the_users_function();
    mutex_.unlock();
  });
  context_.run();
  ASSERT_EQ(reports.size(), 1u);
  const std::string name = netpoll::symbolize(reports.front().locks.front().locked_at);
  // Unoptimised, what the standard library's mutex calls.
  EXPECT_TRUE(name.starts_with("lock_in_the_users_function(std::mutex&)+0x") ||
              name.starts_with("__gthread_mutex_lock"))
      << name;
}

TEST_F(HeldLocks, YieldingAndEndingCountToo) {
  net::go(context_, [&] {
    mutex_.lock();
    net::go([] {});  // to yield to
    net::this_fiber::yield();
    mutex_.unlock();
    mutex_.lock();
  });
  context_.run();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].why, net::held_locks::step::yields);
  EXPECT_EQ(reports[1].why, net::held_locks::step::ends);
}

TEST_F(HeldLocks, EveryKindOfLockCounts) {
  std::recursive_mutex recursive;
  std::timed_mutex timed;
  std::shared_timed_mutex shared[3];
  const auto in_an_hour = std::chrono::system_clock::now() + 1h;
  net::go(context_, [&] {
    const std::lock_guard first(recursive);
    const std::lock_guard second(recursive);
    const std::unique_lock third(timed, in_an_hour);
    const std::unique_lock fourth(mutex_, std::try_to_lock);
    const std::shared_lock fifth(shared[0]);
    const std::shared_lock sixth(shared[1], std::try_to_lock);
    const std::shared_lock seventh(shared[2], in_an_hour);
    EXPECT_EQ(net::count_held_locks(), 7u);
    wait_in_the_users_function();
  });
  context_.run();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.front().count, 7u);
  for (int i = 0; i != 3; ++i) {
    const std::unique_lock writer = i == 0   ? std::unique_lock(shared[0])
                                    : i == 1 ? std::unique_lock(shared[0], std::try_to_lock)
                                             : std::unique_lock(shared[0], in_an_hour);
    EXPECT_TRUE(writer.owns_lock());
    EXPECT_EQ(net::count_held_locks(), 1u);
  }
  EXPECT_EQ(net::count_held_locks(), 0u);
}

// By the steady clock. ThreadSanitizer of gcc 12 does not know these functions.
TEST_F(HeldLocks, LocksWithATimeoutCount) {
  if (netpoll::is_sanitized) {
    GTEST_SKIP();
  }
  std::timed_mutex timed;
  std::shared_timed_mutex shared;
  const std::unique_lock first(timed, 1h);
  const std::shared_lock second(shared, 1h);
  EXPECT_EQ(net::count_held_locks(), 2u);
  std::thread([&] {
    EXPECT_FALSE(std::unique_lock(shared, 1ns).owns_lock());
    EXPECT_EQ(net::count_held_locks(), 0u);
  }).join();
}

TEST_F(HeldLocks, MoreThanAreNotedAreCounted) {
  constexpr std::size_t many = 40;
  std::vector<std::mutex> mutexes(many);
  net::go(context_, [&] {
    for (std::mutex& each : mutexes) {
      each.lock();
    }
    EXPECT_EQ(net::count_held_locks(), many);
    wait_in_the_users_function();
    for (std::mutex& each : mutexes) {
      each.unlock();
    }
  });
  context_.run();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.front().count, many);
  EXPECT_EQ(reports.front().locks.size(), 16u);
  EXPECT_EQ(net::count_held_locks(), 0u);
}

TEST_F(HeldLocks, UnlockingInAnyOrderIsKeptTrackOf) {
  net::go(context_, [&] {
    mutex_.lock();
    other_.lock();
    mutex_.unlock();
    wait_in_the_users_function();
    other_.unlock();
  });
  context_.run();
  ASSERT_EQ(reports.size(), 1u);
  ASSERT_EQ(reports.front().locks.size(), 1u);
  EXPECT_EQ(reports.front().locks.front().address, other_.native_handle());
}

// Two fibers, one of which holds: the other one on the same thread does not.
TEST_F(HeldLocks, OnlyTheOneThatHoldsIsReported) {
  net::go(context_, {.name = "holder"}, [&] {
    const std::lock_guard lock(mutex_);
    net::this_fiber::yield();
    wait_in_the_users_function();
  });
  net::go(context_, {.name = "innocent"}, [&] {
    for (int i = 0; i != 10; ++i) {
      const std::lock_guard lock(other_);
    }
    wait_in_the_users_function();
  });
  context_.run();
  ASSERT_FALSE(reports.empty());
  for (const net::held_locks& each : reports) {
    EXPECT_STREQ(each.fiber_name, "holder");
  }
}

TEST_F(HeldLocks, WhatTheThreadHeldBeforeItRanTheContextIsNoFibers) {
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(net::count_held_locks(), 1u);
  net::go(context_, [&] {
    EXPECT_EQ(net::count_held_locks(), 0u);
    { const std::lock_guard own(other_); }
    wait_in_the_users_function();
  });
  context_.run();
  EXPECT_TRUE(reports.empty());
  EXPECT_EQ(net::count_held_locks(), 1u);
}

TEST_F(HeldLocks, LocksOfFibersAreNoLocksOfThreads) {
  net::mutex mutex;
  std::vector<std::thread> threads;
  int count = 0;
  for (int i = 0; i != 20; ++i) {
    net::go(context_, [&] {
      for (int j = 0; j != 50; ++j) {
        const std::lock_guard lock(mutex);
        ++count;
        net::this_fiber::yield();
      }
    });
  }
  for (int i = 0; i != 3; ++i) {
    threads.emplace_back([&] { context_.run(); });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(count, 1000);
  EXPECT_TRUE(reports.empty()) << "nor has the library held one of its own";
}

// Unless told otherwise.
TEST(HeldLocksDeathTest, ItEndsTheProcess) {
  EXPECT_DEATH(
      {
        net::io_context context;
        std::mutex mutex;
        net::go(context, {.name = "holder"}, [&] {
          lock_in_the_users_function(mutex);
          wait_in_the_users_function();
        });
        context.run();
      },
      "netpoll: fiber [0-9]+ \"holder\" waits and holds 1 lock\n"
      "    0x[0-9a-f]+, locked at [^\n]+\n"
      "  and is at\n"
      "(    [^\n]+\n)*    wait_in_the_users_function");
}

// What std::mutex does before main() is counted as ever.
const std::size_t held_before_main = [] {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return net::count_held_locks();
}();

TEST(HeldLocksBeforeMain, AreCounted) {
  EXPECT_EQ(held_before_main, 1u);
  EXPECT_EQ(net::count_held_locks(), 0u);
}

}  // namespace
