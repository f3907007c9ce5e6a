// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/backtrace.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "net/fiber/fiber_context.h"
#include "net/fiber/sanitizer.h"

// Bare switches tell sanitizers nothing, and nothing here needs them to know: what is on the other
// stack neither throws nor returns to there.
namespace {

using addresses = std::vector<const void*>;

// The calls of a test, by the addresses to which they return, innermost first.
addresses calls;

addresses here() {
  addresses found(64);
  found.resize(static_cast<std::size_t>(netpoll::backtrace_here(found.data(), 64)));
  return found;
}

addresses of(void* context) {
  addresses found(64);
  found.resize(static_cast<std::size_t>(netpoll::backtrace_suspended(context, found.data(), 64)));
  return found;
}

// Whether `part` is in `whole`, without gaps.
bool contains(const addresses& whole, const addresses& part) {
  return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}

// Whether the outermost call is the first code of a context.
bool is_complete(const addresses& trace) {
  const auto start = reinterpret_cast<std::uintptr_t>(&netpoll_enter_context);
  const auto last = trace.empty() ? 0 : reinterpret_cast<std::uintptr_t>(trace.back());
  return last >= start && last < start + 64;
}

class other_side {
 public:
  explicit other_side(void (*body)(other_side&))
      : body_(body),
        memory_(new char[size]),
        context_(netpoll::make_context(memory_.get() + size, &entry, this)) {}

  [[gnu::always_inline]] void enter() { netpoll_switch_context(&outside_, context_); }
  [[gnu::always_inline]] void leave() { netpoll_switch_context(&context_, outside_); }

  void* context() const { return context_; }

 private:
  static constexpr std::size_t size = 512 * 1024;

  static void entry(void* argument) {
    auto& self = *static_cast<other_side*>(argument);
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

[[gnu::always_inline]] inline void note_call(const void* return_address) {
  calls.insert(calls.begin(), return_address);
}

// Three functions below each other, the innermost of which calls `what`. None is left by a jump.
template <typename What>
[[gnu::noinline]] void innermost(What& what) {
  note_call(__builtin_return_address(0));
  what();
  asm volatile("");
}

template <typename What>
[[gnu::noinline]] void middle(What& what) {
  note_call(__builtin_return_address(0));
  innermost(what);
  asm volatile("");
}

template <typename What>
[[gnu::noinline]] void three_below(What what) {
  calls.clear();
  note_call(__builtin_return_address(0));
  middle(what);
  asm volatile("");
}

TEST(Backtrace, OfTheThreadItself) {
  addresses found;
  three_below([&] { found = here(); });
  EXPECT_TRUE(contains(found, calls));
  EXPECT_FALSE(is_complete(found));
}

TEST(Backtrace, OfTheRunningContextEndsWhereItBegan) {
  static addresses found;
  static _Unwind_Reason_Code reason;
  other_side other([](other_side&) {
    three_below([&] {
      found = here();
      reason = _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NO_REASON; }, nullptr);
    });
  });
  other.enter();
  EXPECT_TRUE(contains(found, calls));
  EXPECT_TRUE(is_complete(found));
  EXPECT_EQ(reason, _URC_END_OF_STACK);
}

TEST(Backtrace, TakesNoMoreThanWanted) {
  const void* pcs[8] = {};
  int count = 0;
  three_below([&] { count = netpoll::backtrace_here(pcs, 3); });
  EXPECT_EQ(count, 3);
  EXPECT_NE(pcs[2], nullptr);
  EXPECT_EQ(pcs[3], nullptr);
  EXPECT_EQ(netpoll::backtrace_here(pcs + 3, 0), 0);
  EXPECT_EQ(pcs[3], nullptr);
}

TEST(Backtrace, OfASuspendedContext) {
  other_side other([](other_side& self) { three_below([&] { self.leave(); }); });
  other.enter();
  const addresses found = of(other.context());
  EXPECT_TRUE(contains(found, calls));
  EXPECT_TRUE(is_complete(found));
  // The first address is where it continues, in innermost() or what that calls.
  EXPECT_LE(std::find(found.begin(), found.end(), calls[0]) - found.begin(), 4);
  const void* pcs[3] = {};
  EXPECT_EQ(netpoll::backtrace_suspended(other.context(), pcs, 2), 2);
  EXPECT_EQ(addresses(pcs, pcs + 2), addresses(found.begin(), found.begin() + 2));
  EXPECT_EQ(pcs[2], nullptr);
}

TEST(Backtrace, OfASuspendedContextFromAnotherThreadAndAnotherContext) {
  static other_side* suspended = nullptr;
  other_side other([](other_side& self) { three_below([&] { self.leave(); }); });
  other.enter();
  suspended = &other;
  const addresses expected = of(other.context());
  static addresses found;
  std::thread([] { found = of(suspended->context()); }).join();
  EXPECT_EQ(found, expected);
  found.clear();
  other_side observer([](other_side&) { found = of(suspended->context()); });
  observer.enter();
  EXPECT_EQ(found, expected);
}

TEST(Backtrace, LeavesASuspendedContextAsItIs) {
  static std::vector<int> steps;
  other_side other([](other_side& self) {
    int local = 0;
    for (; local != 3; ++local) {
      steps.push_back(local);
      three_below([&] { self.leave(); });
    }
  });
  for (std::size_t i = 0; i != 3; ++i) {
    other.enter();
    ASSERT_EQ(steps.size(), i + 1);
    EXPECT_EQ(steps[i], static_cast<int>(i));
    char before[64];
    std::memcpy(before, other.context(), sizeof(before));
    EXPECT_TRUE(contains(of(other.context()), calls));
    EXPECT_EQ(std::memcmp(before, other.context(), sizeof(before)), 0);
  }
}

TEST(Backtrace, OfAContextThatNeverRan) {
  const other_side other([](other_side&) {});
  const addresses found = of(other.context());
  EXPECT_EQ(found.size(), 1u);
  EXPECT_TRUE(is_complete(found));
}

TEST(Backtrace, InASignalHandler) {
  netpoll::prepare_backtrace();
  static const void* pcs[64];
  static int count;
  struct ::sigaction action{};
  struct ::sigaction previous{};
  action.sa_handler = [](int) { count = netpoll::backtrace_here(pcs, 64); };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &previous), 0);
  other_side other([](other_side&) { three_below([] { ::raise(SIGUSR1); }); });
  other.enter();
  ::sigaction(SIGUSR1, &previous, nullptr);
  const addresses found(pcs, pcs + count);
  EXPECT_TRUE(contains(found, calls));
  EXPECT_TRUE(is_complete(found));
}

