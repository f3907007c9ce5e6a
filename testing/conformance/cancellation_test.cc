// SPDX-License-Identifier: BSL-1.0
//
// Signals, slots and states of cancellation.
#include <gtest/gtest.h>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <memory>

namespace {

using asio::cancellation_type;

TEST(CancellationSignal, EmitsWhatItWasGiven) {
  asio::cancellation_signal signal;
  signal.emit(cancellation_type::all);  // nobody is there
  cancellation_type got = cancellation_type::none;
  signal.slot().assign([&](cancellation_type type) { got = type; });
  EXPECT_TRUE(signal.slot().has_handler());
  signal.emit(cancellation_type::partial);
  EXPECT_EQ(got, cancellation_type::partial);
  signal.slot().clear();
  EXPECT_FALSE(signal.slot().has_handler());
  signal.emit(cancellation_type::terminal);
  EXPECT_EQ(got, cancellation_type::partial);
}

TEST(CancellationSignal, HasOneHandler) {
  asio::cancellation_signal signal;
  auto token = std::make_shared<int>();
  int calls = 0;
  signal.slot().assign([token](cancellation_type) { FAIL(); });
  signal.slot().assign([&](cancellation_type) { ++calls; });
  EXPECT_EQ(token.use_count(), 1);
  signal.emit(cancellation_type::total);
  EXPECT_EQ(calls, 1);
}

TEST(CancellationSlot, OfNobodyIsNotConnected) {
  EXPECT_FALSE(asio::cancellation_slot().is_connected());
  asio::cancellation_signal signal;
  EXPECT_TRUE(signal.slot().is_connected());
  EXPECT_TRUE(signal.slot() == signal.slot());
  EXPECT_TRUE(asio::cancellation_slot() != signal.slot());
}

TEST(CancellationSlot, IsAssociatedByBinding) {
  asio::cancellation_signal signal;
  auto handler = asio::bind_cancellation_slot(signal.slot(), [] {});
  EXPECT_TRUE(asio::get_associated_cancellation_slot(handler) == signal.slot());
  EXPECT_FALSE(asio::get_associated_cancellation_slot([] {}).is_connected());
}

TEST(CancellationType, IsASetOfBits) {
  EXPECT_EQ(static_cast<unsigned>(cancellation_type::terminal), 1u);
  EXPECT_EQ(static_cast<unsigned>(cancellation_type::partial), 2u);
  EXPECT_EQ(static_cast<unsigned>(cancellation_type::total), 4u);
  EXPECT_EQ(cancellation_type::terminal | cancellation_type::partial,
            static_cast<cancellation_type>(3));
  EXPECT_EQ(cancellation_type::all & cancellation_type::total, cancellation_type::total);
}

TEST(CancellationState, LetsThroughWhatItsFilterDoes) {
  asio::cancellation_signal signal;
  asio::cancellation_state state(signal.slot());
  EXPECT_EQ(state.cancelled(), cancellation_type::none);
  signal.emit(cancellation_type::total);
  EXPECT_EQ(state.cancelled(), cancellation_type::none);
  signal.emit(cancellation_type::terminal);
  EXPECT_EQ(state.cancelled(), cancellation_type::terminal);
  state.clear();
  EXPECT_EQ(state.cancelled(), cancellation_type::none);
}

}  // namespace
