// SPDX-License-Identifier: BSL-1.0
#include "net/signal/signal_set.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <system_error>
#include <type_traits>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/error.h"
#include "net/execution/thread_pool.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/signal/signal_set_base.h"
#include "net/socket/no_deadline.h"

namespace net {
namespace {

using flags = signal_set::flags;

static_assert(!std::is_move_constructible_v<signal_set>);
static_assert(std::is_same_v<signal_set::rebind_executor<io_context::executor_type>::other,
                             basic_signal_set<io_context::executor_type>>);

// What the kernel does with a signal.
struct ::sigaction action_of(int signal) {
  struct ::sigaction action {};
  EXPECT_EQ(::sigaction(signal, nullptr, &action), 0);
  return action;
}

TEST(SignalSetBase, FlagsAreBits) {
  flags some = flags::restart | flags::no_child_stop;
  EXPECT_EQ(some & flags::restart, flags::restart);
  EXPECT_EQ(some ^ flags::restart, flags::no_child_stop);
  EXPECT_TRUE(!(some & flags::no_child_wait));
  some &= ~flags::restart;
  some |= flags::no_child_wait;
  some ^= flags::no_child_stop;
  EXPECT_EQ(some, flags::no_child_wait);
  EXPECT_EQ(~flags::none, flags::dont_care);
}

TEST(SignalSet, GivesSignalsToHandlersInOrder) {
  io_context context;
  signal_set signals(context, SIGUSR1, SIGUSR2);
  std::vector<int> seen;
  const auto note = [&](error_code ec, int number) {
    EXPECT_FALSE(ec);
    seen.push_back(number);
  };
  std::raise(SIGUSR2);  // kept until somebody waits
  std::raise(SIGUSR1);
  signals.async_wait(note);
  signals.async_wait(note);
  context.run();
  EXPECT_EQ(seen, (std::vector{SIGUSR2, SIGUSR1}));
}

TEST(SignalSet, ParksAFiberAndBlocksAThread) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  int seen = 0;
  go(context, [&] { seen = signals.wait(); });
  go(context, [] { std::raise(SIGUSR1); });
  context.run();
  EXPECT_EQ(seen, SIGUSR1);
  std::raise(SIGUSR1);
  EXPECT_EQ(signals.wait(), SIGUSR1);
}

TEST(SignalSet, EverySetGetsEachSignal) {
  io_context context;
  signal_set one(context, SIGUSR1);
  signal_set other(context, SIGUSR1);
  std::raise(SIGUSR1);
  EXPECT_EQ(one.wait(), SIGUSR1);
  EXPECT_EQ(other.wait(), SIGUSR1);
}

TEST(SignalSet, CancelEndsTheWaits) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  error_code seen;
  signals.async_wait([&](error_code ec, int) { seen = ec; });
  signals.cancel();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
}

TEST(SignalSet, RefusesWhatIsNoSignal) {
  io_context context;
  signal_set signals(context);
  error_code ec;
  for (const int number : {0, -1, 65, SIGKILL}) {
    signals.add(number, ec);
    EXPECT_EQ(ec, error::invalid_argument) << number;
  }
}

TEST(SignalSet, RemovingRestoresTheDefault) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  signal_set other(context.get_executor(), SIGUSR1);
  signals.remove(SIGUSR1);
  EXPECT_NE(action_of(SIGUSR1).sa_handler, SIG_DFL);
  error_code ec = error::fault;
  other.clear(ec);
  EXPECT_FALSE(ec);
  EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_DFL);
  other.remove(SIGUSR1, ec);  // not there: no error
  EXPECT_FALSE(ec);
  other.remove(65, ec);
  EXPECT_EQ(ec, error::invalid_argument);
}

TEST(SignalSet, CatchesWithTheFlagsItIsTold) {
  io_context context;
  signal_set signals(context);
  signals.add(SIGUSR1, flags::none);
  EXPECT_EQ(action_of(SIGUSR1).sa_flags & SA_RESTART, 0);
  signals.add(SIGCHLD, flags::restart | flags::no_child_stop);
  EXPECT_EQ(action_of(SIGCHLD).sa_flags & (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT),
            SA_RESTART | SA_NOCLDSTOP);
}

