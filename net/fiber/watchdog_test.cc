// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/watchdog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "net/async/submit.h"
#include "net/execution/work_guard.h"
#include "net/execution/worker_beat.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/symbolize.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

using namespace std::chrono_literals;

// Holds its thread until it is told to go on. Looked for by its name: external, and not inlined.
struct hold {
  std::atomic<bool> has_begun{false};
  std::atomic<bool> is_over{false};

  void wait_until_begun() const {
    while (!has_begun) {
      std::this_thread::yield();
    }
  }
};
[[gnu::noinline]] void hold_the_thread(hold& until) {
  // ThreadSanitizer prepares for a thread's signals in its first blocking call, and loses one that
  // arrives in the middle of that.
  std::this_thread::sleep_for(1us);
  until.has_begun = true;
  while (!until.is_over) {
    std::this_thread::sleep_for(1us);
  }
}

namespace {

using time_point = std::chrono::steady_clock::time_point;

// A watchdog that looks when the test says, on a clock of the test's.
class Watchdog : public ::testing::Test {
 protected:
  void look_after(std::chrono::nanoseconds time) {
    now_ += time;
    dog_.check(now_);
  }

  // Runs `function` in the context on a thread of its own, until it has begun to hold that.
  template <typename Function>
  void run(Function function) {
    net::post(context_, std::move(function));
    thread_ = std::thread([this] { context_.run(); });
    hold_.wait_until_begun();
  }
  // Until no thread has anything to do.
  static void wait_until_all_rest() {
    for (bool is_busy = true; is_busy;) {
      is_busy = false;
      net::internal::worker_beat::for_each([&](const net::internal::worker_beat& each) {
        is_busy = is_busy || !net::internal::worker_beat::is_resting(each.word());
      });
      std::this_thread::yield();
    }
  }
  void go_on() {
    hold_.is_over = true;
    thread_.join();
  }

  time_point now_ = time_point(1h);
  std::vector<net::held_thread> reports_;
  net::watchdog dog_{{.limit = 100ms,
                      .report = [this](const net::held_thread& what) { reports_.push_back(what); },
                      .has_thread = false}};
  net::io_context context_;
  hold hold_;
  std::thread thread_;
};

bool contains(const net::held_thread& what, const std::string& function) {
  return std::any_of(what.stack.begin(), what.stack.end(), [&](const void* each) {
    return netpoll::symbolize(each).starts_with(function);
  });
}

TEST_F(Watchdog, TellsWhichFiberHoldsItsThreadAndWhere) {
  std::uint64_t id = 0;
  ::pid_t thread = 0;
  run([&] {
    net::go({.name = "holder"}, [&] {
      id = net::this_fiber::get_id();
      thread = ::gettid();
      hold_the_thread(hold_);
    });
  });
  look_after(0s);
  look_after(99ms);
  EXPECT_TRUE(reports_.empty());
  look_after(1ms);
  ASSERT_EQ(reports_.size(), 1u);
  const net::held_thread& what = reports_.front();
  EXPECT_EQ(what.thread, thread);
  EXPECT_EQ(what.duration, 100ms);
  EXPECT_EQ(what.fiber, id);
  EXPECT_EQ(what.fiber_name, "holder");
  ASSERT_TRUE(what.has_answered);
  EXPECT_TRUE(contains(what, "hold_the_thread(hold&)+0x"));
  EXPECT_TRUE(contains(what, "netpoll_enter_context+0x"));

  std::ostringstream text;
  text << what;
  EXPECT_TRUE(text.str().starts_with("netpoll: thread " + std::to_string(thread) +
                                     " has been held for 100 ms by fiber " + std::to_string(id) +
                                     " \"holder\"\n    "))
      << text.str();
  EXPECT_NE(text.str().find("\n    hold_the_thread(hold&)+0x"), std::string::npos) << text.str();
  go_on();
}

TEST_F(Watchdog, TellsOfAHandler) {
  run([&] { hold_the_thread(hold_); });
  look_after(0s);
  look_after(1s);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_.front().fiber, 0u);
  EXPECT_TRUE(contains(reports_.front(), "hold_the_thread(hold&)+0x"));
  std::ostringstream text;
  text << reports_.front();
  EXPECT_NE(text.str().find(" has been held for 1.0 s by a handler\n"), std::string::npos);
  go_on();
}

TEST_F(Watchdog, TellsAgainEachTimeTheTimeHasDoubled) {
  run([&] { hold_the_thread(hold_); });
  look_after(0s);
  for (int i = 0; i != 20; ++i) {
    look_after(50ms);
  }
  std::vector<std::chrono::nanoseconds> times;
  for (const net::held_thread& each : reports_) {
    times.push_back(each.duration);
  }
  EXPECT_EQ(times, (std::vector<std::chrono::nanoseconds>{100ms, 200ms, 400ms, 800ms}));
  go_on();
}

TEST_F(Watchdog, AThreadThatWaitsForWorkIsNotHeld) {
  auto guard = net::make_work_guard(context_);
  run([&] { hold_.has_begun = true; });
  std::thread second([this] { context_.run(); });
  wait_until_all_rest();
  look_after(0s);
  look_after(1h);
  EXPECT_TRUE(reports_.empty()) << "one waits for events, the other for the first one";
  guard.reset();
  go_on();
  second.join();
}

