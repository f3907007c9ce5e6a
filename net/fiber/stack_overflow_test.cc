// SPDX-License-Identifier: BSL-1.0
//
// stack_overflow.h by what it does: which faults of fibers are called an overflow, and who else is
// told.
#include <alloca.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "net/io_context.h"

namespace {

constexpr std::size_t stack_size = 64 * 1024;

struct outcome {
  int status = 0;
  std::string text;  // written to standard error

  bool is_reported() const { return text.find("netpoll: stack overflow") != std::string::npos; }
  bool has(const char* what) const { return text.find(what) != std::string::npos; }
  bool is_killed_by(int signal) const {
    // A sanitizer tells of the fault and exits.
    return netpoll::is_sanitized ? status != 0 : WIFSIGNALED(status) && WTERMSIG(status) == signal;
  }
};

// Calls function() in a process of its own.
outcome in_child(const std::function<void()>& function) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    const ::rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(ends[1], STDERR_FILENO);
    function();
    ::_exit(0);
  }
  ::close(ends[1]);
  outcome seen;
  char buffer[1024];
  for (::ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof(buffer))) > 0;) {
    seen.text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  EXPECT_EQ(::waitpid(child, &seen.status, 0), child);
  return seen;
}

outcome in_fiber_of_child(const std::function<void()>& function) {
  return in_child([&] {
    net::io_context context;
    net::go(context, net::fiber_options{.stack_size = stack_size, .name = "too deep"}, function);
    context.run();
  });
}

// Volatile, so that the compiler cannot tell that it never ends.
volatile bool go_on = true;

template <std::size_t FrameSize>
[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[FrameSize];
  frame[0] = static_cast<char>(depth);
  return go_on ? recurse<FrameSize>(depth + 1) + frame[0] : 0;
}

// UndefinedBehaviorSanitizer would end the process before there is a fault.
__attribute__((no_sanitize("undefined"))) void touch(const char* address) {
  *const_cast<volatile char*>(address) = 1;
}

// A frame that reaches down to `address`, and touches nothing before.
[[gnu::noinline]] void hop_to(const char* address) {
  const auto size = static_cast<const char*>(__builtin_frame_address(0)) - address;
  auto* const frame = static_cast<volatile char*>(alloca(static_cast<std::size_t>(size)));
  frame[0] = 1;
}

const char* bottom() { return net::internal::fiber_state::current()->memory().bottom; }

TEST(StackOverflow, NamesTheFiberAndItsStack) {
  const outcome seen = in_fiber_of_child([] { recurse<512>(0); });
  EXPECT_TRUE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.has(" \"too deep\": its stack is 65536 bytes")) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

TEST(StackOverflow, AFiberWithoutANameHasItsNumber) {
  const outcome seen = in_child([] {
    net::io_context context;
    net::go(context, [] { net::this_fiber::yield(); });
    net::go(context, [] { recurse<512>(0); });
    context.run();
  });
  EXPECT_TRUE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.has(": its stack is 262144 bytes")) << seen.text;
  EXPECT_FALSE(seen.has("fiber 0")) << seen.text;
  EXPECT_FALSE(seen.has("\"")) << seen.text;
}

