// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/check.h"

#include <csignal>
#include <string>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

TEST(Check, PassesWhatHolds) {
  check(true, "never printed");
  check(true, "never printed", nullptr, 0);
}

// On a line of its own: compilers differ in which line an argument of a macro is on.
constexpr int broken_at = __LINE__ + 1;
void break_a_rule() { check(false, "one waiter per direction"); }

TEST(CheckDeathTest, NamesTheRuleAndTheCaller) {
  EXPECT_EXIT(break_a_rule(), ::testing::KilledBySignal(SIGABRT),
              "^netpoll: one waiter per direction \\(.*check_test\\.cc:" +
                  std::to_string(broken_at) + "\\)\n$");
}

TEST(CheckDeathTest, NamesTheCallerItIsGiven) {
  EXPECT_EXIT(check(false, "a rule", "caller.cc", 12), ::testing::KilledBySignal(SIGABRT),
              "^netpoll: a rule \\(caller\\.cc:12\\)\n$");
}

TEST(CheckDeathTest, FailNeedsNoCondition) {
  EXPECT_EXIT(fail("unreachable"), ::testing::KilledBySignal(SIGABRT),
              "^netpoll: unreachable \\(.*check_test\\.cc:[0-9]+\\)\n$");
}

TEST(CheckDeathTest, TheMessageIsTextAndNotAFormat) {
  EXPECT_EXIT(check(false, "100%s %d%n"), ::testing::KilledBySignal(SIGABRT),
              "netpoll: 100%s %d%n \\(");
}

}  // namespace
}  // namespace netpoll
