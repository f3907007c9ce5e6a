// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_state.h"
#include "net/async/cancellation_type.h"

namespace {

using net::cancellation_type;

TEST(CancellationType, IsASetOfBits) {
  static_assert(unsigned(cancellation_type::none) == 0);
  static_assert(unsigned(cancellation_type::terminal) == 1);
  static_assert(unsigned(cancellation_type::partial) == 2);
  static_assert(unsigned(cancellation_type::total) == 4);
  static_assert(unsigned(cancellation_type::all) == 0xFFFFFFFF);
  static_assert(!cancellation_type::none);
  static_assert(!!cancellation_type::partial);
  static_assert(~cancellation_type::none == cancellation_type::all);
  static_assert((cancellation_type::terminal ^ cancellation_type::all) ==
                ~cancellation_type::terminal);
  cancellation_type type = cancellation_type::terminal;
  type |= cancellation_type::total;
  EXPECT_EQ(unsigned(type), 5u);
  type &= ~cancellation_type::terminal;
  EXPECT_EQ(type, cancellation_type::total);
  type ^= cancellation_type::total;
  EXPECT_EQ(type, cancellation_type::none);
}

TEST(CancellationSlot, IsNotConnectedWithoutASignal) {
  net::cancellation_slot slot;
  EXPECT_FALSE(slot.is_connected());
  EXPECT_FALSE(slot.has_handler());
  slot.clear();
  net::cancellation_signal signal;
  EXPECT_TRUE(signal.slot().is_connected());
  EXPECT_FALSE(signal.slot().has_handler());
  EXPECT_NE(signal.slot(), slot);
  EXPECT_EQ(signal.slot(), signal.slot());
}

TEST(CancellationSignal, CallsTheHandlerInTheCallingThreadEachTime) {
  net::cancellation_signal signal;
  signal.emit(cancellation_type::all);  // nobody listens
  unsigned received = 0;
  signal.slot().assign([&](cancellation_type type) { received = received * 10 + unsigned(type); });
  EXPECT_TRUE(signal.slot().has_handler());
  signal.emit(cancellation_type::partial);
  signal.emit(cancellation_type::total);
  EXPECT_EQ(received, 24u);
  signal.slot().clear();
  EXPECT_FALSE(signal.slot().has_handler());
  signal.emit(cancellation_type::total);
  EXPECT_EQ(received, 24u);
}

template <std::size_t Size>
struct sized_handler {
  explicit sized_handler(std::shared_ptr<int> what) : life(std::move(what)) {}
  void operator()(cancellation_type) { ++*life; }
  std::shared_ptr<int> life;
  char filler[Size] = {};
};

TEST(CancellationSlot, NewHandlerReplacesTheOldOneAndUsesItsMemory) {
  const auto calls = std::make_shared<int>(0);
  net::cancellation_signal signal;
  const auto* const first = &signal.slot().emplace<sized_handler<100>>(calls);
  EXPECT_EQ(calls.use_count(), 2);
  const auto* const second = &signal.slot().emplace<sized_handler<10>>(calls);
  EXPECT_EQ(calls.use_count(), 2);
  EXPECT_EQ(static_cast<const void*>(first), static_cast<const void*>(second));
  // The memory is still as large as it was.
  const auto* const third = &signal.slot().emplace<sized_handler<100>>(calls);
  EXPECT_EQ(first, third);
  signal.slot().emplace<sized_handler<5000>>(calls);
  EXPECT_EQ(calls.use_count(), 2);
  signal.emit(cancellation_type::terminal);
  EXPECT_EQ(*calls, 1);
}

TEST(CancellationSignal, DestroysItsHandler) {
  const auto calls = std::make_shared<int>(0);
  {
    net::cancellation_signal signal;
    signal.slot().emplace<sized_handler<1>>(calls);
    EXPECT_EQ(calls.use_count(), 2);
  }
  EXPECT_EQ(calls.use_count(), 1);
}

struct throwing_handler {
  throwing_handler() { throw std::runtime_error("no"); }
  void operator()(cancellation_type) {}
};

TEST(CancellationSlot, HandlerThatCannotBeMadeLeavesNone) {
  net::cancellation_signal signal;
  const auto calls = std::make_shared<int>(0);
  signal.slot().emplace<sized_handler<1>>(calls);
  EXPECT_THROW(signal.slot().emplace<throwing_handler>(), std::runtime_error);
  EXPECT_FALSE(signal.slot().has_handler());
  EXPECT_EQ(calls.use_count(), 1);
  signal.emit(cancellation_type::all);
}

struct alignas(256) aligned_handler {
  void operator()(cancellation_type) { ++calls; }
  int calls = 0;
};

TEST(CancellationSlot, RespectsAlignment) {
  net::cancellation_signal signal;
  signal.slot().assign([](cancellation_type) {});
  auto& handler = signal.slot().emplace<aligned_handler>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&handler) % 256, 0u);
  signal.emit(cancellation_type::terminal);
  EXPECT_EQ(handler.calls, 1);
}

