// SPDX-License-Identifier: BSL-1.0
//
// Buffers: what they are made from, sizes, copying, and the dynamic ones.
#include <gtest/gtest.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/streambuf.hpp>
#include <cstddef>
#include <cstring>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

TEST(Buffer, OfMemory) {
  char bytes[4] = {};
  const asio::mutable_buffer whole = asio::buffer(bytes);
  EXPECT_EQ(whole.data(), bytes);
  EXPECT_EQ(whole.size(), 4u);
  EXPECT_EQ(asio::buffer(bytes, 2).size(), 2u);
  EXPECT_EQ(asio::buffer(bytes, 100).size(), 4u);
  EXPECT_EQ(asio::buffer(static_cast<void*>(bytes), 3).size(), 3u);
  const asio::const_buffer fixed = asio::buffer(static_cast<const void*>(bytes), 3);
  EXPECT_EQ(fixed.size(), 3u);
}

TEST(Buffer, CountsBytesOfWiderElements) {
  std::vector<int> numbers(3);
  EXPECT_EQ(asio::buffer(numbers).size(), 3 * sizeof(int));
  std::array<double, 2> pair;
  EXPECT_EQ(asio::buffer(pair).size(), 2 * sizeof(double));
  EXPECT_EQ(asio::buffer(pair, 5).size(), 5u);
}

TEST(Buffer, OfContainers) {
  std::string text = "hello";
  const std::string& same = text;
  EXPECT_EQ(asio::buffer(text).size(), 5u);
  EXPECT_EQ(asio::buffer(same).data(), text.data());
  EXPECT_EQ(asio::buffer(std::string_view("abc")).size(), 3u);
  std::vector<char> none;
  EXPECT_EQ(asio::buffer(none).size(), 0u);
}

TEST(Buffer, AdvancingStopsAtTheEnd) {
  char bytes[4];
  asio::mutable_buffer buffer = asio::buffer(bytes);
  EXPECT_EQ((buffer + 1).size(), 3u);
  EXPECT_EQ((1 + buffer).data(), bytes + 1);
  EXPECT_EQ((buffer + 9).size(), 0u);
  EXPECT_EQ((buffer + 9).data(), bytes + 4);
  buffer += 2;
  EXPECT_EQ(buffer.size(), 2u);
}

TEST(Buffer, SizeOfASequenceIsTheSum) {
  char first[3];
  char second[4];
  const std::vector<asio::mutable_buffer> both = {asio::buffer(first), asio::buffer(second)};
  EXPECT_EQ(asio::buffer_size(both), 7u);
  EXPECT_EQ(asio::buffer_size(asio::buffer(first)), 3u);
  EXPECT_EQ(asio::buffer_size(std::vector<asio::const_buffer>()), 0u);
}

TEST(Buffer, CopyGoesAcrossBoundaries) {
  char first[3] = {};
  char second[4] = {};
  const std::array<asio::mutable_buffer, 2> to = {asio::buffer(first), asio::buffer(second)};
  EXPECT_EQ(asio::buffer_copy(to, asio::buffer("abcde", 5)), 5u);
  EXPECT_EQ(std::memcmp(first, "abc", 3), 0);
  EXPECT_EQ(std::memcmp(second, "de\0\0", 4), 0);
  EXPECT_EQ(asio::buffer_copy(asio::buffer(second), to), 4u);
  EXPECT_EQ(std::memcmp(second, "abc", 3), 0);
  EXPECT_EQ(asio::buffer_copy(to, asio::buffer("xyz", 3), 2), 2u);
  EXPECT_EQ(std::memcmp(first, "xyc", 3), 0);
}

TEST(DynamicBuffer, GrowsAndShrinksItsString) {
  std::string text = "ab";
  auto buffer = asio::dynamic_buffer(text);
  EXPECT_EQ(buffer.size(), 2u);
  buffer.grow(3);
  EXPECT_EQ(text.size(), 5u);
  EXPECT_EQ(asio::buffer_copy(buffer.data(2, 3), asio::buffer("cde", 3)), 3u);
  EXPECT_EQ(text, "abcde");
  buffer.shrink(1);
  EXPECT_EQ(text, "abcd");
  buffer.consume(2);
  EXPECT_EQ(text, "cd");
  buffer.consume(99);
  EXPECT_EQ(text, "");
}

TEST(DynamicBuffer, HasALimit) {
  std::string text = "ab";
  auto buffer = asio::dynamic_buffer(text, 4);
  EXPECT_EQ(buffer.max_size(), 4u);
  EXPECT_THROW(buffer.grow(3), std::length_error);
  buffer.grow(2);
  EXPECT_EQ(buffer.size(), 4u);
}

TEST(DynamicBuffer, PreparesAndCommitsAVector) {
  std::vector<char> bytes;
  auto buffer = asio::dynamic_buffer(bytes);
  EXPECT_EQ(asio::buffer_copy(buffer.prepare(4), asio::buffer("wxyz", 4)), 4u);
  EXPECT_EQ(buffer.size(), 0u);
  buffer.commit(3);
  EXPECT_EQ(buffer.size(), 3u);
  EXPECT_EQ(std::string(bytes.data(), 3), "wxy");
  buffer.consume(1);
  EXPECT_EQ(std::string(bytes.data(), buffer.size()), "xy");
}

TEST(DynamicBuffer, CommitTakesNoMoreThanWasPrepared) {
  std::string text;
  auto buffer = asio::dynamic_buffer(text);
  buffer.prepare(2);
  buffer.commit(99);
  EXPECT_EQ(buffer.size(), 2u);
}

TEST(Streambuf, IsAStreamAndABuffer) {
  asio::streambuf buffer;
  std::ostream(&buffer) << "hello world";
  EXPECT_EQ(buffer.size(), 11u);
  EXPECT_EQ(asio::buffer_size(buffer.data()), 11u);
  std::istream in(&buffer);
  std::string word;
  in >> word;
  EXPECT_EQ(word, "hello");
  EXPECT_EQ(buffer.size(), 6u);
}

TEST(Streambuf, PreparedBytesAreReadOnceCommitted) {
  asio::streambuf buffer;
  EXPECT_EQ(asio::buffer_copy(buffer.prepare(8), asio::buffer("abc", 3)), 3u);
  EXPECT_EQ(buffer.size(), 0u);
  buffer.commit(3);
  EXPECT_EQ(buffer.size(), 3u);
  buffer.consume(1);
  EXPECT_EQ(*static_cast<const char*>(buffer.data().data()), 'b');
  buffer.consume(99);
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(Streambuf, HasALimit) {
  asio::streambuf buffer(8);
  EXPECT_EQ(buffer.max_size(), 8u);
  buffer.commit(asio::buffer_size(buffer.prepare(8)));
  EXPECT_THROW(buffer.prepare(1), std::length_error);
}

}  // namespace
