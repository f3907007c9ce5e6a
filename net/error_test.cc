// SPDX-License-Identifier: BSL-1.0
#include "net/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <type_traits>

namespace {

static_assert(std::is_same_v<net::error_code, std::error_code>);
static_assert(std::is_same_v<net::system_error, std::system_error>);
static_assert(std::is_same_v<net::error_category, std::error_category>);
static_assert(net::error::already_open == 1 && net::error::eof == 2 && net::error::not_found == 3 &&
              net::error::fd_set_failure == 4);

TEST(Error, EnumsConvertToCodesOfTheirCategories) {
  const net::error_code aborted = net::error::operation_aborted;
  EXPECT_EQ(aborted.value(), ECANCELED);
  EXPECT_EQ(aborted.category(), std::system_category());
  EXPECT_EQ(aborted, std::errc::operation_canceled);
  EXPECT_EQ(net::error_code(net::error::eof).category(), net::error::get_misc_category());
  EXPECT_EQ(net::error_code(net::error::no_data).category(), net::error::get_netdb_category());
  EXPECT_EQ(net::error_code(net::error::service_not_found).category(),
            net::error::get_addrinfo_category());
  EXPECT_EQ(net::error_code(net::error::would_block), net::error::try_again);
}

TEST(Error, CategoryReferencesAreTheCategories) {
  EXPECT_EQ(&net::error::system_category, &net::error::get_system_category());
  EXPECT_EQ(&net::error::netdb_category, &net::error::get_netdb_category());
  EXPECT_EQ(&net::error::addrinfo_category, &net::error::get_addrinfo_category());
  EXPECT_EQ(&net::error::misc_category, &net::error::get_misc_category());
  EXPECT_EQ(&net::system_category(), &net::error::system_category);
}

TEST(Error, CategoriesHaveNamesAndTexts) {
  EXPECT_STREQ(net::error::netdb_category.name(), "asio.netdb");
  EXPECT_STREQ(net::error::addrinfo_category.name(), "asio.addrinfo");
  EXPECT_STREQ(net::error::misc_category.name(), "asio.misc");
  EXPECT_EQ(net::error_code(net::error::eof).message(), "End of file");
  EXPECT_EQ(net::error_code(net::error::socket_type_not_supported).message(),
            "Socket type not supported");
  EXPECT_EQ(net::error_code(net::error::host_not_found).message(),
            "Host not found (authoritative)");
  EXPECT_EQ(net::error_code(77, net::error::misc_category).message(), "asio.misc error");
}

TEST(Error, GroupsOfTheTechnicalSpecification) {
  EXPECT_EQ(net::error_code(net::stream_errc::eof), net::error::eof);
  EXPECT_EQ(net::error_code(net::stream_errc::not_found), net::error::not_found);
  EXPECT_EQ(net::error_code(net::socket_errc::already_open), net::error::already_open);
  EXPECT_EQ(net::error_code(net::socket_errc::not_found), net::error::not_found);
  EXPECT_EQ(net::error_code(net::resolver_errc::host_not_found), net::error::host_not_found);
  EXPECT_EQ(net::error_code(net::resolver_errc::try_again), net::error::host_not_found_try_again);
  EXPECT_EQ(net::error_code(net::resolver_errc::service_not_found), net::error::service_not_found);
}

TEST(Error, ClearKeepsTheCategory) {
  net::error_code ec = net::error::eof;
  net::error::clear(ec);
  EXPECT_FALSE(ec);
  EXPECT_EQ(ec.category(), net::error::get_misc_category());
}

// Ours alone: a deadline is not a cancellation.
TEST(Error, DeadlineIsATimeoutAndNoCancellation) {
  const net::error_code late = net::error::deadline_exceeded;
  EXPECT_EQ(late, std::errc::timed_out);
  EXPECT_NE(late, net::error::operation_aborted);
  EXPECT_NE(net::error_code(net::error::closed), net::error::operation_aborted);
}

}  // namespace
