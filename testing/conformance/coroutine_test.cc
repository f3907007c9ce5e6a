// SPDX-License-Identifier: BSL-1.0
//
// Coroutines out of macros: where they go on, when they have ended, and forks.
#include <gtest/gtest.h>

#include <asio/coroutine.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// The last: these are words that others use.
#include <asio/yield.hpp>

namespace {

int number(asio::coroutine& state) {
  reenter(state) {
    yield return 1;
    yield return 2;
  }
  return 0;
}

TEST(Coroutine, GoesOnBehindTheYield) {
  asio::coroutine state;
  EXPECT_FALSE(state.is_complete());
  EXPECT_TRUE(state.is_parent());
  EXPECT_FALSE(state.is_child());
  EXPECT_EQ(number(state), 1);
  asio::coroutine copy = state;
  EXPECT_EQ(number(state), 2);
  EXPECT_FALSE(state.is_complete());
  EXPECT_EQ(number(state), 0);
  EXPECT_TRUE(state.is_complete());
  EXPECT_EQ(number(state), 0);
  EXPECT_EQ(number(copy), 2);
}

struct logger : asio::coroutine {
  std::string log;
  int i = 0;

  void operator()() {
    log += '(';
    reenter(this) {
      while (i != 2) {
        ++i;
        yield log += 'a';
        yield {
          log += 'b';
          log += 'c';
        }
      }
      yield;
      yield break;
      log += "never";
    }
    log += ')';
  }
};

TEST(Coroutine, YieldRunsItsStatementAndLeavesTheBlock) {
  logger object;
  for (int i = 0; i != 8; ++i) object();
  EXPECT_EQ(object.log, "(a)(bc)(a)(bc)()()()()");
  EXPECT_TRUE(object.is_complete());
}

TEST(Coroutine, PlaceInTheLoopIsKept) {
  logger object;
  int calls = 0;
  while (!object.is_complete()) {
    object();
    ASSERT_LT(++calls, 20);
  }
  EXPECT_EQ(calls, 6);
}

void leave(asio::coroutine& state, int how) {
  reenter(state) {
    if (how == 0) return;
    if (how == 1) throw 1;
    if (how == 2) {
      yield throw 2;
    }
  }
}

TEST(Coroutine, HasEndedHoweverTheBlockWasLeft) {
  asio::coroutine returned;
  leave(returned, 0);
  EXPECT_TRUE(returned.is_complete());
  asio::coroutine threw;
  EXPECT_THROW(leave(threw, 1), int);
  EXPECT_TRUE(threw.is_complete());
  asio::coroutine threw_in_yield;
  EXPECT_THROW(leave(threw_in_yield, 2), int);
  EXPECT_FALSE(threw_in_yield.is_complete());
  asio::coroutine fell_off;
  leave(fell_off, 3);
  EXPECT_TRUE(fell_off.is_complete());
}

struct forking : asio::coroutine {
  std::shared_ptr<std::vector<std::string>> log = std::make_shared<std::vector<std::string>>();
  int round = 0;

  void operator()() {
    reenter(this) {
      do {
        ++round;
        fork forking (*this)();
      } while (is_parent() && round != 2);
      log->push_back((is_child() ? "child " : "parent ") + std::to_string(round));
      yield log->push_back("yields");
      log->push_back(is_child() ? "child" : "parent");
    }
  }
};

TEST(Coroutine, ForkRunsTheChildFirst) {
  forking object;
  object();
  EXPECT_EQ(*object.log, (std::vector<std::string>{"child 1", "yields", "child 2", "yields",
                                                   "parent 2", "yields"}));
  object();
  EXPECT_EQ(object.log->back(), "parent");
  EXPECT_TRUE(object.is_complete());
}

}  // namespace

#include <asio/unyield.hpp>

#ifdef yield
#error "The words are still taken."
#endif
