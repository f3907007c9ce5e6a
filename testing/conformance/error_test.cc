// SPDX-License-Identifier: BSL-1.0
//
// Error codes: values, categories and how they compare.
#include <gtest/gtest.h>

#include <netdb.h>
#include <asio/error.hpp>
#include <asio/error_code.hpp>
#include <asio/system_error.hpp>
#include <cerrno>
#include <string>
#include <system_error>
#include <type_traits>

namespace {

TEST(Error, TypesAreTheStandards) {
  EXPECT_TRUE((std::is_same_v<asio::error_code, std::error_code>));
  EXPECT_TRUE((std::is_same_v<asio::system_error, std::system_error>));
  EXPECT_TRUE((std::is_same_v<asio::error_category, std::error_category>));
}

TEST(Error, BasicErrorsAreErrnoInTheSystemCategory) {
  const asio::error_code refused = asio::error::connection_refused;
  EXPECT_EQ(refused.value(), ECONNREFUSED);
  EXPECT_EQ(refused.category(), asio::error::get_system_category());
  EXPECT_EQ(asio::error_code(asio::error::operation_aborted).value(), ECANCELED);
  EXPECT_EQ(asio::error_code(asio::error::would_block).value(), EWOULDBLOCK);
  EXPECT_EQ(asio::error_code(asio::error::try_again).value(), EAGAIN);
  EXPECT_EQ(asio::error_code(asio::error::timed_out).value(), ETIMEDOUT);
  EXPECT_EQ(asio::error_code(asio::error::no_descriptors).value(), EMFILE);
  EXPECT_EQ(asio::error_code(asio::error::bad_descriptor).value(), EBADF);
}

TEST(Error, EofIsInACategoryOfItsOwn) {
  const asio::error_code eof = asio::error::eof;
  EXPECT_EQ(eof.category(), asio::error::get_misc_category());
  EXPECT_EQ(eof.message(), "End of file");
  EXPECT_NE(eof, asio::error_code(asio::error::already_open));
  EXPECT_EQ(asio::error_code(asio::error::already_open).category(),
            asio::error::get_misc_category());
  EXPECT_EQ(asio::error_code(asio::error::not_found).message(), "Element not found");
  EXPECT_EQ(asio::error_code(asio::error::already_open).message(), "Already open");
  EXPECT_STREQ(asio::error::get_misc_category().name(), "asio.misc");
}

TEST(Error, MiscellaneousValues) {
  EXPECT_EQ(static_cast<int>(asio::error::already_open), 1);
  EXPECT_EQ(static_cast<int>(asio::error::eof), 2);
  EXPECT_EQ(static_cast<int>(asio::error::not_found), 3);
  EXPECT_EQ(static_cast<int>(asio::error::fd_set_failure), 4);
}

TEST(Error, NameResolutionHasCategoriesOfItsOwn) {
  EXPECT_EQ(asio::error_code(asio::error::host_not_found).category(),
            asio::error::get_netdb_category());
  EXPECT_EQ(asio::error_code(asio::error::service_not_found).category(),
            asio::error::get_addrinfo_category());
  EXPECT_EQ(static_cast<int>(asio::error::host_not_found), HOST_NOT_FOUND);
  EXPECT_EQ(static_cast<int>(asio::error::host_not_found_try_again), TRY_AGAIN);
  EXPECT_EQ(static_cast<int>(asio::error::service_not_found), EAI_SERVICE);
  EXPECT_EQ(static_cast<int>(asio::error::socket_type_not_supported), EAI_SOCKTYPE);
  EXPECT_STREQ(asio::error::get_netdb_category().name(), "asio.netdb");
  EXPECT_STREQ(asio::error::get_addrinfo_category().name(), "asio.addrinfo");
  EXPECT_EQ(asio::error_code(asio::error::host_not_found).message(),
            "Host not found (authoritative)");
  EXPECT_EQ(asio::error_code(asio::error::service_not_found).message(), "Service not found");
}

TEST(Error, CategoriesAreOneObjectEach) {
  EXPECT_EQ(&asio::error::get_misc_category(), &asio::error::get_misc_category());
  EXPECT_NE(&asio::error::get_misc_category(), &asio::error::get_netdb_category());
  EXPECT_NE(&asio::error::get_netdb_category(), &asio::error::get_addrinfo_category());
}

TEST(Error, ASystemErrorHasTheCodeAndSaysWhat) {
  const asio::system_error error(asio::error::connection_refused, "connect");
  EXPECT_EQ(error.code(), asio::error::connection_refused);
  EXPECT_NE(std::string(error.what()).find("connect"), std::string::npos);
}

TEST(Error, EnumeratorsMakeCodes) {
  EXPECT_EQ(asio::error::make_error_code(asio::error::eof), asio::error::eof);
  EXPECT_EQ(make_error_code(asio::error::broken_pipe), asio::error::broken_pipe);
  asio::error_code ec;
  ec = asio::error::fault;
  EXPECT_TRUE(ec);
  ec.clear();
  EXPECT_FALSE(ec);
}

}  // namespace
