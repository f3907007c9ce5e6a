// SPDX-License-Identifier: BSL-1.0
//
// What the sanitizers find, and do not find, in programs that switch stacks. In a build without
// them what is left is that the switches work. Compiled twice: the second time with
// NETPOLL_TEST_FAKE_STACKS, where AddressSanitizer looks for stack frames that are used after they
// were left.
#include "net/fiber/sanitizer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/fiber/fiber_context.h"
#include "net/fiber/stack.h"

#if defined(NETPOLL_ASAN) && defined(NETPOLL_TEST_FAKE_STACKS)
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=1"; }
#endif

namespace {

// The least that a fiber needs. It must have finished when it is destroyed.
class fiber {
 public:
  explicit fiber(std::function<void(fiber&)> body) : body_(std::move(body)) {
    std::error_code error;
    stack_ = netpoll::acquire_stack(0, error);
    EXPECT_FALSE(error);
    sanitizer_.create(stack_.bottom, stack_.size);
    context_ = netpoll::make_context(stack_.top(), &entry, this);
  }
  ~fiber() {
    EXPECT_TRUE(is_finished_);
    sanitizer_.end(this, sizeof(*this));
    sanitizer_.destroy();
    // Who has the memory next may write to all of it.
    std::memset(stack_.top() - 4096, 0, 4096);
    netpoll::release_stack(stack_);
  }
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  // From a thread onto the fiber, until one parks or ends.
  [[gnu::noinline]] void enter() {
    host here;
    host_ = &here;
    here.sanitizer.adopt_current_thread();
    here.sanitizer.start_switch(sanitizer_, false);
    here.arrive(netpoll_switch_context(&here.context, context_, &here.sanitizer));
    host_ = nullptr;
  }

  bool is_finished() const { return is_finished_; }

  void enter_twice() {
    enter();
    enter();
  }

  // From the fiber back to the thread.
  [[gnu::noinline]] void park() { leave(false); }

  // From the fiber directly to another one, which is parked.
  [[gnu::noinline]] void go_on_with(fiber& next) {
    next.host_ = host_;
    sanitizer_.start_switch(next.sanitizer_, false);
    arrive(netpoll_switch_context(&context_, next.context_, &sanitizer_));
  }

 private:
  // The message of each switch is what was left.
  struct host {
    [[gnu::always_inline]] inline void arrive(void* left) {
      sanitizer.finish_switch(*static_cast<netpoll::sanitizer_stack*>(left));
    }
    netpoll::sanitizer_stack sanitizer;
    void* context = nullptr;
  };

  [[gnu::always_inline]] inline void arrive(void* left) {
    sanitizer_.finish_switch(*static_cast<netpoll::sanitizer_stack*>(left));
  }

  [[gnu::always_inline]] inline void leave(bool is_last) {
    sanitizer_.start_switch(host_->sanitizer, is_last);
    arrive(netpoll_switch_context(&context_, host_->context, &sanitizer_));
  }

  static void entry(void* argument, void* left) {
    auto& self = *static_cast<fiber*>(argument);
    self.arrive(left);
    // AddressSanitizer surrounds it with poison, and this function never returns.
    volatile char local[100];
    local[0] = 0;
    asm volatile("" : : "r"(local) : "memory");
    self.body_(self);
    self.is_finished_ = true;
    self.leave(true);
  }

