// SPDX-License-Identifier: BSL-1.0
//
// read() and write(), and the asynchronous ones: when they end, and with what.
#include <gtest/gtest.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/completion_condition.hpp>
#include <asio/error.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "testing/conformance/script.h"

namespace {

using Transfer = scripted;

TEST_F(Transfer, ReadEndsWhenTheBuffersAreFull) {
  script stream(context, "0123456789", 3);
  EXPECT_EQ(asio::read(stream, asio::buffer(bytes), ec), 8u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{8, 5, 2}));
  EXPECT_EQ(std::string(bytes.data(), 8), "01234567");
}

TEST_F(Transfer, AsyncReadEndsWhenTheBuffersAreFull) {
  script stream(context, "0123456789", 3);
  asio::async_read(stream, asio::buffer(bytes), result());
  EXPECT_EQ(got, 99u);
  EXPECT_EQ(context.run(), 3u);
  EXPECT_EQ(got, 8u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{8, 5, 2}));
}

TEST_F(Transfer, ReadEndsWithTheStream) {
  script stream(context, "0123", 3);
  EXPECT_EQ(asio::read(stream, asio::buffer(bytes), ec), 4u);
  EXPECT_EQ(ec, asio::error::eof);
  script another(context, "0123", 3);
  EXPECT_THROW(asio::read(another, asio::buffer(bytes)), asio::system_error);
  script third(context, "0123", 3);
  asio::async_read(third, asio::buffer(bytes), result());
  context.run();
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(got, 4u);
}

TEST_F(Transfer, AtLeastTakesWhatMoreThereIs) {
  script stream(context, "0123456789", 5);
  EXPECT_EQ(asio::read(stream, asio::buffer(bytes), asio::transfer_at_least(6), ec), 8u);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{8, 3}));
  script another(context, "0123456789", 7);
  asio::async_read(another, asio::buffer(bytes), asio::transfer_at_least(6), result());
  context.run();
  EXPECT_EQ(got, 7u);
  EXPECT_FALSE(ec);
}

TEST_F(Transfer, ExactlyAsksForNoMore) {
  script stream(context, "0123456789", 4);
  EXPECT_EQ(asio::read(stream, asio::buffer(bytes), asio::transfer_exactly(6), ec), 6u);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{6, 2}));
}

TEST_F(Transfer, AConditionMayBeAFunction) {
  script stream(context, "0123456789", 2);
  const auto until_four = [](const asio::error_code& failed, std::size_t n) {
    return failed || n >= 4 ? std::size_t{0} : std::size_t{2};
  };
  EXPECT_EQ(asio::read(stream, asio::buffer(bytes), until_four, ec), 4u);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{2, 2}));
  // Of the old kind: true means that it is done.
  script another(context, "0123456789", 2);
  const auto done = [](const asio::error_code& failed, std::size_t n) { return failed || n >= 4; };
  EXPECT_EQ(asio::read(another, asio::buffer(bytes), done, ec), 4u);
}

TEST_F(Transfer, OfNothingEndsAtOnce) {
  script stream(context, "0123", 3);
  EXPECT_EQ(asio::read(stream, asio::mutable_buffer(), ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_TRUE(stream.asked.empty());
}

TEST_F(Transfer, AsyncReadOfNothingAsksOnce) {
  script stream(context, "0123", 3);
  asio::async_read(stream, asio::mutable_buffer(), result());
  EXPECT_EQ(got, 99u);
  context.run();
  EXPECT_EQ(got, 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{0}));
}

TEST_F(Transfer, WriteWritesAll) {
  script stream(context, "", 3);
  EXPECT_EQ(asio::write(stream, asio::buffer("01234567", 8), ec), 8u);
  EXPECT_EQ(stream.written, "01234567");
  EXPECT_EQ(stream.asked, (std::vector<std::size_t>{8, 5, 2}));
  asio::async_write(stream, asio::buffer("89", 2), result());
  EXPECT_EQ(context.run(), 1u);
  EXPECT_EQ(got, 2u);
  EXPECT_EQ(stream.written, "0123456789");
}

TEST_F(Transfer, WriteTakesConditionsAndSequences) {
  script stream(context, "", 2);
  const std::array<asio::const_buffer, 2> both = {asio::buffer("abc", 3), asio::buffer("def", 3)};
  EXPECT_EQ(asio::write(stream, both, asio::transfer_exactly(5), ec), 5u);
  EXPECT_EQ(stream.written, "abcde");
}

}  // namespace
