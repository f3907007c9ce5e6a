// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/registered_buffer.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(RegisteredBuffer, IsASequenceOfOne) {
  EXPECT_TRUE(is_mutable_buffer_sequence<mutable_registered_buffer>::value);
  EXPECT_TRUE(is_const_buffer_sequence<mutable_registered_buffer>::value);
  EXPECT_TRUE(is_const_buffer_sequence<const_registered_buffer>::value);
  EXPECT_FALSE(is_mutable_buffer_sequence<const_registered_buffer>::value);
  const mutable_registered_buffer single;
  EXPECT_EQ(buffer_sequence_begin(single), &single.buffer());
  EXPECT_EQ(buffer_sequence_end(single), &single.buffer() + 1);
  const const_registered_buffer constant(single);
  EXPECT_EQ(buffer_sequence_end(constant) - buffer_sequence_begin(constant), 1);
}

TEST(RegisteredBuffer, OfNobodyHasNoIdAndNoBytes) {
  mutable_registered_buffer none;
  EXPECT_EQ(none.id().native_handle(), -1);
  EXPECT_EQ(none.id(), registered_buffer_id());
  EXPECT_EQ(none.data(), nullptr);
  none += 5;
  EXPECT_EQ((none + 1).size(), 0U);
  EXPECT_EQ((1 + const_registered_buffer(none)).size(), 0U);
  EXPECT_EQ(buffer(none, 3).size(), 0U);
  EXPECT_EQ(buffer(const_registered_buffer(none), 3).id(), none.id());
}

}  // namespace
}  // namespace net
