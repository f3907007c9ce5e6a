// SPDX-License-Identifier: BSL-1.0
//
// bit_field<Word, Shift, Width> names some bits of a packed state word, so that code reads
// `references::get(word)` and `word + references::one` in place of shifts and masks.
//
//   using closed = bit_field<std::uint64_t, 0, 1>;
//   using references = closed::next<20>;
#pragma once

namespace netpoll {

template <typename Word, unsigned Shift, unsigned Width>
struct bit_field {
  static_assert(Width > 0 && Shift + Width <= sizeof(Word) * 8, "the field leaves the word");

  static constexpr Word max = static_cast<Word>(~Word{0}) >> (sizeof(Word) * 8 - Width);
  static constexpr Word one = Word{1} << Shift;
  static constexpr Word mask = max << Shift;

  // The field that starts where this one ends.
  template <unsigned NextWidth>
  using next = bit_field<Word, Shift + Width, NextWidth>;

  static constexpr Word get(Word word) noexcept { return (word & mask) >> Shift; }
};

}  // namespace netpoll
