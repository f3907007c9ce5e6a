// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/clock.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ratio>
#include <set>
#include <thread>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;

constexpr nanotime earliest = std::numeric_limits<nanotime>::min();

TEST(Nanotime, CountsFromTheEpochOfTheSteadyClock) {
  const steady_time time{17s + 5ns};
  EXPECT_EQ(to_nanotime(time), 17'000'000'005);
  EXPECT_EQ(to_steady_time(17'000'000'005), time);
  EXPECT_EQ(to_nanotime(steady_time::max()), never);
  EXPECT_EQ(to_steady_time(never), steady_time::max());
  EXPECT_EQ(to_steady_time(-1), steady_time(-1ns));
}

TEST(Nanotime, AdditionStaysWithinBounds) {
  EXPECT_EQ(add_saturated(5, 7), 12);
  EXPECT_EQ(add_saturated(5, -7), -2);
  EXPECT_EQ(add_saturated(never, 0), never);
  EXPECT_EQ(add_saturated(never - 1, 1), never);
  EXPECT_EQ(add_saturated(never, 1), never);
  EXPECT_EQ(add_saturated(1, never), never);
  EXPECT_EQ(add_saturated(never, never), never);
  EXPECT_EQ(add_saturated(never, -1), never - 1);
  EXPECT_EQ(add_saturated(never, earliest), -1);
  EXPECT_EQ(add_saturated(earliest, 0), earliest);
  EXPECT_EQ(add_saturated(earliest, -1), earliest);
  EXPECT_EQ(add_saturated(-1, earliest), earliest);
  EXPECT_EQ(add_saturated(earliest, earliest), earliest);
  static_assert(add_saturated(never - 1, 2) == never);
}

TEST(ToNanoseconds, WholeDurationsAreExact) {
  EXPECT_EQ(to_nanoseconds(0s), 0);
  EXPECT_EQ(to_nanoseconds(1ns), 1);
  EXPECT_EQ(to_nanoseconds(-1ns), -1);
  EXPECT_EQ(to_nanoseconds(3us), 3'000);
  EXPECT_EQ(to_nanoseconds(3ms), 3'000'000);
  EXPECT_EQ(to_nanoseconds(-2h), -7'200'000'000'000);
  EXPECT_EQ(to_nanoseconds(9'000'000'000'000'000'001ns), 9'000'000'000'000'000'001);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<std::int8_t>(100)), 100'000'000'000);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<std::uint32_t, std::milli>(4'000'000'000)),
            4'000'000'000'000'000);
  static_assert(to_nanoseconds(1min) == 60'000'000'000);
}

TEST(ToNanoseconds, PartsOfANanosecondCountAsLater) {
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  EXPECT_EQ(to_nanoseconds(picoseconds(1)), 1);
  EXPECT_EQ(to_nanoseconds(picoseconds(1000)), 1);
  EXPECT_EQ(to_nanoseconds(picoseconds(1001)), 2);
  EXPECT_EQ(to_nanoseconds(picoseconds(-1)), 0);
  EXPECT_EQ(to_nanoseconds(picoseconds(-1000)), -1);
  EXPECT_EQ(to_nanoseconds(picoseconds(-1999)), -1);
  EXPECT_EQ(to_nanoseconds(picoseconds::max()), 9'223'372'036'854'776);
  using attoseconds = std::chrono::duration<std::int64_t, std::atto>;
  EXPECT_EQ(to_nanoseconds(attoseconds(1)), 1);
  EXPECT_EQ(to_nanoseconds(attoseconds::max()), 9'223'372'037);
  EXPECT_EQ(to_nanoseconds(attoseconds::min()), -9'223'372'036);
  using thirds = std::chrono::duration<std::int64_t, std::ratio<1, 3>>;
  EXPECT_EQ(to_nanoseconds(thirds(1)), 333'333'334);
  EXPECT_EQ(to_nanoseconds(thirds(-1)), -333'333'333);
}

TEST(ToNanoseconds, FloatingDurations) {
  using seconds = std::chrono::duration<double>;
  using nanoseconds = std::chrono::duration<double, std::nano>;
  EXPECT_EQ(to_nanoseconds(seconds(0.5)), 500'000'000);
  EXPECT_EQ(to_nanoseconds(seconds(-0.5)), -500'000'000);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<float>(0.25F)), 250'000'000);
  EXPECT_EQ(to_nanoseconds(nanoseconds(0.001)), 1);
  EXPECT_EQ(to_nanoseconds(nanoseconds(-0.001)), 0);
  EXPECT_EQ(to_nanoseconds(nanoseconds(1.5)), 2);
  EXPECT_EQ(to_nanoseconds(nanoseconds(-1.5)), -1);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<double, std::ratio<86400>>(0.5)),
            43'200'000'000'000);
}

TEST(ToNanoseconds, ClampsWhatIsTooLongAgoOrTooFarAway) {
  using seconds = std::chrono::duration<double>;
  EXPECT_EQ(to_nanoseconds(std::chrono::nanoseconds::max()), never);
  EXPECT_EQ(to_nanoseconds(std::chrono::nanoseconds::min()), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::microseconds::max()), never);
  EXPECT_EQ(to_nanoseconds(std::chrono::microseconds::min()), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds::max()), never);
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds::min()), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::hours::max()), never);
  EXPECT_EQ(to_nanoseconds(std::chrono::hours::min()), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::years(300)), never);
  EXPECT_EQ(to_nanoseconds(std::chrono::years(-300)), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<std::uint64_t>(~std::uint64_t{0})), never);
  EXPECT_EQ(to_nanoseconds(seconds::max()), never);
  EXPECT_EQ(to_nanoseconds(seconds::min()), earliest);
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<float>::max()), never);
  EXPECT_EQ(to_nanoseconds(seconds(std::numeric_limits<double>::infinity())), never);
  EXPECT_EQ(to_nanoseconds(seconds(-std::numeric_limits<double>::infinity())), earliest);
}

