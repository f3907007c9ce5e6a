// SPDX-License-Identifier: BSL-1.0
//
// Explores a scenario in a test, and says how far it went.
#pragma once

#include <cstdio>

#include "gtest/gtest.h"
#include "net/fiber/sanitizer.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {

// For scenarios with so few steps that no bound is needed.
inline constexpr std::size_t all_preemptions = 1000;

// Every order with up to so many preemptions; one less where a switch costs microseconds.
template <typename Scenario>
void explore_and_expect_fine(const char* name, std::size_t preemptions) {
  if (is_sanitized) {
    preemptions = preemptions == all_preemptions ? 4 : preemptions - 1;
  }
  const exploration found = explore<Scenario>({.preemptions = preemptions});
  EXPECT_EQ(found.failure, "");
  EXPECT_GT(found.orders, 1U);
  std::printf("%-58s %9llu orders, %zu steps at most\n", name,
              static_cast<unsigned long long>(found.orders), found.longest);
}

}  // namespace netpoll::interleave
