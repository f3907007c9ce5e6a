// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/streambuf.h"

#include <gtest/gtest.h>

#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "net/buffer/dynamic_buffer.h"

namespace net {
namespace {

std::string text_of(const streambuf& from) {
  return {static_cast<const char*>(from.data().data()), from.data().size()};
}

void append(streambuf& target, std::string_view text) {
  target.commit(buffer_copy(target.prepare(text.size() + 10), buffer(text)));
}

TEST(Streambuf, IsADynamicBufferOfTheFirstModel) {
  EXPECT_TRUE(is_dynamic_buffer_v1<streambuf>::value);
  EXPECT_TRUE(is_dynamic_buffer_v1<basic_streambuf_ref<>>::value);
  EXPECT_FALSE(is_dynamic_buffer_v2<streambuf>::value);
  EXPECT_FALSE(is_dynamic_buffer_v2<basic_streambuf_ref<>>::value);
  EXPECT_FALSE(std::is_copy_constructible_v<streambuf>);
}

TEST(Streambuf, WhatIsCommittedIsReadFromTheStream) {
  streambuf target;
  append(target, "hello 42 ");
  std::string word;
  int number = 0;
  std::istream in(&target);
  in >> word >> number;
  EXPECT_EQ(word, "hello");
  EXPECT_EQ(number, 42);
  append(target, "more");
  in.clear();
  in >> word;
  EXPECT_EQ(word, "more");
}

TEST(Streambuf, WhatIsWrittenToTheStreamIsData) {
  streambuf target;
  std::ostream out(&target);
  std::string expected;
  for (int i = 0; i != 200; ++i) {
    out << i << ',';
    expected += std::to_string(i) + ',';
  }
  EXPECT_EQ(target.size(), expected.size());
  EXPECT_EQ(text_of(target), expected);
  target.consume(4);
  EXPECT_EQ(text_of(target), expected.substr(4));
  target.consume(static_cast<std::size_t>(-1));
  EXPECT_EQ(target.size(), 0U);
}

TEST(Streambuf, KeepsItsContentsInOrderThroughAllWays) {
  streambuf target;
  target.sputn("abcd", 4);
  for (int i = 0; i != 100; ++i) {
    target.consume(3);
    ASSERT_EQ(text_of(target), "d");
    EXPECT_EQ(target.sgetc(), 'd');
    append(target, "ab");
    EXPECT_EQ(target.sputc('c'), 'c');
    ASSERT_EQ(text_of(target), "dabc");
    target.consume(1);
    append(target, "d");
    ASSERT_EQ(text_of(target), "abcd");
  }
}

TEST(Streambuf, ReusesTheRoomInFront) {
  streambuf target(256);
  for (int i = 0; i != 1000; ++i) {
    append(target, std::string(200, static_cast<char>('a' + i % 26)));
    ASSERT_EQ(text_of(target), std::string(200, static_cast<char>('a' + i % 26)));
    target.consume(200);
  }
  EXPECT_LE(target.capacity(), 512U);
}

TEST(Streambuf, NeverGetsLongerThanItsMaximum) {
  streambuf target(8);
  EXPECT_EQ(target.max_size(), 8U);
  EXPECT_EQ(target.sputn("abcdef", 6), 6);
  target.consume(2);
  EXPECT_THROW(target.prepare(5), std::length_error);
  EXPECT_EQ(text_of(target), "cdef");
  EXPECT_EQ(target.prepare(4).size(), 4U);
  std::ostream out(&target);
  out << "ghijk";
  EXPECT_TRUE(out.bad()) << "the exception becomes a state of the stream";
  EXPECT_EQ(text_of(target), "cdefghij");
}

TEST(Streambuf, OfNoSizeAtAllHoldsNothing) {
  streambuf target(0);
  EXPECT_EQ(target.prepare(0).size(), 0U);
  EXPECT_THROW(target.prepare(1), std::length_error);
  EXPECT_EQ(target.sgetc(), std::char_traits<char>::eof());
}

TEST(StreambufRef, DoesWhatItsTargetDoes) {
  streambuf target(100);
  basic_streambuf_ref<> ref(target);
  const auto copy = ref;
  ref.commit(buffer_copy(ref.prepare(3), buffer("xyz", 3)));
  EXPECT_EQ(copy.size(), 3U);
  EXPECT_EQ(copy.max_size(), 100U);
  EXPECT_EQ(copy.capacity(), target.capacity());
  EXPECT_EQ(copy.data().data(), target.data().data());
  ref.consume(2);
  EXPECT_EQ(text_of(target), "z");
}

}  // namespace
}  // namespace net
