// SPDX-License-Identifier: BSL-1.0
//
// Signal sets: who gets a signal, what becomes of those that nobody waits for, and what is refused.
#include <gtest/gtest.h>
#include <signal.h>

#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <vector>

namespace {

class SignalSet : public testing::Test {
 protected:
  auto note(std::vector<int>& where) {
    return [&where](const asio::error_code& ec, int number) {
      EXPECT_FALSE(ec);
      where.push_back(number);
    };
  }

  asio::io_context context;
  std::vector<int> first;
  std::vector<int> second;
};

TEST_F(SignalSet, EverySetGetsEachSignal) {
  asio::signal_set one(context, SIGUSR1);
  asio::signal_set other(context.get_executor(), SIGUSR1, SIGUSR2);
  one.async_wait(note(first));
  other.async_wait(note(second));
  ::raise(SIGUSR1);
  context.run();
  EXPECT_EQ(first, std::vector{SIGUSR1});
  EXPECT_EQ(second, std::vector{SIGUSR1});
}

TEST_F(SignalSet, KeepsASignalForTheNextWait) {
  asio::signal_set signals(context, SIGUSR1);
  ::raise(SIGUSR1);
  ::raise(SIGUSR1);
  signals.async_wait(note(first));
  context.run();
  EXPECT_EQ(first.size(), 1u);
  signals.async_wait(note(first));
  EXPECT_EQ(first.size(), 1u);
  context.restart();
  context.run();
  EXPECT_EQ(first, (std::vector{SIGUSR1, SIGUSR1}));
}

TEST_F(SignalSet, CancelEndsTheWaitsAndNotTheSet) {
  asio::signal_set signals(context, SIGUSR1);
  int aborted = 0;
  for (int i = 0; i != 2; ++i) {
    signals.async_wait([&](const asio::error_code& ec, int) {
      EXPECT_EQ(ec, asio::error::operation_aborted);
      ++aborted;
    });
  }
  signals.cancel();
  context.run();
  EXPECT_EQ(aborted, 2);
  signals.async_wait(note(first));
  ::raise(SIGUSR1);
  context.restart();
  context.run();
  EXPECT_EQ(first, std::vector{SIGUSR1});
}

TEST_F(SignalSet, DestroyingItEndsTheWaits) {
  asio::error_code seen;
  {
    asio::signal_set signals(context, SIGUSR1);
    signals.async_wait([&](const asio::error_code& ec, int) { seen = ec; });
  }
  context.run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
}

TEST_F(SignalSet, TheLastToRemoveASignalRestoresTheDefault) {
  const auto is_default = [] {
    struct ::sigaction action {};
    EXPECT_EQ(::sigaction(SIGUSR1, nullptr, &action), 0);
    return action.sa_handler == SIG_DFL;
  };
  asio::signal_set one(context, SIGUSR1);
  asio::signal_set other(context);
  other.add(SIGUSR1);
  other.add(SIGUSR1);
  asio::error_code ec = asio::error::fault;
  one.clear(ec);
  EXPECT_FALSE(ec);
  EXPECT_FALSE(is_default());
  other.remove(SIGUSR1);
  EXPECT_TRUE(is_default());
  other.remove(SIGUSR1, ec);
  EXPECT_FALSE(ec);
}

TEST_F(SignalSet, RefusesWhatIsNoSignal) {
  asio::signal_set signals(context);
  asio::error_code ec;
  for (const int number : {-1, 1000, SIGKILL}) {
    signals.add(number, ec);
    EXPECT_EQ(ec, asio::error::invalid_argument) << number;
  }
  signals.remove(-1, ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  EXPECT_THROW(signals.add(-1), asio::system_error);
}

}  // namespace