TEST(ToNanoseconds, IsExactUpToTheBound) {
  constexpr std::int64_t bound_s = 9'200'000'000;
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds(bound_s - 1)), (bound_s - 1) * 1'000'000'000);
  EXPECT_EQ(to_nanoseconds(std::chrono::seconds(1 - bound_s)), (1 - bound_s) * 1'000'000'000);
  EXPECT_EQ(to_nanoseconds(std::chrono::years(291)), 291 * 31'556'952'000'000'000);
}

TEST(ToNanoseconds, WithAdditionADeadlineFarAwayIsNever) {
  EXPECT_EQ(add_saturated(clock::now(), to_nanoseconds(std::chrono::hours::max())), never);
  EXPECT_EQ(
      add_saturated(to_nanoseconds(std::chrono::years(2)), to_nanoseconds(std::chrono::years(291))),
      never);
  EXPECT_EQ(add_saturated(-1, to_nanoseconds(std::chrono::hours::min())), earliest);
}

TEST(Clock, IsTheSteadyClock) {
  EXPECT_FALSE(clock::is_replaced());
  const steady_time before = std::chrono::steady_clock::now();
  const nanotime now = clock::now();
  const steady_time after = std::chrono::steady_clock::now();
  EXPECT_LE(to_nanotime(before), now);
  EXPECT_LE(now, to_nanotime(after));
}

struct stopped final : clock::source {
  nanotime now() noexcept override { return time; }
  nanotime time = 42;
};

TEST(Clock, ASourceTakesItsPlaceUntilItIsTakenOut) {
  stopped first;
  stopped second;
  second.time = 43;
  clock::set_source(&first);
  EXPECT_TRUE(clock::is_replaced());
  EXPECT_EQ(clock::now(), 42);
  first.time = -7;
  EXPECT_EQ(clock::now(), -7);
  clock::set_source(&second);
  EXPECT_EQ(clock::now(), 43);
  clock::set_source(nullptr);
  EXPECT_FALSE(clock::is_replaced());
  EXPECT_NE(clock::now(), 43);
}

struct recorder final : clock::observer {
  explicit recorder(std::multiset<recorder*>& where) : told(where) {}
  void time_moved() noexcept override { told.insert(this); }
  std::multiset<recorder*>& told;
};

using observed = std::multiset<recorder*>;  // in no order

TEST(Clock, TellsAllObserversThatAreThere) {
  observed told;
  recorder a(told), b(told), c(told);
  clock::notify_observers();
  EXPECT_TRUE(told.empty());
  clock::add_observer(a);
  clock::add_observer(b);
  clock::add_observer(c);
  clock::notify_observers();
  EXPECT_EQ(told, (observed{&a, &b, &c}));
  told.clear();
  clock::remove_observer(b);
  clock::notify_observers();
  EXPECT_EQ(told, (observed{&a, &c}));
  told.clear();
  clock::remove_observer(a);
  clock::remove_observer(c);
  clock::notify_observers();
  EXPECT_TRUE(told.empty());
}

TEST(Nanoseconds, OfWhatIsNoNumberAreForEver) {
  EXPECT_EQ(to_nanoseconds(std::chrono::duration<double>(std::nan(""))), never);
}

TEST(Nanoseconds, OfUnusualPeriodsDoNotOverflowOnTheWay) {
  using ticks = std::chrono::duration<std::int64_t, std::ratio<1, 60>>;
  constexpr std::int64_t seconds = 3'200'000'000;
  EXPECT_EQ(to_nanoseconds(ticks(60 * seconds)), seconds * 1'000'000'000);
  EXPECT_EQ(to_nanoseconds(ticks(1)), 16'666'667) << "towards later";
  EXPECT_EQ(to_nanoseconds(ticks(-1)), -16'666'666);
}

TEST(Clock, NobodyIsToldOnceRemovedWhoeverNotifies) {
  // Under the lock of the notification: an observer may be destroyed right after it was removed.
  std::thread mover([] {
    for (int i = 0; i < 1000; ++i) {
      clock::notify_observers();
    }
  });
  int told = 0;
  for (int i = 0; i < 1000; ++i) {
    observed mine;
    recorder one(mine);
    clock::add_observer(one);
    if (i % 100 == 0) {
      clock::notify_observers();
    }
    clock::remove_observer(one);
    told += mine.empty() ? 0 : 1;
  }
  mover.join();
  EXPECT_GE(told, 10);
}

}  // namespace
}  // namespace netpoll
