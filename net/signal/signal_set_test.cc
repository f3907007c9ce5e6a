// SPDX-License-Identifier: BSL-1.0
#include "net/signal/signal_set.h"

#include <csignal>
#include <vector>

#include "gtest/gtest.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"

namespace net {
namespace {

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
  signals.remove(SIGUSR1);
  struct ::sigaction action{};
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &action), 0);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

}  // namespace
}  // namespace net
