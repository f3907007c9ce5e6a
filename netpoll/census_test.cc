// SPDX-License-Identifier: BSL-1.0
#include "netpoll/census.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace {

TEST(Census, CountsThreads) {
  // A sanitizer may start a thread of its own beside the first one.
  std::thread([] {}).join();
  const int before = netpoll::thread_count();
  if (before == 0) {
    GTEST_SKIP() << "the kernel, or what plays it, does not say";
  }
  std::latch is_counted(1);
  std::thread other([&] { is_counted.wait(); });
  EXPECT_EQ(netpoll::thread_count(), before + 1);
  is_counted.count_down();
  other.join();
}

TEST(Census, CountsBystanders) {
  const int before = netpoll::bystander::count();
  {
    const netpoll::bystander here;
    EXPECT_EQ(netpoll::bystander::count(), before + 1);
  }
  EXPECT_EQ(netpoll::bystander::count(), before);
}

}  // namespace