// An exception that no function of a context handles finds the end of the stack, not what is above.
TEST(BacktraceDeathTest, UnhandledExceptionOnAContextTerminates) {
  other_side other([](other_side&) { three_below([] { throw 1; }); });
  EXPECT_DEATH(
      {
        std::set_terminate([] {
          static constexpr char text[] = "terminated in order\n";
          std::fwrite(text, 1, sizeof(text) - 1, stderr);
          std::_Exit(1);
        });
        other.enter();
      },
      "terminated in order");
}

#if defined(__x86_64__)
// The traces taken at each instruction of a switch.
struct step {
  const void* pcs[32];
  int count;
};
step steps[128];
std::size_t number_of_steps;
bool was_in_switch;

void on_step(int, ::siginfo_t*, void* context) {
  auto& registers = static_cast<::ucontext_t*>(context)->uc_mcontext.gregs;
  const auto pc = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const auto begin = reinterpret_cast<std::uintptr_t>(&netpoll_switch_body);
  const auto end = reinterpret_cast<std::uintptr_t>(&netpoll_enter_context);
  const bool is_in_switch = pc >= begin && pc < end && number_of_steps != std::size(steps);
  if (is_in_switch) {
    step& now = steps[number_of_steps++];
    now.count = netpoll::backtrace_here(now.pcs, 32);
  } else if (was_in_switch) {
    registers[REG_EFL] &= ~0x100;  // no more steps
  }
  was_in_switch = is_in_switch;
}

// A profiler's signal may interrupt anywhere.
TEST(Backtrace, AtEveryInstructionOfASwitch) {
  if (netpoll::is_sanitized) {
    GTEST_SKIP() << "sanitizers have their own ways with signals";
  }
  netpoll::prepare_backtrace();
  other_side other([](other_side& self) { three_below([&] { self.leave(); }); });
  other.enter();
  const addresses theirs = calls;
  struct ::sigaction action{};
  struct ::sigaction previous{};
  action.sa_sigaction = &on_step;
  action.sa_flags = SA_SIGINFO;
  ASSERT_EQ(::sigaction(SIGTRAP, &action, &previous), 0);
  three_below([&] {
    asm volatile(
        "leaq -128(%%rsp), %%rsp\n\t"
        "pushfq\n\t"
        "orq $0x100, (%%rsp)\n\t"
        "popfq\n\t"
        "leaq 128(%%rsp), %%rsp" ::
            : "memory", "cc");
    other.enter();
  });
  ::sigaction(SIGTRAP, &previous, nullptr);
  ASSERT_GE(number_of_steps, 20u);
  ASSERT_LT(number_of_steps, std::size(steps));
  std::size_t before = 0;
  std::size_t after = 0;
  for (std::size_t i = 0; i != number_of_steps; ++i) {
    const addresses found(steps[i].pcs, steps[i].pcs + steps[i].count);
    const bool is_ours = contains(found, calls);
    EXPECT_NE(is_ours, contains(found, theirs)) << "at instruction " << i;
    EXPECT_NE(is_ours, is_complete(found)) << "at instruction " << i;
    (is_ours ? before : after) += 1;
    EXPECT_FALSE(is_ours && after != 0) << "at instruction " << i;
  }
  EXPECT_GE(before, 8u);
  EXPECT_GE(after, 8u);
}
#endif

}  // namespace
