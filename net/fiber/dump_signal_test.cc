// SPDX-License-Identifier: BSL-1.0
//
// Each test is a process of its own, whose standard error is looked at: forked from one that has no
// threads, and not executed anew, which an emulator would not do.
#include "net/fiber/dump_signal.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/timer/sleep.h"

namespace {

using namespace std::chrono_literals;

// Ends without running any more of the process.
[[noreturn]] void end() { ::_exit(0); }

[[noreturn]] void dump_while_all_threads_are_stuck() {
  net::dump_fibers_on_signal();
  net::io_context context;
  std::atomic<int> stuck{0};
  net::go(context, {.name = "waits"}, [] { net::this_fiber::sleep_for(1h); });
  context.poll();
  for (int i = 0; i != 2; ++i) {
    net::go(context, {.name = "stuck"}, [&] {
      ++stuck;
      for (;;) {
        std::this_thread::sleep_for(1ms);
      }
    });
    std::thread([&] { context.run(); }).detach();
  }
  while (stuck != 2) {
    std::this_thread::yield();
  }
  ::raise(SIGQUIT);
  net::stop_dumping_fibers_on_signal();  // when it has been written
  end();
}

TEST(DumpSignal, ShowsAllFibersWhileEveryThreadIsStuck) {
  EXPECT_EXIT(dump_while_all_threads_are_stuck(), ::testing::ExitedWithCode(0),
              "^netpoll: fibers of process [0-9]+\n"
              "(.*\n)?fiber [0-9]+ \"waits\" \\[parked[^\n]*\\]: sleep, ends in 59 min\n"
              "(    [^\n]+\n)*    net::wait_for[^\n]+\n(    [^\n]+\n)*    netpoll_enter_context");
  EXPECT_EXIT(
      dump_while_all_threads_are_stuck(), ::testing::ExitedWithCode(0),
      "fiber [0-9]+ \"stuck\" \\[running[^\n]*\\]\n(.*\n)?3 fibers: 2 running, 0 ready, 1 parked");
}

[[noreturn]] void dump_three_times() {
  net::dump_fibers_on_signal(SIGUSR1);
  net::dump_fibers_on_signal(SIGUSR1);  // already
  net::dump_fibers_on_signal(SIGUSR2);
  ::raise(SIGUSR1);
  net::stop_dumping_fibers_on_signal(SIGUSR1);
  net::stop_dumping_fibers_on_signal(SIGUSR1);  // already
  ::raise(SIGUSR2);
  net::stop_dumping_fibers_on_signal(SIGUSR2);
  net::dump_fibers_on_signal(SIGUSR2);  // and once more
  ::raise(SIGUSR2);
  net::stop_dumping_fibers_on_signal(SIGUSR2);
  end();
}

TEST(DumpSignal, AnySignalsCanBeAddedAndTakenAway) {
  const std::string one =
      "netpoll: fibers of process [0-9]+\n0 fibers: 0 running, 0 ready, 0 parked\n";
  EXPECT_EXIT(dump_three_times(), ::testing::ExitedWithCode(0), "^" + one + one + one + "$");
}

std::atomic<int> caught_before{0};

[[noreturn]] void give_back() {
  ::signal(SIGUSR1, [](int) { ++caught_before; });
  net::dump_fibers_on_signal(SIGUSR1);
  ::raise(SIGUSR1);
  net::stop_dumping_fibers_on_signal(SIGUSR1);
  if (caught_before != 0) {
    ::_exit(1);
  }
  ::raise(SIGUSR1);
  ::_exit(caught_before == 1 ? 0 : 2);
}

TEST(DumpSignal, WhoCaughtTheSignalBeforeGetsItBack) {
  EXPECT_EXIT(give_back(), ::testing::ExitedWithCode(0), "0 fibers");
}

[[noreturn]] void quit_by_default() {
  net::dump_fibers_on_signal();
  net::stop_dumping_fibers_on_signal();
  ::raise(SIGQUIT);
  end();
}

TEST(DumpSignal, WithoutItTheSignalEndsTheProcess) {
  EXPECT_EXIT(quit_by_default(), ::testing::KilledBySignal(SIGQUIT), "");
}

[[noreturn]] void fork_and_raise() {
  net::dump_fibers_on_signal();
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGQUIT);
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  net::stop_dumping_fibers_on_signal();
  ::_exit(status);
}

TEST(DumpSignal, AChildDoesNotMakeItsParentDump) {
  EXPECT_EXIT(fork_and_raise(), ::testing::ExitedWithCode(0), "^$");
}

TEST(DumpSignal, WhatCannotBeCaughtIsRefused) {
  EXPECT_THROW(net::dump_fibers_on_signal(SIGKILL), std::system_error);
  EXPECT_THROW(net::dump_fibers_on_signal(-1), std::system_error);
}

}  // namespace
