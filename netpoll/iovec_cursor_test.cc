// SPDX-License-Identifier: BSL-1.0
//
// A cursor does arithmetic on addresses and never looks behind them, so most buffers here are made
// up: a test of gigabytes needs none.
#include "netpoll/iovec_cursor.h"

#include <limits.h>
#include <sys/uio.h>

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30;

// An address nothing is at.
void* place(std::uintptr_t where) {
  return reinterpret_cast<void*>(std::uintptr_t{0x1000} + where);
}

std::uintptr_t where(const ::iovec& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.iov_base) - 0x1000;
}

// Buffers of these sizes, one right behind the other.
std::vector<::iovec> make(const std::vector<std::size_t>& sizes) {
  std::vector<::iovec> all;
  std::uintptr_t at = 0;
  for (const std::size_t size : sizes) {
    all.push_back({place(at), size});
    at += size;
  }
  return all;
}

// How much the next call is given.
std::size_t offered(iovec_cursor& cursor) {
  const ::iovec* const given = cursor.data();
  std::size_t sum = 0;
  for (std::size_t i = 0; i < cursor.count(); ++i) {
    sum += given[i].iov_len;
  }
  return sum;
}

TEST(IovecCursor, NothingIsEmpty) {
  iovec_cursor none(nullptr, 0);
  EXPECT_TRUE(none.is_empty());
  EXPECT_EQ(none.count(), 0U);
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_FALSE(none.was_short(0)) << "there was nothing more to move";
  none.advance(0);
  EXPECT_TRUE(none.is_empty());
}

TEST(IovecCursor, BuffersWithoutContentAreEmptyToo) {
  std::vector<::iovec> buffers = make({0, 0, 0});
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_TRUE(cursor.is_empty());
  EXPECT_EQ(cursor.count(), 0U);
  EXPECT_EQ(cursor.size(), 0U);
  cursor.advance(0);
  EXPECT_TRUE(cursor.is_empty());
}

TEST(IovecCursor, GivesTheCallersBuffersToTheCall) {
  std::vector<::iovec> buffers = make({3, 4, 5});
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_FALSE(cursor.is_empty());
  EXPECT_EQ(cursor.data(), buffers.data());
  EXPECT_EQ(cursor.count(), 3U);
  EXPECT_EQ(cursor.size(), 12U);
}

TEST(IovecCursor, AdvancesAcrossBuffers) {
  std::vector<::iovec> buffers = make({3, 4, 5});
  iovec_cursor cursor(buffers.data(), buffers.size());
  cursor.advance(2);
  EXPECT_EQ(where(*cursor.data()), 2U);
  EXPECT_EQ(cursor.data()->iov_len, 1U);
  EXPECT_EQ(cursor.count(), 3U);
  EXPECT_EQ(cursor.size(), 10U);
  cursor.advance(1);
  EXPECT_EQ(cursor.data(), &buffers[1]) << "a buffer that is used up is left";
  EXPECT_EQ(cursor.count(), 2U);
  cursor.advance(6);
  EXPECT_EQ(cursor.data(), &buffers[2]);
  EXPECT_EQ(where(*cursor.data()), 9U);
  EXPECT_EQ(cursor.data()->iov_len, 3U);
  EXPECT_EQ(cursor.size(), 3U);
  cursor.advance(0);
  EXPECT_EQ(cursor.size(), 3U);
  cursor.advance(3);
  EXPECT_TRUE(cursor.is_empty());
  EXPECT_EQ(cursor.count(), 0U);
}

TEST(IovecCursor, AdvancesOverAllAtOnce) {
  std::vector<::iovec> buffers = make({3, 0, 4, 0});
  iovec_cursor cursor(buffers.data(), buffers.size());
  cursor.advance(7);
  EXPECT_TRUE(cursor.is_empty());
  EXPECT_EQ(cursor.count(), 0U);
}

TEST(IovecCursor, PassesEmptyBuffersWhereverTheyStand) {
  std::vector<::iovec> buffers = make({0, 0, 3, 0, 4, 0});
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_EQ(cursor.data(), &buffers[2]) << "at the front";
  EXPECT_EQ(cursor.size(), 7U);
  cursor.advance(3);
  EXPECT_EQ(cursor.data(), &buffers[4]) << "in between";
  EXPECT_EQ(cursor.size(), 4U);
  cursor.advance(4);
  EXPECT_TRUE(cursor.is_empty()) << "at the end";
  EXPECT_EQ(cursor.count(), 0U);
}

TEST(IovecCursor, KnowsAShortTransfer) {
  std::vector<::iovec> buffers = make({3, 4});
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_TRUE(cursor.was_short(0));
  EXPECT_TRUE(cursor.was_short(3)) << "although a buffer was filled";
  EXPECT_TRUE(cursor.was_short(6));
  EXPECT_FALSE(cursor.was_short(7));
  cursor.advance(3);
  EXPECT_FALSE(cursor.was_short(4));
  EXPECT_TRUE(cursor.was_short(3));
}

TEST(IovecCursor, NeverGivesMoreBuffersThanTheKernelTakes) {
  EXPECT_EQ(max_buffers, static_cast<std::size_t>(IOV_MAX));
  std::vector<::iovec> buffers = make(std::vector<std::size_t>(3000, 2));
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_EQ(cursor.count(), max_buffers);
  EXPECT_EQ(offered(cursor), 2048U);
  EXPECT_FALSE(cursor.was_short(2048)) << "all that it was given";
  cursor.advance(2048);
  EXPECT_EQ(cursor.data(), &buffers[1024]);
  EXPECT_EQ(cursor.count(), max_buffers);
  cursor.advance(2047);
  EXPECT_EQ(cursor.count(), 3000U - 2047U) << "the buffer it is in is still one";
  EXPECT_EQ(cursor.size(), 6000U - 4095U);
  EXPECT_TRUE(cursor.was_short(cursor.size() - 1));
  EXPECT_FALSE(cursor.was_short(cursor.size()));
  cursor.advance(cursor.size());
  EXPECT_TRUE(cursor.is_empty());
}

