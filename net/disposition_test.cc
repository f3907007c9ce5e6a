// SPDX-License-Identifier: BSL-1.0
#include "net/disposition.h"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include "net/error.h"
#include "net/multiple_exceptions.h"

namespace {

struct outcome {
  int why = 0;
};
struct may_throw {
  may_throw() {}
};

}  // namespace

template <>
struct NET_NAMESPACE::disposition_traits<outcome> {
  static bool not_an_error(const outcome& d) noexcept { return d.why == 0; }
  static void throw_exception(outcome d) { throw d.why; }
  static std::exception_ptr to_exception_ptr(outcome d) noexcept {
    return d.why == 0 ? nullptr : std::make_exception_ptr(d.why);
  }
};
template <>
struct NET_NAMESPACE::disposition_traits<may_throw> {
  static bool not_an_error(const may_throw&) noexcept { return true; }
  static void throw_exception(may_throw) {}
  static std::exception_ptr to_exception_ptr(may_throw) noexcept { return nullptr; }
};

namespace {

using net::no_error;

static_assert(net::is_disposition<std::error_code>::value);
static_assert(net::is_disposition_v<std::exception_ptr>);
static_assert(net::disposition<net::no_error_t>);
static_assert(net::disposition<outcome>);
static_assert(!net::is_disposition_v<int>);
static_assert(!net::is_disposition_v<may_throw>);
static_assert(!net::is_disposition_v<const std::error_code&>);
static_assert(no_error == no_error && !(no_error != no_error));

template <typename Disposition>
void expect_comparisons(const Disposition& d, bool good) {
  EXPECT_EQ(d == no_error, good);
  EXPECT_EQ(no_error == d, good);
  EXPECT_EQ(d != no_error, !good);
  EXPECT_EQ(no_error != d, !good);
}

TEST(Disposition, ComparesWithNoError) {
  expect_comparisons(std::error_code(), true);
  expect_comparisons(std::error_code(net::error::eof), false);
  expect_comparisons(std::exception_ptr(), true);
  expect_comparisons(std::make_exception_ptr(1), false);
  expect_comparisons(outcome{0}, true);
  expect_comparisons(outcome{5}, false);
}

TEST(Disposition, ErrorCodeBecomesASystemError) {
  std::error_code ec;
  EXPECT_EQ(net::to_exception_ptr(ec), nullptr);
  ec = net::error::eof;
  const std::exception_ptr exception = net::to_exception_ptr(ec);
  ASSERT_NE(exception, nullptr);
  for (int i = 0; i != 2; ++i) {
    try {
      if (i == 0) {
        net::throw_exception(ec);
      } else {
        std::rethrow_exception(exception);
      }
      FAIL();
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), net::error::eof);
    }
  }
}

TEST(Disposition, ExceptionPointerIsPassedOn) {
  const std::exception_ptr exception = std::make_exception_ptr(7);
  EXPECT_EQ(net::to_exception_ptr(exception), exception);
  EXPECT_EQ(net::to_exception_ptr(std::exception_ptr()), nullptr);
  EXPECT_THROW(net::throw_exception(exception), int);
}

TEST(Disposition, UsersTypeTakesPart) {
  EXPECT_EQ(net::to_exception_ptr(outcome{0}), nullptr);
  EXPECT_NE(net::to_exception_ptr(outcome{1}), nullptr);
  EXPECT_THROW(net::throw_exception(outcome{1}), int);
  EXPECT_EQ(net::to_exception_ptr(no_error), nullptr);
}

TEST(MultipleExceptions, RemembersTheFirst) {
  try {
    throw net::multiple_exceptions(std::make_exception_ptr(std::runtime_error("first")));
  } catch (const std::exception& all) {
    EXPECT_STREQ(all.what(), "multiple exceptions");
    const auto* const several = dynamic_cast<const net::multiple_exceptions*>(&all);
    ASSERT_NE(several, nullptr);
    EXPECT_THROW(std::rethrow_exception(several->first_exception()), std::runtime_error);
  }
}

}  // namespace
