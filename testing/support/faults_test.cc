// SPDX-License-Identifier: BSL-1.0
//
// The fault injector itself: what other tests ask of it must happen to the call they mean.
#include "testing/support/faults.h"

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace nettest {
namespace {

namespace sys = netpoll::sys;
using sys::call;

class Faults : public ::testing::Test {
 protected:
  Faults() {
    int ends[2] = {-1, -1};
    EXPECT_TRUE(sys::pipe(ends).ok());
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  sys::result write(const std::string& text) {
    return sys::write(writer_.get(), text.data(), text.size());
  }
  sys::result read() {
    char buffer[64];
    return sys::read(reader_.get(), buffer, sizeof(buffer));
  }

  netpoll::unique_fd reader_;
  netpoll::unique_fd writer_;
};

TEST_F(Faults, CountsTheCallsOfEachKind) {
  EXPECT_TRUE(write("ab").ok());
  faults faults;
  EXPECT_EQ(faults.count(call::write), 0) << "made before";
  EXPECT_TRUE(write("cd").ok());
  EXPECT_TRUE(read().ok());
  EXPECT_EQ(read().error, EAGAIN);
  EXPECT_EQ(faults.count(call::write), 1);
  EXPECT_EQ(faults.count(call::read), 2);
  EXPECT_EQ(faults.count(call::recv), 0);
}

TEST_F(Faults, CountsTheCallsOnOneNumber) {
  faults faults;
  EXPECT_TRUE(write("ab").ok());
  EXPECT_TRUE(read().ok());
  EXPECT_EQ(sys::read(-1, nullptr, 0).error, EBADF);
  EXPECT_EQ(faults.count(call::read), 2);
  EXPECT_EQ(faults.count(call::read, only{reader_.get()}), 1);
  EXPECT_EQ(faults.count(call::read, only{-1}), 1);
  EXPECT_EQ(faults.count(call::read, only{writer_.get()}), 0);
}

TEST_F(Faults, FailsTheNextCallsAndOnlyThose) {
  faults faults;
  faults.fail(call::write, EPIPE, 2);
  EXPECT_EQ(read().error, EAGAIN) << "of another kind";
  EXPECT_EQ(write("a").error, EPIPE);
  EXPECT_EQ(write("a").error, EPIPE);
  EXPECT_EQ(write("a").value, 1);
  EXPECT_EQ(faults.count(call::write), 3);
  EXPECT_EQ(read().value, 1) << "the failed ones never reached the kernel";
}

TEST_F(Faults, ANewFailureTakesThePlaceOfTheOld) {
  faults faults;
  faults.fail(call::write, EPIPE, 100);
  faults.fail(call::write, ENOSPC);
  EXPECT_EQ(write("a").error, ENOSPC);
  EXPECT_TRUE(write("a").ok());
  faults.fail(call::write, EPIPE, 100);
  faults.fail(call::write, EPIPE, 0);
  EXPECT_TRUE(write("a").ok());
}

TEST_F(Faults, FailsTheNthCallFromNowOn) {
  faults faults;
  EXPECT_TRUE(write("a").ok());
  faults.fail_nth(call::write, 3, EPIPE);
  faults.fail_nth(call::write, 4, ENOSPC);
  EXPECT_TRUE(write("a").ok());
  EXPECT_TRUE(write("a").ok());
  EXPECT_EQ(write("a").error, EPIPE);
  EXPECT_EQ(write("a").error, ENOSPC);
  EXPECT_TRUE(write("a").ok());
}

TEST_F(Faults, TheNthGoesBeforeInterruptionsAndTheseBeforeFailures) {
  faults faults;
  faults.shorten(call::write, 1);
  faults.fail(call::write, EPIPE, 2);
  faults.interrupt(call::write);
  faults.fail_nth(call::write, 2, ENOSPC);
  EXPECT_EQ(write("abc").error, ENOSPC) << "the first was interrupted and repeated";
  EXPECT_EQ(faults.count(call::write), 2);
  EXPECT_EQ(write("abc").error, EPIPE);
  EXPECT_EQ(write("abc").error, EPIPE);
  EXPECT_EQ(write("abc").value, 1) << "and the shortening waited until now";
  EXPECT_EQ(write("abc").value, 3);
}

TEST_F(Faults, Shortens) {
  faults faults;
  faults.shorten(call::write, 2, 2);
  EXPECT_EQ(write("abcdef").value, 2);
  EXPECT_EQ(write("a").value, 1) << "is no longer than that anyway";
  EXPECT_EQ(write("abcdef").value, 6);
}

TEST_F(Faults, ShortensAVectorAcrossItsBuffers) {
  faults faults;
  char a[] = "ab";
  char b[] = "cd";
  const ::iovec both[] = {{a, 0}, {a, 2}, {b, 2}};
  faults.shorten(call::write_vector, 1);
  EXPECT_EQ(sys::write_vector(writer_.get(), both, 3).value, 1);
  EXPECT_EQ(sys::write_vector(writer_.get(), both, 3).value, 4);
}

TEST_F(Faults, InterruptsAndTheCallIsRepeated) {
  faults faults;
  faults.interrupt(call::write, 3);
  EXPECT_EQ(write("a").value, 1);
  EXPECT_EQ(faults.count(call::write), 4);
}

TEST_F(Faults, AreLimitedToOneNumber) {
  netpoll::unique_fd other(static_cast<int>(sys::duplicate(writer_.get()).value));
  ASSERT_TRUE(other);
  const auto write_other = [&] { return sys::write(other.get(), "abc", 3); };
  faults faults;
  const only on_other{other.get()};
  faults.fail(call::write, EPIPE, 1, on_other);
  faults.fail(call::write, ENOSPC, 1, only{writer_.get()});
  EXPECT_EQ(write("abc").error, ENOSPC);
  EXPECT_TRUE(write("abc").ok());
  EXPECT_EQ(write_other().error, EPIPE) << "each number has its own";
  EXPECT_TRUE(write_other().ok());

  faults.fail_nth(call::write, 2, EPIPE, on_other);
  EXPECT_TRUE(write_other().ok());
  EXPECT_TRUE(write("abc").ok()) << "does not count";
  EXPECT_EQ(write_other().error, EPIPE);

  faults.shorten(call::write, 1, 1, on_other);
  EXPECT_EQ(write("abc").value, 3);
  EXPECT_EQ(write_other().value, 1);

  faults.interrupt(call::write, 1, on_other);
  const int before = faults.count(call::write);
  EXPECT_TRUE(write("abc").ok());
  EXPECT_EQ(faults.count(call::write), before + 1);
  EXPECT_TRUE(write_other().ok());
  EXPECT_EQ(faults.count(call::write), before + 3);
}

TEST_F(Faults, RunsAFunctionBeforeTheNthCall) {
  faults faults;
  int runs = 0;
  faults.on(
      call::read,
      [&] {
        ++runs;
        EXPECT_TRUE(write("late").ok()) << "it may make calls of its own";
      },
      2);
  EXPECT_EQ(read().error, EAGAIN);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(read().value, 4) << "the call went on after it";
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(read().error, EAGAIN);
  EXPECT_EQ(runs, 1);
}

TEST_F(Faults, WhatTheFunctionAsksForConcernsItsOwnCall) {
  faults faults;
  faults.on(call::write, [&] { faults.fail(call::write, EPIPE); });
  EXPECT_EQ(write("a").error, EPIPE);
  EXPECT_TRUE(write("a").ok());
}

TEST_F(Faults, TheFunctionMayMakeTheSameCall) {
  faults faults;
  std::string order;
  faults.on(call::write, [&] {
    order += '1';
    EXPECT_TRUE(write("a").ok());
    order += '2';
  });
  faults.after(call::write, [&](int, const sys::result&) { order += 'i'; });
  EXPECT_TRUE(write("b").ok());
  EXPECT_EQ(order, "1i2");
  EXPECT_EQ(faults.count(call::write), 2);
}

TEST_F(Faults, RunsAFunctionOnceAfterACallWithItsAnswer) {
  faults faults;
  std::vector<long> values;
  std::vector<int> errors;
  const auto note = [&](int fd, const sys::result& answer) {
    EXPECT_EQ(fd, writer_.get());
    values.push_back(answer.value);
    errors.push_back(answer.error);
  };
  faults.after(call::write, note);
  EXPECT_TRUE(write("abc").ok());
  EXPECT_TRUE(write("abcd").ok());
  faults.after(call::write, note, 2);
  faults.fail_nth(call::write, 2, EPIPE);
  EXPECT_TRUE(write("abc").ok());
  EXPECT_EQ(write("abc").error, EPIPE);
  EXPECT_EQ(values, (std::vector<long>{3, -1}));
  EXPECT_EQ(errors, (std::vector<int>{0, EPIPE})) << "an injected answer is told like a real one";
}

TEST_F(Faults, FunctionsAreLimitedToOneNumberToo) {
  faults faults;
  int before = 0;
  int after = 0;
  faults.on(
      call::read, [&] { ++before; }, 1, only{reader_.get()});
  faults.after(
      call::read, [&](int, const sys::result&) { ++after; }, 1, only{reader_.get()});
  EXPECT_EQ(sys::read(-1, nullptr, 0).error, EBADF);
  EXPECT_EQ(before + after, 0);
  EXPECT_EQ(read().error, EAGAIN);
  EXPECT_EQ(before, 1);
  EXPECT_EQ(after, 1);
}

TEST_F(Faults, SeesAnInterruptedTryAsACallOfItsOwn) {
  faults faults;
  std::vector<int> errors;
  for (int i = 0; i < 2; ++i) {
    faults.after(
        call::write, [&](int, const sys::result& answer) { errors.push_back(answer.error); },
        i + 1);
  }
  faults.interrupt(call::write);
  EXPECT_TRUE(write("a").ok());
  EXPECT_EQ(errors, (std::vector<int>{EINTR, 0}));
}

TEST_F(Faults, AreGoneWithTheirObject) {
  {
    faults faults;
    faults.fail(call::write, EPIPE, 100);
    EXPECT_EQ(write("a").error, EPIPE);
  }
  EXPECT_TRUE(write("a").ok());
}

TEST_F(Faults, ServesManyThreadsAtOnce) {
  constexpr int threads = 4;
  constexpr int rounds = 500;
  faults faults;
  faults.fail(call::is_non_blocking, EIO, threads * rounds / 2);
  int actions = 0;
  faults.on(
      call::is_non_blocking, [&] { ++actions; }, 100);
  std::vector<int> failures(threads);
  {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&, i] {
        for (int n = 0; n < rounds; ++n) {
          failures[i] += sys::is_non_blocking(reader_.get()).ok() ? 0 : 1;
        }
      });
    }
    for (std::thread& each : running) {
      each.join();
    }
  }
  int sum = 0;
  for (const int each : failures) {
    sum += each;
  }
  EXPECT_EQ(sum, threads * rounds / 2);
  EXPECT_EQ(actions, 1);
  EXPECT_EQ(faults.count(call::is_non_blocking), threads * rounds);
}

}  // namespace
}  // namespace nettest