TEST(SignalSet, RefusesFlagsOtherThanThoseOfAnotherSet) {
  io_context context;
  signal_set one(context, SIGUSR1);
  signal_set other(context);
  // Who does not care gets what the other wants.
  other.add(SIGUSR1, flags::no_child_wait);
  EXPECT_EQ(action_of(SIGUSR1).sa_flags & SA_NOCLDWAIT, SA_NOCLDWAIT);
  signal_set third(context);
  error_code ec;
  third.add(SIGUSR1, flags::restart, ec);
  EXPECT_EQ(ec, error::invalid_argument);
  EXPECT_THROW(third.add(SIGUSR1, flags::none), system_error);
  third.add(SIGUSR1, flags::no_child_wait, ec);
  EXPECT_FALSE(ec);
  // It is there: nothing is asked.
  third.add(SIGUSR1, flags::none, ec);
  EXPECT_FALSE(ec);
  third.remove(SIGUSR1);
  std::raise(SIGUSR1);
  EXPECT_EQ(one.wait(), SIGUSR1);
  // Forgotten with the last set.
  one.clear();
  other.clear();
  third.add(SIGUSR1, flags::restart, ec);
  EXPECT_FALSE(ec);
}

TEST(SignalSet, ARefusedSetLeavesNothingBehind) {
  io_context context;
  EXPECT_THROW(signal_set(context, SIGUSR1, SIGKILL), system_error);
  EXPECT_EQ(action_of(SIGUSR1).sa_handler, SIG_DFL);
}

TEST(SignalSet, ThereMayBeManyButNotAnyNumber) {
  io_context context;
  std::vector<std::unique_ptr<signal_set>> sets;
  for (int i = 0; i != 256; ++i) {
    sets.push_back(std::make_unique<signal_set>(context, SIGUSR1));
  }
  EXPECT_THROW(signal_set{context}, system_error);
  std::raise(SIGUSR1);
  EXPECT_EQ(sets.front()->wait(), SIGUSR1);
  EXPECT_EQ(sets.back()->wait(), SIGUSR1);
}

TEST(SignalSet, ASlotEndsOneWait) {
  io_context context;
  basic_signal_set<io_context::executor_type> signals(context, SIGUSR1);
  cancellation_signal stop;
  error_code first;
  int second = 0;
  signals.async_wait(bind_cancellation_slot(stop.slot(), [&](error_code ec, int) { first = ec; }));
  signals.async_wait([&](error_code, int number) { second = number; });
  context.poll();
  stop.emit(cancellation_type::total);
  std::raise(SIGUSR1);
  context.restart();
  context.run();
  EXPECT_EQ(first, error::operation_aborted);
  EXPECT_EQ(second, SIGUSR1);
}

TEST(SignalSet, ADeadlineEndsAWait) {
  io_context context;
  signal_set signals(context, SIGUSR1);
  signals.set_deadline(std::chrono::steady_clock::time_point::min());
  error_code ec;
  signals.wait(ec);
  EXPECT_EQ(ec, std::errc::timed_out);
  signals.set_deadline(no_deadline);
  std::raise(SIGUSR1);
  EXPECT_EQ(signals.wait(ec), SIGUSR1);
  EXPECT_FALSE(ec);
  signals.cancel(ec);
  EXPECT_FALSE(ec);
}

TEST(SignalSet, BelongsToAnyContext) {
  std::promise<int> seen;
  thread_pool pool(1);
  signal_set signals(pool, SIGUSR1);
  EXPECT_EQ(signals.get_executor(), pool.get_executor());
  signals.async_wait([&](error_code, int number) { seen.set_value(number); });
  std::raise(SIGUSR1);
  EXPECT_EQ(seen.get_future().get(), SIGUSR1);
}

}  // namespace
}  // namespace net
