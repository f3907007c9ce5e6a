// SPDX-License-Identifier: BSL-1.0
#include "netpoll/error.h"

#include <cerrno>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

constexpr errc all[] = {errc::closed, errc::deadline_exceeded, errc::end_of_file,
                        errc::no_deadline};

TEST(Error, ItsCategoryIsOneObjectWithAName) {
  EXPECT_EQ(&category(), &category());
  EXPECT_STREQ(category().name(), "netpoll");
  EXPECT_NE(category(), std::system_category());
  EXPECT_NE(category(), std::generic_category());
}

TEST(Error, ACodeIsMadeFromTheEnumerator) {
  static_assert(std::is_error_code_enum_v<errc>);
  static_assert(!std::is_error_condition_enum_v<errc>);
  for (const errc each : all) {
    const std::error_code code = each;
    EXPECT_TRUE(code) << "none of them is zero";
    EXPECT_EQ(code.value(), static_cast<int>(each));
    EXPECT_EQ(&code.category(), &category());
    EXPECT_EQ(code, make_error_code(each));
    for (const errc other : all) {
      EXPECT_EQ(code == other, each == other);
    }
  }
}

TEST(Error, TheTextsSayWhatHappened) {
  EXPECT_EQ(make_error_code(errc::closed).message(), "use of closed network connection");
  EXPECT_EQ(make_error_code(errc::deadline_exceeded).message(), "i/o timeout");
  EXPECT_EQ(make_error_code(errc::end_of_file).message(), "end of file");
  EXPECT_EQ(make_error_code(errc::no_deadline).message(), "file type does not support deadline");
  EXPECT_EQ(category().message(0), "unknown netpoll error");
  EXPECT_EQ(category().message(1000), "unknown netpoll error");
  std::set<std::string> texts;
  for (const errc each : all) {
    EXPECT_TRUE(texts.insert(make_error_code(each).message()).second);
  }
}

TEST(Error, ConditionsOfTheStandardMatch) {
  EXPECT_EQ(make_error_code(errc::closed), std::errc::bad_file_descriptor);
  EXPECT_EQ(make_error_code(errc::deadline_exceeded), std::errc::timed_out);
  EXPECT_EQ(make_error_code(errc::no_deadline), std::errc::operation_not_supported);

  EXPECT_NE(make_error_code(errc::closed), std::errc::timed_out);
  EXPECT_NE(make_error_code(errc::deadline_exceeded), std::errc::operation_canceled);
  EXPECT_NE(make_error_code(errc::no_deadline), std::errc::bad_file_descriptor);
}

TEST(Error, TheEndOfFileIsNoConditionOfTheStandard) {
  const std::error_condition end = make_error_code(errc::end_of_file).default_error_condition();
  EXPECT_EQ(&end.category(), &category());
  EXPECT_EQ(end.value(), static_cast<int>(errc::end_of_file));
  EXPECT_EQ(make_error_code(errc::end_of_file), end);
  EXPECT_NE(make_error_code(errc::closed), end);
  const std::error_condition unknown = category().default_error_condition(1000);
  EXPECT_EQ(&unknown.category(), &category());
  EXPECT_EQ(unknown.value(), 1000);
}

TEST(Error, AreNotTheCodesThatTheKernelReports) {
  EXPECT_NE(make_error_code(errc::closed), system_error_code(EBADF)) << "but the same condition";
  EXPECT_NE(make_error_code(errc::deadline_exceeded), system_error_code(ETIMEDOUT))
      << "which says that the peer is gone";
  // The numbers of the enumerators mean something else there.
  EXPECT_NE(make_error_code(errc::closed), system_error_code(static_cast<int>(errc::closed)));
}

TEST(Error, AnErrnoValueBecomesACodeOfTheSystem) {
  EXPECT_FALSE(system_error_code(0));
  const std::error_code reset = system_error_code(ECONNRESET);
  EXPECT_TRUE(reset);
  EXPECT_EQ(reset.value(), ECONNRESET);
  EXPECT_EQ(reset.category(), std::system_category());
  EXPECT_EQ(reset, std::errc::connection_reset);
  EXPECT_EQ(system_error_code(EBADF), std::errc::bad_file_descriptor);
}

TEST(Error, CanBeThrownAndCaughtByCondition) {
  try {
    throw std::system_error(errc::deadline_exceeded, "read");
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), errc::deadline_exceeded);
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_STREQ(error.what(), "read: i/o timeout");
  }
}

}  // namespace
}  // namespace netpoll