TEST(StackOverflow, IsSeenWithLargeFrames) {
  const outcome seen = in_fiber_of_child([] { recurse<60'000>(0); });
  EXPECT_TRUE(seen.is_reported()) << seen.text;
}

TEST(StackOverflow, IsSeenOnEachThread) {
  const outcome seen = in_child([] {
    net::io_context context;
    net::go(context, [] { recurse<512>(0); });
    std::thread([&] { context.run(); }).join();
  });
  EXPECT_TRUE(seen.is_reported()) << seen.text;
}

TEST(StackOverflow, AFrameThatGoesPastTheGuardMeetsTheNext) {
  if (netpoll::is_sanitized) {
    GTEST_SKIP() << "every alloca is surrounded by red zones, which are written to";
  }
  const outcome seen = in_child([] {
    net::io_context context;
    const net::fiber_options options{.stack_size = stack_size};
    // The first takes the lowest stack of all, the other one gets its neighbour.
    netpoll::discard_pooled_stacks();
    net::go(context, options, [] { net::this_fiber::yield(); });
    net::go(context, options,
            [] { hop_to(bottom() - 2 * netpoll::stack::guard_size - stack_size + 1000); });
    context.run();
  });
  EXPECT_TRUE(seen.is_reported()) << seen.text;
}

TEST(StackOverflow, ANullPointerIsNone) {
  const outcome seen = in_fiber_of_child([] { touch(nullptr); });
  EXPECT_FALSE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

TEST(StackOverflow, AWildPointerIntoTheGuardIsNone) {
  const outcome seen = in_fiber_of_child([] { touch(bottom() - netpoll::stack::guard_size / 2); });
  EXPECT_FALSE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

TEST(StackOverflow, AWildPointerIntoTheGuardOfAnotherIsNone) {
  const outcome seen = in_child([] {
    net::io_context context;
    const char* other = nullptr;
    net::go(context, [&] {
      other = bottom();
      net::this_fiber::yield();
    });
    net::go(context, [&] { touch(other - 8); });
    context.run();
  });
  EXPECT_FALSE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

TEST(StackOverflow, AFaultOfAThreadThatRunsNoFiberIsNone) {
  const outcome seen = in_child([] {
    net::io_context context;
    const char* guard = nullptr;
    net::go(context, [&] { guard = bottom() - 8; });
    context.run();
    touch(guard);
  });
  EXPECT_FALSE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

TEST(StackOverflow, ASignalThatSomebodySendsIsNone) {
  const outcome seen = in_fiber_of_child([] {
    ::raise(SIGSEGV);
    ::raise(SIGSEGV);
  });
  EXPECT_FALSE(seen.is_reported()) << seen.text;
  EXPECT_TRUE(seen.is_killed_by(SIGSEGV)) << seen.status;
}

// Who handled the signal before -------------------------------------------------------------------

constexpr int handled = 42;

void install(int flags) {
  struct ::sigaction mine {};
  if ((flags & SA_SIGINFO) != 0) {
    mine.sa_sigaction = [](int signal, ::siginfo_t* info, void* context) {
      ::_exit(signal == SIGSEGV && info != nullptr && context != nullptr ? handled : 1);
    };
  } else {
    mine.sa_handler = [](int signal) { ::_exit(signal == SIGSEGV ? handled : 1); };
  }
  mine.sa_flags = flags;
  ::sigaction(SIGSEGV, &mine, nullptr);
}

TEST(StackOverflow, AHandlerThatWasThereBeforeIsCalled) {
  for (const int flags : {0, SA_SIGINFO, SA_SIGINFO | SA_ONSTACK}) {
    outcome seen = in_child([&] {
      install(flags);
      net::io_context context;
      net::go(context, [] { recurse<512>(0); });
      context.run();
    });
    EXPECT_TRUE(seen.is_reported()) << seen.text;
    EXPECT_TRUE(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == handled) << seen.status;
    seen = in_child([&] {
      install(flags);
      net::io_context context;
      net::go(context, [] { touch(nullptr); });
      context.run();
    });
    EXPECT_FALSE(seen.is_reported()) << seen.text;
    EXPECT_TRUE(WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == handled) << seen.status;
  }
}

// Returns the first time, so that the fault happens again.
void let_pass_once(int) {
  static volatile int calls = 0;
  static const char text[] = "let it pass\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof(text) - 1);
  calls = calls + 1;
  if (calls == 2) {
    ::_exit(handled);
  }
}

TEST(StackOverflow, IsReportedOnceIfTheHandlerReturns) {
  const outcome seen = in_child([] {
    struct ::sigaction mine {};
    mine.sa_handler = &let_pass_once;
    ::sigaction(SIGSEGV, &mine, nullptr);
    net::io_context context;
    net::go(context, [] { recurse<512>(0); });
    context.run();
  });
  const std::size_t first = seen.text.find("netpoll: stack overflow");
  ASSERT_NE(first, std::string::npos) << seen.text;
  EXPECT_EQ(seen.text.find("netpoll: stack overflow", first + 1), std::string::npos) << seen.text;
  EXPECT_EQ(WEXITSTATUS(seen.status), handled) << seen.status;
}

// Signal stacks -----------------------------------------------------------------------------------

::stack_t signal_stack() {
  ::stack_t present{};
  EXPECT_EQ(::sigaltstack(nullptr, &present), 0);
  return present;
}

TEST(StackOverflow, ThreadsThatRunFibersHaveASignalStack) {
  std::thread([] {
    net::io_context context;
    bool has_stack = false;
    net::go(context, [&] { has_stack = (signal_stack().ss_flags & SS_DISABLE) == 0; });
    context.run();
    EXPECT_TRUE(has_stack);
  }).join();
}

TEST(StackOverflow, ASignalStackThatWasThereIsLeftAlone) {
  std::thread([] {
    const ::stack_t before = signal_stack();
    std::vector<char> memory(100'000);
    ::stack_t mine{};
    mine.ss_sp = memory.data();
    mine.ss_size = memory.size();
    ASSERT_EQ(::sigaltstack(&mine, nullptr), 0);
    net::io_context context;
    net::go(context, [] {});
    context.run();
    EXPECT_EQ(signal_stack().ss_sp, memory.data());
    ASSERT_EQ(::sigaltstack(&before, nullptr), 0);
  }).join();
}

TEST(StackOverflow, HandlersRunOnTheSignalStack) {
  static volatile std::uintptr_t frame = 0;
  std::thread([] {
    struct ::sigaction mine {};
    mine.sa_handler = [](int) {
      frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    };
    mine.sa_flags = SA_ONSTACK;
    struct ::sigaction before {};
    ASSERT_EQ(::sigaction(SIGUSR1, &mine, &before), 0);
    net::io_context context;
    bool is_on_it = false;
    net::go(context, [&] {
      ::raise(SIGUSR1);
      const ::stack_t present = signal_stack();
      is_on_it = frame - reinterpret_cast<std::uintptr_t>(present.ss_sp) < present.ss_size;
    });
    context.run();
    EXPECT_TRUE(is_on_it);
    ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
  }).join();
}

}  // namespace
