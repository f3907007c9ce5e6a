// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/buffers_iterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace net {
namespace {

const_buffer text(std::string_view what) { return buffer(what); }

// "abcdef", in pieces, some of them empty.
std::list<const_buffer> pieces() {
  return {const_buffer(), text("ab"), const_buffer(), const_buffer(),
          text("cde"),    text("f"),  const_buffer()};
}

TEST(BuffersIterator, WalksOverAllBytes) {
  const auto buffers = pieces();
  EXPECT_EQ(std::string(buffers_begin(buffers), buffers_end(buffers)), "abcdef");
  EXPECT_EQ(buffers_end(buffers) - buffers_begin(buffers), 6);
}

TEST(BuffersIterator, WalksBackOverAllBytes) {
  const auto buffers = pieces();
  std::string seen;
  for (auto at = buffers_end(buffers); at != buffers_begin(buffers);) {
    seen.push_back(*--at);
  }
  EXPECT_EQ(seen, "fedcba");
}

TEST(BuffersIterator, GoesAnyDistance) {
  const auto buffers = pieces();
  const std::string_view expected = "abcdef";
  for (std::ptrdiff_t from = 0; from <= 6; ++from) {
    for (std::ptrdiff_t to = 0; to <= 6; ++to) {
      auto at = buffers_begin(buffers) + from;
      at += to - from;
      EXPECT_EQ(at - buffers_begin(buffers), to);
      EXPECT_EQ(at == buffers_end(buffers), to == 6);
      if (to != 6) {
        EXPECT_EQ(*at, expected[static_cast<std::size_t>(to)]);
        EXPECT_EQ(buffers_begin(buffers)[to], *at);
      }
    }
  }
}

TEST(BuffersIterator, HasAllOperatorsOfRandomAccess) {
  const auto buffers = pieces();
  auto at = buffers_begin(buffers);
  EXPECT_EQ(*at++, 'a');
  EXPECT_EQ(*at--, 'b');
  EXPECT_EQ(*(2 + at), 'c');
  at += 3;
  at -= 1;
  EXPECT_EQ(*at, 'c');
  EXPECT_EQ(*(at - 2), 'a');
  EXPECT_LT(at, buffers_end(buffers));
  EXPECT_GE(at, buffers_begin(buffers));
  EXPECT_NE(at, buffers_iterator<std::list<const_buffer>>());
}

TEST(BuffersIterator, IsAnIteratorForAlgorithms) {
  const auto buffers = pieces();
  const auto found = std::find(buffers_begin(buffers), buffers_end(buffers), 'e');
  EXPECT_EQ(std::distance(buffers_begin(buffers), found), 4);
}

TEST(BuffersIterator, WritesIntoMutableBuffers) {
  char first[2];
  char second[3];
  const std::array buffers{buffer(first), buffer(second)};
  std::fill(buffers_begin(buffers), buffers_end(buffers), 'z');
  EXPECT_EQ(std::string(first, 2) + std::string(second, 3), "zzzzz");
  using bytes = buffers_iterator<const_buffer, unsigned char>;
  static_assert(std::is_same_v<bytes::value_type, unsigned char>);
  static_assert(std::is_same_v<bytes::reference, const unsigned char&>);
}

TEST(BuffersIterator, OfASingleBuffer) {
  const const_buffer single = text("xyz");
  EXPECT_EQ(std::string(buffers_begin(single), buffers_end(single)), "xyz");
  const const_buffer empty;
  EXPECT_EQ(buffers_begin(empty), buffers_end(empty));
}

TEST(BuffersIteratorDeathTest, StaysWithinItsBuffers) {
  const const_buffer single = text("xyz");
  EXPECT_DEATH(buffers_begin(single) + 4, "stays within");
  EXPECT_DEATH(buffers_end(single) - 4, "stays within");
}

}  // namespace
}  // namespace net
