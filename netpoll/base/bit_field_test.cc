// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/bit_field.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

using word = std::uint64_t;
using closed = bit_field<word, 0, 1>;
using references = closed::next<20>;
using queued = references::next<43>;

TEST(BitField, FieldsFillTheWordWithoutOverlap) {
  EXPECT_EQ(closed::mask, word{1});
  EXPECT_EQ(references::mask, word{0xFFFFF} << 1);
  EXPECT_EQ(queued::mask, ~word{0} << 21);
  EXPECT_EQ(closed::mask ^ references::mask ^ queued::mask, ~word{0});
  EXPECT_EQ(closed::mask & references::mask, word{0});
  EXPECT_EQ(references::mask & queued::mask, word{0});
}

TEST(BitField, OneIsTheLowestBitAndMaxTheLargestValue) {
  EXPECT_EQ(closed::one, word{1});
  EXPECT_EQ(closed::max, word{1});
  EXPECT_EQ(references::one, word{2});
  EXPECT_EQ(references::max, word{0xFFFFF});
  EXPECT_EQ(references::one * references::max, references::mask);
  EXPECT_EQ(queued::one * queued::max, queued::mask);
}

TEST(BitField, AFieldIsReadWhateverItsNeighboursHold) {
  for (const word value : {word{0}, word{1}, word{0x12345}, references::max}) {
    const word alone = value * references::one;
    EXPECT_EQ(references::get(alone), value);
    EXPECT_EQ(references::get(alone | closed::mask | queued::mask), value);
    EXPECT_EQ(closed::get(alone), word{0});
    EXPECT_EQ(queued::get(alone), word{0});
  }
}

TEST(BitField, CountingInOneFieldLeavesTheOthersAlone) {
  word state = closed::one + queued::max * queued::one;
  for (int i = 0; i < 1000; ++i) {
    state += references::one;
  }
  state -= 400 * references::one;
  EXPECT_EQ(references::get(state), word{600});
  EXPECT_EQ(closed::get(state), word{1});
  EXPECT_EQ(queued::get(state), queued::max);
}

TEST(BitField, TheWholeWordAndItsHighestBitAreFields) {
  using whole = bit_field<word, 0, 64>;
  EXPECT_EQ(whole::max, ~word{0});
  EXPECT_EQ(whole::mask, ~word{0});
  EXPECT_EQ(whole::get(0x123456789ABCDEF0), word{0x123456789ABCDEF0});
  using highest = bit_field<word, 63, 1>;
  EXPECT_EQ(highest::one, word{1} << 63);
  EXPECT_EQ(highest::get(~word{0}), word{1});
  EXPECT_EQ(highest::get(~highest::mask), word{0});
}

TEST(BitField, WordsNarrowerThanAnIntKeepTheirWidth) {
  using low = bit_field<std::uint8_t, 0, 3>;
  using high = low::next<5>;
  EXPECT_EQ(low::max, 7U);
  EXPECT_EQ(high::max, 31U);
  EXPECT_EQ(high::mask, 0xF8U);
  EXPECT_EQ(high::get(0xFF), 31U);
  EXPECT_EQ(low::get(0xFA), 2U);
}

TEST(BitField, IsAConstantExpression) {
  static_assert(references::get(references::one * 7 + closed::one) == 7);
  constexpr word state = references::one * 3;
  EXPECT_EQ(references::get(state), word{3});
}

}  // namespace
}  // namespace netpoll