  std::function<void(fiber&)> body_;
  netpoll::stack stack_;
  netpoll::sanitizer_stack sanitizer_;
  void* context_ = nullptr;
  host* host_ = nullptr;
  bool is_finished_ = false;
};

// As functions of libraries that were compiled without a sanitizer use the stack: what they call,
// here memset(), may be the sanitizer's all the same.
[[gnu::noinline]] __attribute__((no_sanitize("address", "thread"))) void use_stack() {
  char buffer[8 * 1024];
  void* (*volatile fill)(void*, int, std::size_t) = &std::memset;
  fill(buffer, 1, sizeof(buffer));
}

[[gnu::noinline]] int descend(int depth, int value) {
  volatile int local[8] = {value};
  const int result = depth == 0 ? value : descend(depth - 1, value + 1);
  return result + local[0] - value;
}

TEST(SanitizerStack, ManySwitchesOfThreadsAndFibers) {
  int turns = 0;
  const auto body = [&turns](fiber& self) {
    for (int i = 0; i != 20'000; ++i) {
      turns += descend(5, 1) - 5;
      self.park();
      use_stack();
    }
  };
  fiber first(body);
  fiber second(body);
  for (int i = 0; i != 20'001; ++i) {
    first.enter();
    second.enter();
  }
  EXPECT_EQ(turns, 40'000);
}

TEST(SanitizerStack, ManySwitchesFromFiberToFiber) {
  int turns = 0;
  fiber* other = nullptr;
  fiber first([&](fiber& self) {
    for (int i = 0; i != 20'000; ++i) {
      turns += descend(5, 1) - 5;
      self.go_on_with(*other);
    }
  });
  fiber second([&](fiber& self) {
    self.park();
    for (int i = 0; i != 20'000; ++i) {
      turns += descend(5, 1) - 5;
      self.go_on_with(first);
    }
  });
  other = &second;
  second.enter();
  first.enter();  // until it ends
  second.enter();
  EXPECT_EQ(turns, 40'000);
}

TEST(SanitizerStack, ManyFibersOneAfterAnother) {
  // More than ThreadSanitizer has room for at once.
  int ran = 0;
  for (int i = 0; i != 8'500; ++i) {
    fiber each([&ran](fiber& self) {
      ran += descend(3, 1) - 3;
      self.park();
    });
    each.enter();
    each.enter();
  }
  EXPECT_EQ(ran, 8'500);
}

TEST(SanitizerStack, ExceptionsAreThrownAndCaughtOnFibers) {
  int caught = 0;
  ::testing::internal::CaptureStderr();
  {
    fiber thrower([&caught](fiber& self) {
      for (int i = 0; i != 3; ++i) {
        try {
          volatile char local[100] = {};
          throw std::runtime_error(std::to_string(local[5]));
        } catch (const std::runtime_error&) {
          ++caught;
        }
        self.park();
      }
    });
    for (int i = 0; i != 4; ++i) {
      thrower.enter();
    }
  }
  EXPECT_EQ(caught, 3);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

// What one thread's fiber writes, the other's may read if it learnt of it from an atomic.
TEST(SanitizerStack, AFiberGoesOnOnAnotherThread) {
  int plain = 0;
  fiber mover([&plain](fiber& self) {
    for (int i = 0; i != 100; ++i) {
      ++plain;
      self.park();
      ++plain;
    }
  });
  std::atomic<int> turn{0};
  const auto take_turns = [&](int mine) {
    for (int i = mine; i < 101; i += 2) {
      while (turn.load(std::memory_order_acquire) != i) {
        std::this_thread::yield();
      }
      ++plain;
      mover.enter();
      turn.store(i + 1, std::memory_order_release);
    }
  };
  std::thread even(take_turns, 0);
  std::thread odd(take_turns, 1);
  even.join();
  odd.join();
  EXPECT_EQ(plain, 301);
}

#if defined(NETPOLL_TSAN)
TEST(SanitizerStack, FibersOfOneThreadDoNotRace) {
  int plain = 0;
  const auto body = [&plain](fiber& self) {
    ++plain;
    self.park();
    ++plain;
  };
  fiber first(body);
  fiber second(body);
  for (fiber* const each : {&first, &second, &second, &first}) {
    each->enter();
  }
  EXPECT_EQ(plain, 4);
}

void race_of_fibers() {
  int plain = 0;
  // relaxed: both must have run, and neither may learn from it what the other has written.
  std::atomic<int> ran{0};
  const auto in_a_fiber = [&] {
    fiber writer([&](fiber& self) {
      self.park();
      ++plain;
      ran.fetch_add(1, std::memory_order_relaxed);
      while (ran.load(std::memory_order_relaxed) != 2) {
        std::this_thread::yield();
      }
    });
    writer.enter();
    writer.enter();
  };
  std::thread other(in_a_fiber);
  in_a_fiber();
  other.join();
  std::exit(0);  // a report makes it another status
}

TEST(SanitizerStackDeathTest, FibersOfTwoThreadsRace) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(race_of_fibers(), ::testing::ExitedWithCode(66),
              "data race(.|\n)*race_of_fibers");
}
#endif

#if defined(NETPOLL_ASAN)
// Whether something is leaked now. Says what on standard error.
bool has_leaks() { return __lsan_do_recoverable_leak_check() != 0; }

// An address that nobody takes for one.
class disguised {
 public:
  explicit disguised(int* address) : bits_(~reinterpret_cast<std::uintptr_t>(address)) {}
  ~disguised() { delete reinterpret_cast<int*>(~bits_); }

 private:
  std::uintptr_t bits_;
};

// Frames in which the address was, and no longer is, once they returned.
[[gnu::noinline]] std::unique_ptr<disguised> lose_in_a_dead_frame(int depth) {
  int* volatile copies[16] = {};
  if (depth != 0) {
    auto result = lose_in_a_dead_frame(depth - 1);
    copies[0] = nullptr;
    return result;
  }
  for (auto& each : copies) {
    each = copies[0] != nullptr ? copies[0] : new int(1);
  }
  return std::make_unique<disguised>(copies[0]);
}

// What is in registers that nobody uses any more, too.
[[gnu::noinline]] std::unique_ptr<disguised> lose() {
  auto lost = lose_in_a_dead_frame(10);
#if defined(__x86_64__)
  asm volatile("" ::: "rbx", "r12", "r13", "r14", "r15", "memory");
#else
  asm volatile("" ::: "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
               "memory");
#endif
  return lost;
}

// Objects that nobody else knows of. There are enough of them that not all addresses can have been
// left somewhere else by chance.
class many_objects {
 public:
  many_objects() {
    for (auto& each : all_) {
      each = new int(1);
    }
  }
  ~many_objects() {
    for (int* const each : all_) {
      delete each;
    }
  }
  many_objects(const many_objects&) = delete;
  many_objects& operator=(const many_objects&) = delete;

 private:
  int* volatile all_[64];
};

TEST(SanitizerStack, WhatOnlyAParkedFiberPointsToIsNoLeak) {
  fiber owner([](fiber& self) {
    const many_objects mine;
    self.park();
  });
  owner.enter();
  EXPECT_FALSE(has_leaks());
  owner.enter();
}

TEST(SanitizerStack, WhatAParkedFiberLostIsALeak) {
  std::unique_ptr<disguised> lost;
  fiber loser([&lost](fiber& self) {
    lost = lose();
    self.park();
  });
  loser.enter();
  EXPECT_TRUE(has_leaks());
  lost.reset();
  EXPECT_FALSE(has_leaks());
  loser.enter();
}

TEST(SanitizerStack, WhatAFiberLostIsALeakWhenTheFiberIsGone) {
  std::unique_ptr<disguised> lost;
  {
    fiber loser([&lost](fiber&) { lost = lose(); });
    loser.enter();
  }
  EXPECT_TRUE(has_leaks());
  lost.reset();
  EXPECT_FALSE(has_leaks());
}

TEST(SanitizerStack, WhatOnlyTheThreadPointsToIsNoLeakWhileAFiberRuns) {
  const many_objects mine;
  fiber* other = nullptr;
  fiber checker([&other](fiber& self) {
    EXPECT_FALSE(has_leaks());
    self.go_on_with(*other);
  });
  fiber second([](fiber& self) {
    self.park();
    EXPECT_FALSE(has_leaks());
    self.park();
  });
  other = &second;
  second.enter();
  checker.enter();
  EXPECT_FALSE(has_leaks());
  checker.enter();
  second.enter();
}

TEST(SanitizerStack, NothingIsALeakInTheMiddleOfASwitch) {
  std::atomic<bool> is_over{false};
  const auto switch_all_the_time = [&is_over] {
    const many_objects mine;
    fiber other([&is_over](fiber& self) {
      const many_objects its;
      // relaxed: only has to be seen some time.
      while (!is_over.load(std::memory_order_relaxed)) {
        self.park();
      }
    });
    while (!other.is_finished()) {
      other.enter();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i != 3; ++i) {
    threads.emplace_back(switch_all_the_time);
  }
  for (int i = 0; i != 20; ++i) {
    EXPECT_FALSE(has_leaks());
  }
  is_over.store(true, std::memory_order_relaxed);
  for (std::thread& each : threads) {
    each.join();
  }
}

[[gnu::noinline]] void write_behind(volatile char* where, std::size_t size) { where[size] = 1; }

TEST(SanitizerStackDeathTest, OverflowOfABufferOnAFiberIsFound) {
  EXPECT_DEATH(fiber([](fiber& self) {
                 char buffer[10];
                 self.park();
                 write_behind(buffer, sizeof(buffer));
               }).enter_twice(),
               "stack-buffer-overflow");
}

#if defined(NETPOLL_TEST_FAKE_STACKS)
[[gnu::noinline]] volatile int* address_of_local() {
  volatile int local = 1;
  volatile int* volatile address = &local;
  return address;
}

TEST(SanitizerStackDeathTest, UseOfAFrameThatWasLeftIsFoundOnAFiber) {
  EXPECT_DEATH(fiber([](fiber& self) {
                 volatile int* const address = address_of_local();
                 self.park();
                 *address = 2;
               }).enter_twice(),
               "stack-use-after-return");
}

std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

TEST(SanitizerStack, FakeStacksAreGivenBack) {
  const auto use_a_fiber = [] {
    fiber user([](fiber& self) {
      (void)address_of_local();
      self.park();
    });
    user.enter();
    user.enter();
  };
  use_a_fiber();
  const std::size_t before = address_space();
  for (int i = 0; i != 1'000; ++i) {
    use_a_fiber();
  }
  // Each takes more than a mebibyte.
  EXPECT_LT(address_space(), before + (std::size_t{256} << 20));
}
#endif
#endif

}  // namespace
