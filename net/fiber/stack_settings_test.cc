// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_settings.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <system_error>

#include "net/fiber/fiber.h"
#include "net/fiber/fiber_state.h"
#include "net/io_context.h"

namespace {

std::size_t size_of_next_stack(const net::fiber_options& options = {}) {
  net::io_context context;
  std::size_t size = 0;
  net::go(context, options,
          [&] { size = net::internal::fiber_state::current()->memory().size; });
  context.run();
  return size;
}

TEST(StackSettings, DefaultSizeIsThatOfFibersThatNameNone) {
  const std::size_t before = net::default_stack_size();
  EXPECT_EQ(size_of_next_stack(), before);
  net::set_default_stack_size(2 * before);
  EXPECT_EQ(size_of_next_stack(), 2 * before);
  EXPECT_EQ(size_of_next_stack({.stack_size = before}), before);
  net::set_default_stack_size(before);
  EXPECT_EQ(size_of_next_stack(), before);
}

TEST(StackSettings, StatisticsCountFibers) {
  net::io_context context;
  const std::size_t before = net::get_stack_statistics().in_use;
  for (int i = 0; i != 10; ++i) {
    net::go(context, [] {});
  }
  EXPECT_EQ(net::get_stack_statistics().in_use, before + 10);
  context.run();
  EXPECT_EQ(net::get_stack_statistics().in_use, before);
}

TEST(StackSettings, WhatIsThrownNamesTheReason) {
  net::io_context context;
  try {
    net::go(context, net::fiber_options{.stack_size = std::size_t{1} << 50}, [] {});
    ADD_FAILURE() << "there is such a stack";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), net::stack_errc::too_large);
    EXPECT_EQ(error.code(), std::errc::not_enough_memory);
  }
}

TEST(StackSettings, AFiberIsTheOccupantOfItsStackUntilItEnds) {
  net::io_context context;
  const net::internal::fiber_state* fiber = nullptr;
  const auto count = [&] {
    int found = 0;
    netpoll::for_each_stack([&](const netpoll::stack& where, void* who) {
      EXPECT_EQ(where.bottom, fiber->memory().bottom);
      found += who == fiber;
    });
    return found;
  };
  net::go(context, [&] {
    fiber = net::internal::fiber_state::current();
    EXPECT_EQ(count(), 1);
  });
  context.run();
  EXPECT_EQ(count(), 0);
}

}  // namespace
