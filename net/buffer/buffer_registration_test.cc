// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/buffer_registration.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "net/io_context.h"

namespace net {
namespace {

class BufferRegistration : public ::testing::Test {
 protected:
  io_context context_;
  char first_[3] = {};
  char second_[5] = {};
  std::array<mutable_buffer, 2> buffers_{buffer(first_), buffer(second_)};
};

TEST_F(BufferRegistration, NumbersTheBuffers) {
  const auto registration = register_buffers(context_, buffers_);
  ASSERT_EQ(registration.size(), 2U);
  EXPECT_EQ(registration[0].data(), first_);
  EXPECT_EQ(registration.at(1).size(), 5U);
  EXPECT_EQ(registration[1].id().native_handle(), 1);
  EXPECT_FALSE(registration[0].id() == registration[1].id());
  EXPECT_THROW((void)registration.at(2), std::out_of_range);
  EXPECT_EQ(registration.end() - registration.begin(), 2);
  EXPECT_EQ(registration.cend() - registration.cbegin(), 2);
}

TEST_F(BufferRegistration, PartsKeepTheNumber) {
  const auto registration = register_buffers(context_, buffers_);
  const mutable_registered_buffer part = buffer(registration[1] + 2, 2);
  EXPECT_EQ(part.data(), second_ + 2);
  EXPECT_EQ(part.size(), 2U);
  EXPECT_EQ(part.id(), registration[1].id());
  const const_registered_buffer constant = part;
  EXPECT_EQ((1 + constant).size(), 1U);
  EXPECT_EQ(constant.id(), part.id());
  EXPECT_EQ(buffer_copy(registration[0], constant), 2U);
}

TEST_F(BufferRegistration, OfAnExecutorIsThatOfItsContext) {
  const auto of_context = register_buffers(context_, buffers_, std::allocator<char>());
  const auto of_executor = register_buffers(context_.get_executor(), buffers_);
  EXPECT_EQ(of_context[0].id(), of_executor[0].id());
  io_context other;
  EXPECT_FALSE(register_buffers(other, buffers_)[0].id() == of_context[0].id());
}

TEST_F(BufferRegistration, Moves) {
  auto registration = register_buffers(context_, buffers_);
  auto moved = std::move(registration);
  EXPECT_EQ(moved.size(), 2U);
  registration = register_buffers(context_, std::array{buffer(first_), buffer(first_)});
  moved = std::move(registration);
  EXPECT_EQ(moved[1].data(), first_);
}

}  // namespace
}  // namespace net