TEST(IovecCursor, ExactlyAsManyBuffersAsTheKernelTakes) {
  std::vector<::iovec> buffers = make(std::vector<std::size_t>(max_buffers, 1));
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_EQ(cursor.count(), max_buffers);
  EXPECT_EQ(offered(cursor), cursor.size());
  EXPECT_TRUE(cursor.was_short(max_buffers - 1));
  EXPECT_FALSE(cursor.was_short(max_buffers));
}

TEST(IovecCursor, OfOneHugeBufferGivesWhatTheKernelMovesAtOnce) {
  EXPECT_EQ(max_transfer, gibibyte);
  std::vector<::iovec> buffers = make({5 * gibibyte + 1});
  iovec_cursor cursor(buffers.data(), 1);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(cursor.count(), 1U);
    EXPECT_EQ(cursor.size(), gibibyte);
    EXPECT_EQ(where(*cursor.data()), i * gibibyte);
    EXPECT_EQ(cursor.data()->iov_len, gibibyte);
    EXPECT_FALSE(cursor.was_short(gibibyte)) << "the call was given no more";
    EXPECT_TRUE(cursor.was_short(gibibyte - 1));
    cursor.advance(gibibyte);
  }
  EXPECT_EQ(cursor.size(), 1U);
  EXPECT_EQ(where(*cursor.data()), 5 * gibibyte);
  EXPECT_EQ(cursor.data(), buffers.data()) << "no cut is needed any more";
  cursor.advance(1);
  EXPECT_TRUE(cursor.is_empty());
}

TEST(IovecCursor, AGibibyteIsNotCut) {
  std::vector<::iovec> buffers = make({gibibyte - 1, 1});
  iovec_cursor cursor(buffers.data(), 2);
  EXPECT_EQ(cursor.count(), 2U);
  EXPECT_EQ(cursor.size(), gibibyte);
  EXPECT_EQ(cursor.data(), buffers.data());
}

TEST(IovecCursor, OfManyBuffersBeyondAGibibyteGivesOneAtATime) {
  std::vector<::iovec> buffers = make({10, 0, 2 * gibibyte, 0, 20});
  iovec_cursor cursor(buffers.data(), buffers.size());
  EXPECT_EQ(cursor.count(), 1U);
  EXPECT_EQ(cursor.size(), 10U);
  EXPECT_EQ(cursor.data()->iov_len, 10U);
  EXPECT_FALSE(cursor.was_short(10));
  EXPECT_TRUE(cursor.was_short(9));
  cursor.advance(10);
  EXPECT_EQ(cursor.size(), gibibyte);
  EXPECT_EQ(where(*cursor.data()), 10U);
  EXPECT_EQ(buffers[2].iov_len, 2 * gibibyte) << "what is cut is a copy";
  cursor.advance(gibibyte);
  EXPECT_EQ(cursor.size(), gibibyte);
  EXPECT_EQ(cursor.count(), 1U);
  cursor.advance(21);
  EXPECT_EQ(cursor.size(), gibibyte - 1) << "what is left fits one call";
  EXPECT_EQ(offered(cursor), gibibyte - 1);
  cursor.advance(gibibyte - 1);
  EXPECT_TRUE(cursor.is_empty());
}

TEST(IovecCursor, AnyWayOfCallingItMovesEachByteOnceAndInOrder) {
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t end) { return random() % end; };
  for (int round = 0; round < 200; ++round) {
    const std::size_t largest = round % 4 == 0 ? gibibyte : round % 4 == 1 ? 3 : 100;
    std::vector<std::size_t> sizes(below(round % 5 == 0 ? 2500 : 8) + 1);
    std::size_t total = 0;
    for (std::size_t& each : sizes) {
      each = below(3) == 0 ? 0 : below(largest);
      total += each;
    }
    std::vector<::iovec> buffers = make(sizes);
    iovec_cursor cursor(buffers.data(), buffers.size());
    std::size_t moved = 0;
    while (!cursor.is_empty()) {
      const ::iovec* const given = cursor.data();
      std::size_t offered = 0;
      ASSERT_LE(cursor.count(), max_buffers);
      for (std::size_t i = 0; i < cursor.count(); ++i) {
        if (given[i].iov_len != 0) {
          ASSERT_EQ(where(given[i]), moved + offered) << "round " << round;
        }
        offered += given[i].iov_len;
      }
      ASSERT_GT(offered, 0U) << "a call that is given nothing would look like the end";
      ASSERT_LE(offered, max_transfer);
      ASSERT_LE(offered, cursor.size());
      const std::size_t now = below(4) == 0 ? below(offered) + 1 : offered;
      if (now == offered || sizes.size() <= max_buffers) {
        ASSERT_EQ(cursor.was_short(now), now < offered) << "round " << round;
      }
      cursor.advance(now);
      moved += now;
    }
    ASSERT_EQ(moved, total) << "round " << round;
    ASSERT_EQ(cursor.count(), 0U);
  }
}

}  // namespace
}  // namespace netpoll
