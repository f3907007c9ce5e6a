// SPDX-License-Identifier: BSL-1.0
//
// The half of timer_queue that keeps what is not due yet: the wheel, and the batch into which the
// entries of a slot are sorted when it has come.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "netpoll/timer_queue.h"

namespace netpoll {
namespace {

constexpr std::size_t chunks_per_block = 32;

}  // namespace

void timer_queue::add_to_wheel(entry& which, nanotime tick) {
  const auto differing = static_cast<std::uint64_t>(tick ^ current_tick_);
  const auto level = static_cast<std::uint32_t>((std::bit_width(differing) - 1) / digit_bits);
  const auto digit =
      static_cast<std::uint32_t>(tick >> (level * digit_bits)) & (slots_per_level - 1);
  const auto number = static_cast<std::uint16_t>(level * slots_per_level + digit);
  slot& into = slots_[number];
  if (into.back == nullptr || into.used_in_back == chunk::capacity) {
    chunk* const added = new_chunk();
    added->previous = into.back;
    added->next = nullptr;
    (into.back != nullptr ? into.back->next : into.front) = added;
    into.back = added;
    into.used_in_back = 0;
    used_slots_[level] |= std::uint64_t{1} << digit;
    used_levels_ |= std::uint64_t{1} << level;
  }
  which.place_ = number;
  which.chunk_ = into.back;
  which.position_ = into.used_in_back;
  into.back->entries[into.used_in_back++] = &which;
  into.first = std::min(into.first, which.when_);
}

// The last entry of the slot takes its place.
void timer_queue::remove_from_wheel(entry& which) noexcept {
  slot& from = slots_[which.place_];
  chunk* const back = from.back;
  entry& last = *back->entries[--from.used_in_back];
  which.chunk_->entries[which.position_] = &last;
  last.chunk_ = which.chunk_;
  last.position_ = which.position_;
  if (from.used_in_back != 0) {
    return;
  }
  from.back = back->previous;
  free_chunk(*back);
  if (from.back != nullptr) {
    from.back->next = nullptr;
    from.used_in_back = chunk::capacity;
    return;
  }
  clear_slot(which.place_);
}

void timer_queue::clear_slot(std::uint16_t number) noexcept {
  const std::uint32_t level = number / slots_per_level;
  slots_[number] = slot();
  used_slots_[level] &= ~(std::uint64_t{1} << (number % slots_per_level));
  if (used_slots_[level] == 0) {
    used_levels_ &= ~(std::uint64_t{1} << level);
  }
}

// The number of the one that comes first; there must be one.
std::uint16_t timer_queue::first_slot() const noexcept {
  const auto level = static_cast<std::uint32_t>(std::countr_zero(used_levels_));
  const auto digit = static_cast<std::uint32_t>(std::countr_zero(used_slots_[level]));
  return static_cast<std::uint16_t>(level * slots_per_level + digit);
}

// Its first tick.
nanotime timer_queue::start_of(std::uint16_t number) const noexcept {
  const std::uint32_t shift = std::uint32_t{number} / slots_per_level * digit_bits;
  const nanotime above = current_tick_ >> (shift + digit_bits) << (shift + digit_bits);
  return above | static_cast<nanotime>(number % slots_per_level) << shift;
}

// Opens the first slot if it has come: sorts what is due in it and spreads the rest over the levels
// below. False if none has. Only when nothing else is left of the current tick.
bool timer_queue::open_slot(nanotime now) noexcept {
  batch_.clear();
  turns_.clear();
  next_turn_ = 0;
  const nanotime now_tick = tick_of(now);
  const std::uint16_t number = used_levels_ != 0 ? first_slot() : slot_count;
  if (number == slot_count || start_of(number) > now_tick) {
    current_tick_ = std::max(current_tick_, now_tick);
    return false;
  }
  const std::uint32_t level = number / slots_per_level;
  const nanotime start = start_of(number);
  const nanotime end = start | ((nanotime{1} << (level * digit_bits)) - 1);
  const bool is_over = end <= now_tick;
  current_tick_ = is_over ? end : start;

  const slot opened = slots_[number];
  clear_slot(number);
  for (chunk* each = opened.front; each != nullptr;) {
    chunk* const next = each->next;
    if (next != nullptr) {  // entries are cache misses: asked for while those before are dealt with
      const std::uint32_t count = next->next != nullptr ? chunk::capacity : opened.used_in_back;
      for (std::uint32_t i = 0; i < count; ++i) {
        __builtin_prefetch(next->entries[i], 1);
      }
      __builtin_prefetch(next->next);
      __builtin_prefetch(reinterpret_cast<const char*>(next->next) + sizeof(chunk) / 2);
    }
    const std::uint32_t count = next != nullptr ? chunk::capacity : opened.used_in_back;
    for (std::uint32_t i = 0; i < count; ++i) {
      entry& which = *each->entries[i];
      const nanotime tick = tick_of(which.when_);
      if (!which.is_live()) {
        which.place_ = not_queued;
      } else if (tick > current_tick_) {
        add_to_wheel(which, tick);
      } else {
        which.place_ = in_batch;
        which.position_ = static_cast<std::uint32_t>(batch_.size());
        turns_.push_back({which.when_, which.position_});
        batch_.push_back(&which);
      }
    }
    free_chunk(*each);
    each = next;
  }
  sort_batch(tick_bits + (is_over ? static_cast<int>(level) * digit_bits : 0));
  return true;
}

// Puts the turns in order, those of one time as they are. They differ in the lowest `key_bits` only.
void timer_queue::sort_batch(int key_bits) {
  constexpr int bits_at_once = 11;
  constexpr std::size_t worthwhile = 128;  // for each pass, with its counters
  const int passes = (key_bits + bits_at_once - 1) / bits_at_once;
  if (turns_.size() < worthwhile * static_cast<std::size_t>(passes)) {
    std::sort(turns_.begin(), turns_.end(), [](const turn& a, const turn& b) {
      return a.when != b.when ? a.when < b.when : a.position < b.position;
    });
    return;
  }
  const int bits = (key_bits + passes - 1) / passes;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  sorting_.resize(turns_.size());
  for (int shift = 0; shift < key_bits; shift += bits) {
    const auto digit_of = [&](const turn& each) {
      return static_cast<std::size_t>(static_cast<std::uint64_t>(each.when) >> shift & mask);
    };
    std::array<std::uint32_t, std::size_t{1} << bits_at_once> places{};
    for (const turn& each : turns_) {
      ++places[digit_of(each)];
    }
    std::uint32_t sum = 0;
    for (std::uint32_t& each : places) {
      sum += std::exchange(each, sum);
    }
    for (const turn& each : turns_) {
      sorting_[places[digit_of(each)]++] = each;
    }
    turns_.swap(sorting_);
  }
}

timer_queue::chunk* timer_queue::new_chunk() {
  if (free_chunks_ == nullptr) {
    chunks_.push_back(std::make_unique_for_overwrite<chunk[]>(chunks_per_block));
    for (std::size_t i = 0; i < chunks_per_block; ++i) {
      free_chunk(chunks_.back()[chunks_per_block - 1 - i]);
    }
  }
  chunk* const taken = free_chunks_;
  free_chunks_ = taken->next;
  return taken;
}

void timer_queue::free_chunk(chunk& unused) noexcept {
  unused.next = free_chunks_;
  free_chunks_ = &unused;
}

}  // namespace netpoll
