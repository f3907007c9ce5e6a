// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/dynamic_buffer.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace net {
namespace {

template <typename Container>
class DynamicBuffer : public ::testing::Test {
 protected:
  static Container of(const std::string& text) { return Container(text.begin(), text.end()); }
  static std::string text_of(const const_buffer& from) {
    return {static_cast<const char*>(from.data()), from.size()};
  }
};

using containers = ::testing::Types<std::string, std::vector<char>, std::vector<unsigned char>>;
TYPED_TEST_SUITE(DynamicBuffer, containers);

TYPED_TEST(DynamicBuffer, IsOfBothModels) {
  using type = decltype(dynamic_buffer(std::declval<TypeParam&>()));
  EXPECT_TRUE(is_dynamic_buffer<type>::value);
  EXPECT_TRUE(is_dynamic_buffer_v1<type>::value);
  EXPECT_TRUE(is_dynamic_buffer_v2<type>::value);
  EXPECT_FALSE(is_dynamic_buffer<TypeParam>::value);
  EXPECT_FALSE(is_dynamic_buffer_v2<const_buffer>::value);
}

TYPED_TEST(DynamicBuffer, PreparedBytesAreNotPartOfItUntilCommitted) {
  TypeParam data = this->of("ab");
  auto target = dynamic_buffer(data);
  const mutable_buffer room = target.prepare(10);
  EXPECT_EQ(room.size(), 10U);
  EXPECT_EQ(target.size(), 2U);
  EXPECT_EQ(this->text_of(target.data()), "ab");
  buffer_copy(room, buffer("cdef", 4));
  target.commit(3);
  EXPECT_EQ(this->text_of(target.data()), "abcde");
  EXPECT_EQ(data, this->of("abcde"));
  target.commit(7);
  EXPECT_EQ(target.size(), 5U) << "there is no more that was prepared";
}

TYPED_TEST(DynamicBuffer, GrowsAndShrinks) {
  TypeParam data = this->of("ab");
  auto target = dynamic_buffer(data);
  target.grow(3);
  EXPECT_EQ(target.size(), 5U);
  buffer_copy(target.data(2, 3), buffer("cde", 3));
  target.shrink(1);
  EXPECT_EQ(data, this->of("abcd"));
  auto copy = target;
  EXPECT_EQ(copy.size(), 4U);
  target.shrink(100);
  EXPECT_EQ(copy.size(), 0U);
}

TYPED_TEST(DynamicBuffer, PartsAreCutOffAtTheEnd) {
  TypeParam data = this->of("abcdef");
  const auto target = dynamic_buffer(data, 5);
  EXPECT_EQ(this->text_of(target.data(1, 2)), "bc");
  EXPECT_EQ(this->text_of(target.data(3, 100)), "de");
  EXPECT_EQ(target.data(99, 1).size(), 0U);
}

TYPED_TEST(DynamicBuffer, ConsumeDropsFromTheFrontAndStopsAtTheEnd) {
  TypeParam data = this->of("abcdef");
  auto second_model = dynamic_buffer(data);
  second_model.consume(2);
  EXPECT_EQ(data, this->of("cdef"));
  auto first_model = dynamic_buffer(data);
  first_model.prepare(0);
  first_model.consume(1);
  EXPECT_EQ(first_model.size(), 3U);
  EXPECT_EQ(data, this->of("def"));
  first_model.consume(100);
  EXPECT_EQ(first_model.size(), 0U);
  second_model.consume(100);
  EXPECT_TRUE(data.empty());
}

TYPED_TEST(DynamicBuffer, NeverGetsLongerThanItsMaximum) {
  TypeParam data = this->of("abc");
  auto target = dynamic_buffer(data, 5);
  EXPECT_EQ(target.max_size(), 5U);
  EXPECT_LE(target.capacity(), 5U);
  EXPECT_THROW(target.grow(3), std::length_error);
  EXPECT_THROW(target.prepare(3), std::length_error);
  EXPECT_EQ(target.prepare(2).size(), 2U);
  TypeParam longer = this->of("abcdefgh");
  EXPECT_EQ(dynamic_buffer(longer, 5).size(), 5U);
}

}  // namespace
}  // namespace net
