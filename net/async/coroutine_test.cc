// SPDX-License-Identifier: BSL-1.0
#include "net/async/coroutine.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/async/yield.h"

namespace {

int count_to_three(net::coroutine& state) {
  reenter (state) {
    yield return 1;
    yield return 2;
    yield return 3;
  }
  return 0;
}

TEST(Coroutine, YieldReturnGoesOnBehindItself) {
  net::coroutine state;
  EXPECT_EQ(count_to_three(state), 1);
  EXPECT_EQ(count_to_three(state), 2);
  EXPECT_EQ(count_to_three(state), 3);
  EXPECT_FALSE(state.is_complete());
  EXPECT_EQ(count_to_three(state), 0);
  EXPECT_TRUE(state.is_complete());
  EXPECT_EQ(count_to_three(state), 0);  // has ended: the block is not entered
}

TEST(Coroutine, CopyHasItsOwnPlace) {
  net::coroutine state;
  EXPECT_EQ(count_to_three(state), 1);
  net::coroutine copy = state;
  EXPECT_EQ(count_to_three(copy), 2);
  EXPECT_EQ(count_to_three(state), 2);
}

void run_statements(net::coroutine* state, std::string& log) {
  static int i;
  log += '(';
  reenter (state) {
    for (i = 0; i != 3; ++i) {
      yield log += 'a';
      if (i == 1) yield log += 'b';
      else log += 'c';
    }
    yield {
      log += 'd';
      continue;  // of the yield: leaves like the end of the statement
    }
    yield;
    yield break;
    log += 'e';
  }
  log += ')';
}

TEST(Coroutine, YieldRunsItsStatementAndLeavesTheBlock) {
  net::coroutine state;
  std::string log;
  int calls = 0;
  for (; !state.is_complete(); ++calls) {
    ASSERT_LT(calls, 20);
    run_statements(&state, log);
  }
  EXPECT_EQ(log, "(a)(ca)(b)(a)(cd)()()");
  run_statements(&state, log);
  EXPECT_EQ(log, "(a)(ca)(b)(a)(cd)()()()");
}

void fails(net::coroutine& state, bool in_yield) {
  reenter (state) {
    if (in_yield) {
      yield throw 1;
    }
    throw 2;
  }
}

TEST(Coroutine, ExceptionEndsItUnlessYielded) {
  net::coroutine state;
  EXPECT_THROW(fails(state, false), int);
  EXPECT_TRUE(state.is_complete());
  net::coroutine other;
  EXPECT_THROW(fails(other, true), int);
  EXPECT_FALSE(other.is_complete());
  EXPECT_THROW(fails(other, true), int);
  EXPECT_TRUE(other.is_complete());
}

// A server in small: the parent loops, each child goes its own way.
struct forker : net::coroutine {
  explicit forker(std::vector<std::string>& to) : log(&to) {}
  void operator()() {
    reenter (this) {
      do {
        ++round;
        fork forker(*this)();
        log->push_back((is_child() ? "child " : "parent ") + std::to_string(round));
      } while (is_parent() && round != 2);
      log->push_back(is_child() ? "child's end" : "parent's end");
    }
  }
  std::vector<std::string>* log;
  int round = 0;
};

TEST(Coroutine, ForkRunsACopyAsTheChildThenTheParent) {
  std::vector<std::string> log;
  forker parent(log);
  parent();
  EXPECT_EQ(log, (std::vector<std::string>{"child 1", "child's end", "parent 1", "child 2",
                                           "child's end", "parent 2", "parent's end"}));
  EXPECT_TRUE(parent.is_complete());
}

// The yielded statement may destroy the coroutine.
struct owned : net::coroutine {
  static void run(std::unique_ptr<owned>& self) {
    reenter (*self) {
      yield self.reset();
    }
  }
};

TEST(Coroutine, IsNotTouchedAfterAYieldedStatement) {
  auto object = std::make_unique<owned>();
  owned::run(object);
  EXPECT_EQ(object, nullptr);
}

TEST(Coroutine, StartsAsAParent) {
  const net::coroutine state;
  EXPECT_TRUE(state.is_parent());
  EXPECT_FALSE(state.is_child());
  EXPECT_FALSE(state.is_complete());
}

}  // namespace

#include "net/async/unyield.h"

#if defined(reenter) || defined(yield) || defined(fork)
#error "The short names are still there."
#endif