TEST(CancellationSlotDeathTest, RefusesAHandlerWithoutASignal) {
  net::cancellation_slot slot;
  EXPECT_DEATH(slot.assign([](cancellation_type) {}), "connected");
}

TEST(CancellationState, LetsTerminalRequestsPassByDefault) {
  net::cancellation_signal signal;
  net::cancellation_state state(signal.slot());
  cancellation_type inner = cancellation_type::none;
  state.slot().assign([&](cancellation_type type) { inner = type; });
  signal.emit(cancellation_type::total);
  EXPECT_EQ(inner, cancellation_type::none);
  EXPECT_EQ(state.cancelled(), cancellation_type::none);
  signal.emit(cancellation_type::total | cancellation_type::terminal);
  EXPECT_EQ(inner, cancellation_type::terminal);
  EXPECT_EQ(state.cancelled(), cancellation_type::terminal);
}

TEST(CancellationState, RemembersWhatPassedTheFirstFilterAndHandsOnWhatPassesTheSecond) {
  net::cancellation_signal signal;
  net::cancellation_state state(signal.slot(), net::enable_total_cancellation(),
                                net::disable_cancellation());
  int inner_calls = 0;
  state.slot().assign([&](cancellation_type) { ++inner_calls; });
  signal.emit(cancellation_type::total | cancellation_type::partial);
  EXPECT_EQ(inner_calls, 0);
  EXPECT_EQ(state.cancelled(), cancellation_type::total | cancellation_type::partial);
  net::cancellation_state copy = state;
  copy.clear(cancellation_type::partial);
  EXPECT_EQ(state.cancelled(), cancellation_type::total);
  state.clear();
  EXPECT_EQ(copy.cancelled(), cancellation_type::none);
}

TEST(CancellationState, TakesFiltersOfTheUser) {
  net::cancellation_signal signal;
  // What the first filter makes of a request is what the second one sees.
  const auto shift = [](cancellation_type type) { return cancellation_type(unsigned(type) << 1); };
  net::cancellation_state state(signal.slot(), shift);
  cancellation_type inner = cancellation_type::none;
  state.slot().assign([&](cancellation_type type) { inner = type; });
  signal.emit(cancellation_type::terminal);
  EXPECT_EQ(state.cancelled(), cancellation_type::partial);
  EXPECT_EQ(inner, cancellation_type::total);
}

TEST(CancellationState, IsNothingWithoutASlot) {
  net::cancellation_state state;
  EXPECT_FALSE(state.slot().is_connected());
  net::cancellation_state unconnected{net::cancellation_slot()};
  EXPECT_FALSE(unconnected.slot().is_connected());
  EXPECT_EQ(unconnected.cancelled(), cancellation_type::none);
  unconnected.clear();
}

}  // namespace
