// SPDX-License-Identifier: BSL-1.0
//
// Reading into, and writing from, buffers that grow; and reading until
// something is found.
#include <gtest/gtest.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <string>

#include "testing/conformance/script.h"

namespace {

using DynamicTransfer = scripted;

TEST_F(DynamicTransfer, ReadIntoADynamicBufferEndsWithTheStream) {
  script stream(context, "0123456789", 4);
  std::string text;
  EXPECT_EQ(asio::read(stream, asio::dynamic_buffer(text), ec), 10u);
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(text, "0123456789");
}

TEST_F(DynamicTransfer, ReadIntoADynamicBufferEndsAtItsLimit) {
  script stream(context, "0123456789", 4);
  std::string text;
  EXPECT_EQ(asio::read(stream, asio::dynamic_buffer(text, 6), ec), 6u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(text, "012345");
}

TEST_F(DynamicTransfer, ADynamicBufferIsWrittenAndConsumed) {
  script stream(context, "", 4);
  std::string text = "0123456789";
  EXPECT_EQ(asio::write(stream, asio::dynamic_buffer(text), ec), 10u);
  EXPECT_EQ(stream.written, "0123456789");
  EXPECT_EQ(text, "");
}

TEST_F(DynamicTransfer, ReadUntilReturnsUpToTheDelimiterAndKeepsTheRest) {
  script stream(context, "line one\nline two\n", 12);
  std::string text;
  EXPECT_EQ(asio::read_until(stream, asio::dynamic_buffer(text), '\n', ec), 9u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(text, "line one\nlin");
  EXPECT_EQ(asio::read_until(stream, asio::dynamic_buffer(text), "two", ec),
            17u);
}

TEST_F(DynamicTransfer, ReadUntilFindsADelimiterInTwoPieces) {
  script stream(context, "ab\r\ncd", 3);
  asio::streambuf buffer;
  EXPECT_EQ(asio::read_until(stream, buffer, "\r\n", ec), 4u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(buffer.size(), 6u);
}

TEST_F(DynamicTransfer, ReadUntilLooksAtWhatIsThereFirst) {
  script stream(context, "never", 3);
  std::string text = "a\nb";
  EXPECT_EQ(asio::read_until(stream, asio::dynamic_buffer(text), '\n', ec), 2u);
  EXPECT_TRUE(stream.asked.empty());
}

TEST_F(DynamicTransfer, ReadUntilFindsNothing) {
  script stream(context, "0123456789", 4);
  std::string text;
  EXPECT_EQ(asio::read_until(stream, asio::dynamic_buffer(text), 'x', ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  script another(context, "0123456789", 4);
  std::string small;
  EXPECT_EQ(asio::read_until(another, asio::dynamic_buffer(small, 6), 'x', ec),
            0u);
  EXPECT_EQ(ec, asio::error::not_found);
}

TEST_F(DynamicTransfer, AsyncReadUntil) {
  script stream(context, "line one\nline two\n", 4);
  std::string text;
  asio::async_read_until(stream, asio::dynamic_buffer(text), '\n', result());
  context.run();
  EXPECT_FALSE(ec);
  EXPECT_EQ(got, 9u);
  EXPECT_EQ(text, "line one\nlin");
}

} // namespace
