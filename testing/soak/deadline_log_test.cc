// SPDX-License-Identifier: BSL-1.0
#include "testing/soak/deadline_log.h"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr soak::time_point at(int when) { return soak::time_point(seconds(when)); }

TEST(DeadlineLog, WithoutADeadlineNothingExpires) {
  const soak::deadline_log log;
  EXPECT_FALSE(log.may_have_expired(at(1), at(1000)));
  EXPECT_EQ(log.longest_overdue(at(1), at(1000)).duration, nanoseconds(0));
}

TEST(DeadlineLog, ADeadlineExpiresWhenItHasComeAndNotBefore) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(10), at(1)), at(2));
  EXPECT_FALSE(log.may_have_expired(at(3), at(9)));
  EXPECT_TRUE(log.may_have_expired(at(3), at(10)));
  EXPECT_TRUE(log.may_have_expired(at(20), at(21)));
}

TEST(DeadlineLog, AReplacedDeadlineEndsOnlyWhatItMet) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(10), at(1)), at(2));
  log.end_move(log.begin_move(soak::deadline_log::never, at(12)), at(14));
  EXPECT_TRUE(log.may_have_expired(at(5), at(20)));    // when 10 had come
  EXPECT_TRUE(log.may_have_expired(at(13), at(20)));   // the move had not ended
  EXPECT_FALSE(log.may_have_expired(at(15), at(20)));  // it had
}

TEST(DeadlineLog, ADeadlineMovedAwayInTimeEndsNothing) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(10), at(1)), at(2));
  log.end_move(log.begin_move(at(100), at(8)), at(9));
  EXPECT_FALSE(log.may_have_expired(at(3), at(50)));
  EXPECT_EQ(log.longest_overdue(at(3), at(50)).duration, nanoseconds(0));
}

TEST(DeadlineLog, OfTwoOverlappingMovesEitherMayHold) {
  soak::deadline_log log;
  const auto first = log.begin_move(at(10), at(1));
  const auto second = log.begin_move(at(100), at(2));
  log.end_move(second, at(3));
  log.end_move(first, at(4));
  EXPECT_TRUE(log.may_have_expired(at(20), at(30)));
  // Neither certainly does.
  EXPECT_EQ(log.longest_overdue(at(20), at(30)).duration, nanoseconds(0));
}

TEST(DeadlineLog, OverdueIsTheTimePastTheDeadline) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(10), at(1)), at(2));
  EXPECT_EQ(log.longest_overdue(at(3), at(9)).duration, seconds(0));
  EXPECT_EQ(log.longest_overdue(at(3), at(15)).duration, seconds(5));
  EXPECT_EQ(log.longest_overdue(at(3), at(15)).since, at(10));
  EXPECT_EQ(log.longest_overdue(at(12), at(15)).duration, seconds(3));
}

TEST(DeadlineLog, OverdueEndsWhereTheNextMoveBegins) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(10), at(1)), at(2));
  log.end_move(log.begin_move(at(1000), at(12)), at(20));
  EXPECT_EQ(log.longest_overdue(at(3), at(500)).duration, seconds(2));
}

TEST(DeadlineLog, APastDeadlineIsOverdueFromTheEndOfTheMove) {
  soak::deadline_log log;
  log.end_move(log.begin_move(at(1), at(10)), at(12));
  EXPECT_EQ(log.longest_overdue(at(3), at(15)).duration, seconds(3));
}

TEST(DeadlineLog, ForgetsWhatWasReplacedLongAgo) {
  soak::deadline_log log;
  for (int i = 0; i < 1000; ++i) {
    const auto move = log.begin_move(at(i + 5), at(i * 1000));
    log.end_move(move, at(i * 1000 + 1));
  }
  EXPECT_TRUE(log.may_have_expired(at(999'500), at(1'000'000)));
}

}  // namespace