TEST_F(Watchdog, OperationsAndFibersThatTakeTurnsDoNotHoldTheThread) {
  // Three turns, and a look within each.
  std::atomic<int> turn{0};
  std::atomic<int> may_go_on{0};
  const auto take_turn = [&] {
    ++turn;
    while (may_go_on < turn) {
      std::this_thread::sleep_for(1us);
    }
  };
  net::post(context_, take_turn);
  net::go(context_, [&] {
    take_turn();
    net::this_fiber::yield();
    take_turn();
  });
  thread_ = std::thread([this] { context_.run(); });
  for (int i = 1; i <= 3; ++i) {
    while (turn < i) {
      std::this_thread::yield();
    }
    look_after(99ms);
    ++may_go_on;
  }
  thread_.join();
  EXPECT_TRUE(reports_.empty());
}

TEST_F(Watchdog, WaitingInARunFunctionInsideAHandlerHoldsNothing) {
  net::io_context inner;
  auto guard = net::make_work_guard(inner);
  net::post(inner, [&] { hold_.has_begun = true; });
  run([&] { inner.run(); });
  wait_until_all_rest();
  look_after(0s);
  look_after(1h);
  EXPECT_TRUE(reports_.empty());
  guard.reset();
  go_on();
}

TEST_F(Watchdog, AThreadThatBlocksTheSignalIsReportedWithoutAStack) {
  run([&] {
    ::sigset_t urgent;
    ::sigemptyset(&urgent);
    ::sigaddset(&urgent, SIGURG);
    ::pthread_sigmask(SIG_BLOCK, &urgent, nullptr);
    hold_the_thread(hold_);
  });
  look_after(0s);
  look_after(1s);
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_FALSE(reports_.front().has_answered);
  EXPECT_TRUE(reports_.front().stack.empty());
  std::ostringstream text;
  text << reports_.front();
  EXPECT_NE(text.str().find(" has been held for 1.0 s; it does not answer"), std::string::npos);
  go_on();
}

std::atomic<int> signals_of_others{0};

TEST(WatchdogSignal, WhatOthersSendGoesToWhoWasThereBefore) {
  struct ::sigaction mine {};
  mine.sa_handler = [](int) { ++signals_of_others; };
  ASSERT_EQ(::sigaction(SIGUSR2, &mine, nullptr), 0);
  net::watchdog dog({.report = {}, .signal = SIGUSR2, .has_thread = false});
  ::raise(SIGUSR2);
  EXPECT_EQ(signals_of_others, 1);
}

TEST(WatchdogSignal, OneThatCannotBeCaughtIsRefused) {
  EXPECT_THROW(net::watchdog({.report = {}, .signal = SIGKILL}), std::system_error);
  EXPECT_THROW(net::watchdog({.report = {}, .signal = 12345}), std::system_error);
}

TEST(WatchdogThread, LooksByItself) {
  std::mutex mutex;
  std::condition_variable is_reported;
  std::vector<net::held_thread> reports;
  net::watchdog dog({.limit = 1ms, .report = [&](const net::held_thread& what) {
                       const std::lock_guard lock(mutex);
                       reports.push_back(what);
                       is_reported.notify_one();
                     }});
  net::io_context context;
  hold until;
  net::go(context, {.name = "holder"}, [&] { hold_the_thread(until); });
  std::thread runner([&] { context.run(); });
  {
    std::unique_lock lock(mutex);
    is_reported.wait(lock, [&] {
      return std::any_of(reports.begin(), reports.end(),
                         [](const net::held_thread& each) { return each.fiber_name == "holder"; });
    });
  }
  until.is_over = true;
  runner.join();
}

// Threads that come and go, and that are asked where they are while they do anything.
TEST(WatchdogThread, WhileThreadsComeAndGoAndFibersSwitch) {
  constexpr int enough = netpoll::is_sanitized ? 10 : 100;
  std::atomic<int> answers{0};
  net::watchdog dog(
      {.limit = 1ns,
       .report = [&](const net::held_thread& what) { answers += what.has_answered ? 1 : 0; },
       .has_thread = false});
  std::atomic<bool> is_over{false};
  std::thread looker([&] {
    for (auto now = time_point(1h); !is_over; now += 1ms) {
      dog.check(now);
    }
  });
  while (answers < enough) {
    net::io_context context;
    for (int i = 0; i != 10; ++i) {
      net::go(context, [] {
        for (int j = 0; j != 50; ++j) {
          net::fiber child([] { net::this_fiber::yield(); });
          child.join();
          for (int spin = 0; spin < 500; ++spin) {
            asm volatile("");
          }
        }
      });
    }
    std::vector<std::thread> threads;
    for (int i = 0; i != 3; ++i) {
      threads.emplace_back([&] { context.run(); });
    }
    for (std::thread& each : threads) {
      each.join();
    }
  }
  is_over = true;
  looker.join();
}

}  // namespace
