// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_context.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

// A bare switch tells AddressSanitizer and ThreadSanitizer nothing; nothing here may need them to
// know.
namespace {

class other_side {
 public:
  explicit other_side(void (*body)(other_side&), std::size_t offset = 0)
      : body_(body),
        memory_(new char[size]),
        context_(netpoll::make_context(memory_.get() + size - offset, &entry, this)) {}

  // From the test into the context, and back.
  void enter() { netpoll_switch_context(&outside_, context_); }
  void leave() { netpoll_switch_context(&context_, outside_); }

  bool holds(const void* address) const {
    return address >= memory_.get() && address < memory_.get() + size;
  }

  std::vector<std::intptr_t> seen;
  int calls = 0;

 private:
  static constexpr std::size_t size = 256 * 1024;

  static void entry(void* argument) {
    auto& self = *static_cast<other_side*>(argument);
    ++self.calls;
    self.body_(self);
    for (;;) {
      self.leave();
    }
  }

  void (*body_)(other_side&);
  std::unique_ptr<char[]> memory_;
  void* context_;
  void* outside_ = nullptr;
};

[[gnu::noinline]] double divide(volatile double& left, volatile double& right) {
  return left / right;
}

double third() {
  volatile double one = 1;
  volatile double three = 3;
  return divide(one, three);
}

// Keeps more values alive across `pause()` than there are callee-saved registers, so that all of
// these are in use, and returns what became of them.
template <typename Pause>
[[gnu::noinline]] std::uint64_t mix_across(std::uint64_t seed, Pause pause) {
  volatile std::uint64_t source = seed;
  const std::uint64_t a = source + 1, b = source + 2, c = source + 3, d = source + 4;
  const std::uint64_t e = source + 5, f = source + 6, g = source + 7, h = source + 8;
  const std::uint64_t i = source + 9, j = source + 10, k = source + 11, l = source + 12;
  const double p = static_cast<double>(source), q = p + 0.5, r = p + 1.5, s = p + 2.5;
  const double t = p + 3.5, u = p + 4.5, v = p + 5.5, w = p + 6.5;
  pause();
  const double sum = p + q * 2 + r * 3 + s * 4 + t * 5 + u * 6 + v * 7 + w * 8;
  return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k * 11 +
         l * 12 + static_cast<std::uint64_t>(sum * 2);
}

// The same with what the x87 unit computes, and would like to keep in its own registers.
template <typename Pause>
[[gnu::noinline]] long double sum_across(long double first, Pause pause) {
  volatile long double source = first;
  const long double a = source * 2, b = source * 3, c = source * 5, d = source * 7;
  pause();
  return a + b * 2 + c * 4 + d * 8;
}

TEST(FiberContext, EntryGetsItsArgument) {
  other_side other([](other_side& self) {
    self.seen.push_back(reinterpret_cast<std::intptr_t>(&self));
  });
  other.enter();
  EXPECT_EQ(other.calls, 1);
  ASSERT_EQ(other.seen.size(), 1u);
  EXPECT_EQ(other.seen[0], reinterpret_cast<std::intptr_t>(&other));
}

TEST(FiberContext, NothingRunsBeforeTheFirstSwitch) {
  const other_side other([](other_side&) {});
  EXPECT_EQ(other.calls, 0);
}

TEST(FiberContext, RunsOnTheStackGiven) {
  other_side other([](other_side& self) {
    self.seen.push_back(self.holds(__builtin_frame_address(0)));
  });
  other.enter();
  ASSERT_EQ(other.seen.size(), 1u);
  EXPECT_EQ(other.seen[0], 1);
  EXPECT_FALSE(other.holds(__builtin_frame_address(0)));
}

TEST(FiberContext, SwitchesBackAndForthKeepLocals) {
  other_side other([](other_side& self) {
    for (std::intptr_t i = 0; i != 5; ++i) {
      self.seen.push_back(i);
      self.leave();
    }
  });
  for (std::size_t i = 0; i != 5; ++i) {
    other.enter();
    ASSERT_EQ(other.seen.size(), i + 1);
    EXPECT_EQ(other.seen[i], static_cast<std::intptr_t>(i));
  }
  EXPECT_EQ(other.calls, 1);
}

TEST(FiberContext, CalleeSavedRegistersAreKeptOnBothSides) {
  other_side other([](other_side& self) {
    const std::uint64_t expected = mix_across(1000, [] {});
    self.seen.push_back(mix_across(1000, [&] { self.leave(); }) == expected);
  });
  const std::uint64_t expected = mix_across(7, [] {});
  EXPECT_EQ(mix_across(7, [&] { other.enter(); }), expected);
  EXPECT_TRUE(other.seen.empty());
  EXPECT_EQ(mix_across(7, [&] { other.enter(); }), expected);
  ASSERT_EQ(other.seen.size(), 1u);
  EXPECT_EQ(other.seen[0], 1);
}

TEST(FiberContext, RoundingModeBelongsToTheContext) {
  ASSERT_EQ(std::fegetround(), FE_TONEAREST);
  other_side other([](other_side& self) {
    self.seen.push_back(std::fegetround());
    std::fesetround(FE_UPWARD);
    const double upward = third();
    self.leave();
    self.seen.push_back(std::fegetround());
    self.seen.push_back(third() == upward);
  });
  std::fesetround(FE_DOWNWARD);
  const double downward = third();
  other.enter();
  const int mode_between = std::fegetround();
  const double between = third();
  other.enter();
  const int mode_after = std::fegetround();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(mode_between, FE_DOWNWARD);
  EXPECT_EQ(mode_after, FE_DOWNWARD);
  EXPECT_EQ(between, downward);
  // The mode was that of the maker when the context was made.
  EXPECT_EQ(other.seen, (std::vector<std::intptr_t>{FE_TONEAREST, FE_UPWARD, 1}));
}

TEST(FiberContext, LongDoublesAreKeptOnBothSides) {
  other_side other([](other_side& self) {
    const long double expected = sum_across(0.25L, [] {});
    self.seen.push_back(sum_across(0.25L, [&] { self.leave(); }) == expected);
  });
  const long double expected = sum_across(1.75L, [] {});
  EXPECT_EQ(sum_across(1.75L, [&] { other.enter(); }), expected);
  EXPECT_EQ(sum_across(1.75L, [&] { other.enter(); }), expected);
  EXPECT_EQ(other.seen, std::vector<std::intptr_t>{1});
}

TEST(FiberContext, MessagesGoToTheOtherSide) {
  struct sides {
    static void entry(void* argument, void* message) {
      auto& self = *static_cast<sides*>(argument);
      for (int round = 0; round != 3; ++round) {
        self.seen.push_back(message);
        message = netpoll_switch_context(&self.inside, self.outside, &self.seen);
      }
      netpoll_switch_context(&self.inside, self.outside);
    }
    std::vector<void*> seen;
    void* inside = nullptr;
    void* outside = nullptr;
  } both;
  const std::unique_ptr<char[]> memory(new char[64 * 1024]);
  both.inside = netpoll::make_context(memory.get() + 64 * 1024, &sides::entry, &both);
  int first = 0;
  int second = 0;
  netpoll::prefetch_context(both.inside);
  EXPECT_EQ(netpoll_switch_context(&both.outside, both.inside, &first), &both.seen);
  EXPECT_EQ(netpoll_switch_context(&both.outside, both.inside, &second), &both.seen);
  EXPECT_EQ(netpoll_switch_context(&both.outside, both.inside), &both.seen);
  EXPECT_EQ(netpoll_switch_context(&both.outside, both.inside, &first), nullptr);
  EXPECT_EQ(both.seen, (std::vector<void*>{&first, &second, nullptr}));
}

TEST(FiberContext, StackIsAlignedTo16) {
  for (const std::size_t offset : {0, 1, 8, 15, 16, 24, 40}) {
    other_side other(
        [](other_side& self) {
          // The frame address is that of two words pushed at a 16-byte boundary.
          self.seen.push_back(reinterpret_cast<std::intptr_t>(__builtin_frame_address(0)) % 16);
          alignas(16) volatile char aligned[16] = {};
          self.seen.push_back(reinterpret_cast<std::intptr_t>(&aligned) % 16);
        },
        offset);
    other.enter();
    EXPECT_EQ(other.seen, (std::vector<std::intptr_t>{0, 0})) << offset;
  }
}

TEST(FiberContext, ManyContextsDoNotDisturbEachOther) {
  std::vector<std::unique_ptr<other_side>> all;
  for (int i = 0; i != 10; ++i) {
    all.push_back(std::make_unique<other_side>([](other_side& self) {
      const std::uint64_t seed = reinterpret_cast<std::uintptr_t>(&self);
      const std::uint64_t expected = mix_across(seed, [] {});
      for (int round = 0; round != 10; ++round) {
        self.seen.push_back(mix_across(seed, [&] { self.leave(); }) == expected);
      }
    }));
  }
  for (int round = 0; round != 11; ++round) {
    for (const auto& each : all) {
      each->enter();
    }
  }
  for (const auto& each : all) {
    EXPECT_EQ(each->seen, std::vector<std::intptr_t>(10, 1));
  }
}

TEST(FiberContextDeathTest, ShadowStacksAreRefused) {
  // Else no test here would have come so far.
  EXPECT_EQ(netpoll::shadow_stack(), 0u);
  netpoll::check_no_shadow_stack(0);
  EXPECT_DEATH(netpoll::check_no_shadow_stack(0x7ffff7ffe000),
               "cannot run with .*: start the program with GLIBC_TUNABLES=glibc.cpu");
}

}  // namespace
