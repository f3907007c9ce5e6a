// SPDX-License-Identifier: BSL-1.0
//
// The reactor as a whole: opening, waiting, waking, being polled by another loop.
#include "netpoll/reactor.h"

#include <sys/epoll.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;
using nettest::driven;
using nettest::read_buffer;
using sys::call;

TEST(Reactor, ReportsThatItCannotBeOpened) {
  nettest::faults faults;
  faults.fail(call::epoll_create, EMFILE);
  reactor failing;
  EXPECT_EQ(failing.open(), EMFILE);
  faults.fail(call::event_fd, ENFILE);
  EXPECT_EQ(failing.open(), ENFILE);
  EXPECT_EQ(failing.open(), 0) << "nothing was left half-done";
}

TEST(Reactor, WakeEndsTheWaitOfAnotherThread) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  for (int i = 0; i < 1000; ++i) {
    std::thread waker([&] { one.wake(); });
    one.wait(never);
    waker.join();
  }
  SUCCEED();
}

TEST(Reactor, WakesBeforeTheWaitAreNotLostAndCostNoCall) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  nettest::faults faults;
  for (int i = 0; i < 1000; ++i) {
    one.wake();
  }
  one.wait(never);
  EXPECT_EQ(faults.count(call::write), 0);
}
TEST(Reactor, AMillionWakesOfABusyReactorCostNoCall) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  nettest::faults faults;
  for (int i = 0; i < 1'000'000; ++i) {
    one.wake();
  }
  one.wait(never);
  EXPECT_EQ(faults.count(call::write), 0);
}

TEST(Reactor, ALookDoesNotTakeTheWakeOfTheNextWait) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  one.wake();
  one.wait(0);
  one.wait(never);  // would never end if the look had taken it
  SUCCEED();
}

TEST(Reactor, KnowsItsOwnDescriptors) {
  reactor one;
  EXPECT_FALSE(one.is_own(-1));
  ASSERT_EQ(one.open(), 0);
  int error = 0;
  const int handle = one.native_handle(error);
  EXPECT_TRUE(one.is_own(handle));
  int own = 0;
  for (int number = 0; number < 1024; ++number) {
    own += one.is_own(number) ? 1 : 0;
  }
  EXPECT_EQ(own, 3) << "the epoll set, the eventfd and, since it has a handle, the timerfd";
  EXPECT_FALSE(one.is_own(-1));
}

TEST(ReactorDeathTest, SaysThatItsDescriptorWasClosedFromOutside) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        reactor one;
        one.open();
        int error = 0;
        ::close(one.native_handle(error));
        one.wait(0);
      },
      "epoll_wait failed: was the reactor's descriptor closed from outside the library");
}

TEST(ReactorDeathTest, IsOpenedOnce) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  reactor one;
  ASSERT_EQ(one.open(), 0);
  EXPECT_DEATH(one.open(), "a reactor is opened once");
}

TEST(Reactor, LooksAgainWhenInterrupted) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  nettest::faults faults;
  faults.fail(call::epoll_wait, EINTR);
  one.wait(0);
  EXPECT_EQ(faults.count(call::epoll_wait), 1) << "the caller computes its time anew";
}

TEST(Reactor, ASleepOfMicrosecondsIsOneCallAndNotTooShort) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  nettest::faults faults;
  const nanotime until = clock::now() + 300'000;
  one.wait(until);
  EXPECT_GE(clock::now(), until);
  EXPECT_EQ(faults.count(call::epoll_wait) + faults.count(call::epoll_wait_precise), 1);
}

// More descriptors than one look at epoll fetches.
class ManyDescriptors : public nettest::reactor_and_pair {
 protected:
  struct reader {
    fd ours;
    unique_fd peer;
    read_buffer buffer{8};
    std::unique_ptr<driven<read_request>> request;
  };
  static constexpr int count = 700;

  ManyDescriptors() {
    for (int i = 0; i < count; ++i) {
      readers_.push_back(std::make_unique<reader>());
      open_pair(readers_.back()->ours, readers_.back()->peer);
    }
  }
  void start_all() {
    for (const auto& each : readers_) {
      each->request = std::make_unique<driven<read_request>>(each->ours, transport::stream_socket,
                                                             &each->buffer.view, std::size_t{1});
    }
  }
  int done() const {
    int sum = 0;
    for (const auto& each : readers_) {
      sum += each->request->is_done() ? 1 : 0;
    }
    return sum;
  }

  std::vector<std::unique_ptr<reader>> readers_;
};

TEST_F(ManyDescriptors, AllReadyAtOnceAreAllServed) {
  start_all();
  for (const auto& each : readers_) {
    send(each->peer, "x");
  }
  for (int looks = 0; done() < count; ++looks) {
    ASSERT_LT(looks, 4) << "nobody may starve behind the others";
    reactor_.wait(0);
  }
}

TEST_F(ManyDescriptors, ShuttingDownEndsThemAll) {
  start_all();
  reactor_.shut_down();
  EXPECT_EQ(done(), count);
  EXPECT_EQ((*readers_.front()->request)->error(), errc::closed);
}

TEST_F(ManyDescriptors, TheEarliestDeadlineOfManyThreadsIsHonoured) {
  nettest::fake_clock clock;
  start_all();
  // Each thread pulls the deadlines of its share nearer and nearer, down to a second.
  std::vector<std::thread> threads;
  constexpr int thread_count = 8;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      for (int s = 60; s >= 1; --s) {
        for (int i = t; i < count; i += thread_count) {
          readers_[static_cast<std::size_t>(i)]->ours.set_deadline(
              directions::read, clock.after(std::chrono::seconds(s)));
        }
      }
    });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  clock.advance(999ms);
  reactor_.wait(0);
  EXPECT_EQ(done(), 0);
  clock.advance(1ms);
  reactor_.wait(0);
  EXPECT_EQ(done(), count);
}

// ---- Polled by another event loop ---------------------------------------------------------------

class NativeHandle : public nettest::reactor_and_pair {
 protected:
  NativeHandle() {
    int error = -1;
    handle_ = reactor_.native_handle(error);
    EXPECT_EQ(error, 0);
  }
  bool is_readable(std::int64_t timeout_ns = 0) const {
    ::pollfd what{.fd = handle_, .events = POLLIN, .revents = 0};
    return sys::poll(&what, 1, timeout_ns).value == 1;
  }

  int handle_ = -1;
};

TEST_F(NativeHandle, IsReadableForAnEventAndQuietAfterIt) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
  send("x");
  EXPECT_TRUE(is_readable());
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
  EXPECT_FALSE(is_readable());
}

TEST_F(NativeHandle, IsReadableForAWakeThatCameAtAnyTime) {
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
  reactor_.wake();
  EXPECT_TRUE(is_readable());
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
  std::thread([&] { reactor_.wake(); }).join();
  EXPECT_TRUE(is_readable());
}

TEST_F(NativeHandle, IsReadableWhenATimeComes) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  ours_.set_deadline(directions::read, clock::now() + 2'000'000);
  while (!reading.is_done()) {
    ASSERT_TRUE(is_readable(-1));
    reactor_.wait(0);
  }
  EXPECT_EQ(reading->error(), errc::deadline_exceeded);
  EXPECT_FALSE(is_readable());
}

TEST_F(NativeHandle, FollowsAReplacedClock) {
  nettest::fake_clock clock;
  read_buffer buffer(10);
  auto reading = read(buffer);
  ours_.set_deadline(directions::read, clock.after(1h));
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
  clock.advance(1h);
  EXPECT_TRUE(is_readable());
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_F(NativeHandle, IsTheSameEachTime) {
  nettest::faults faults;
  int error = -1;
  EXPECT_EQ(reactor_.native_handle(error), handle_);
  EXPECT_EQ(faults.count(call::timer_fd), 0);
}

TEST_F(NativeHandle, CanBePolledByAnotherReactor) {
  reactor outer;
  ASSERT_EQ(outer.open(), 0);
  fd inner;
  ASSERT_EQ(inner.open(outer, unique_fd(::dup(handle_))), 0);
  read_buffer buffer(10);
  auto reading = read(buffer);
  reactor_.wait(0);
  driven<readiness_request> waiting(inner, direction::read, short{POLLIN});
  outer.wait(0);
  EXPECT_FALSE(waiting.is_done());
  send("x");
  outer.wait(0);
  ASSERT_TRUE(waiting.is_done());
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST(Reactor, ReportsThatItCannotHaveANativeHandle) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  nettest::faults faults;
  int error = 0;
  faults.fail(call::timer_fd, EMFILE);
  EXPECT_EQ(one.native_handle(error), -1);
  EXPECT_EQ(error, EMFILE);
  faults.fail(call::epoll_control, ENOSPC);
  EXPECT_EQ(one.native_handle(error), -1);
  EXPECT_EQ(error, ENOSPC);
  EXPECT_GE(one.native_handle(error), 0) << "nothing was left half-done";
  EXPECT_EQ(error, 0);
}

TEST_F(NativeHandle, IsTheSameWhenReopened) {
  ASSERT_EQ(reactor_.reopen(), 0);
  int error = -1;
  EXPECT_EQ(reactor_.native_handle(error), handle_);
  EXPECT_EQ(error, 0);
  EXPECT_TRUE(is_readable()) << "somebody may have called wake() before";
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
  reactor_.wake();
  EXPECT_TRUE(is_readable());
}

TEST(Reactor, ReportsThatItCannotBeReopened) {
  reactor one;
  ASSERT_EQ(one.open(), 0);
  int error = 0;
  one.native_handle(error);
  nettest::faults faults;
  for (const call which : {call::epoll_create, call::event_fd, call::epoll_control, call::timer_fd,
                           call::duplicate_to}) {
    faults.fail(which, EMFILE);
    EXPECT_EQ(one.reopen(), EMFILE) << static_cast<int>(which);
  }
  EXPECT_EQ(one.reopen(), 0);
}

TEST(Reactor, ReportsThatItsEventfdCannotBeAdded) {
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOMEM);
  reactor failing;
  EXPECT_EQ(failing.open(), ENOMEM);
  EXPECT_EQ(failing.open(), 0);
}

TEST(Reactor, OneThatWasNotOpenedOwnsNothing) {
  const reactor unopened;
  EXPECT_FALSE(unopened.is_own(-1));
  EXPECT_FALSE(unopened.is_own(0));
}

TEST(Reactor, UntilATimeThatHasPassedItJustLooks) {
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  nettest::faults faults;
  loop.wait(1);
  loop.wait(clock::now());
  EXPECT_EQ(faults.count(call::epoll_wait), 2);
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 0) << "which is what a sleep would be";
}

// Remembers that it was resumed.
struct remembering final : waiter, private resumer {
  remembering() { set_resumer(*this); }
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
  void resume(waiter& who) noexcept override { reasons.push_back(who.reason()); }
  std::vector<wake_reason> reasons;
};

TEST(Reactor, ResumesTheWaitersOfATimerWhenItsTimeComes) {
  nettest::fake_clock clock;
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  timer_queue::entry early;
  timer_queue::entry late;
  remembering first;
  remembering second;
  loop.add_waiter(early, first, clock.after(1s));
  loop.add_waiter(late, second, clock.after(2s));
  clock.advance(1s);
  loop.wait(never);
  EXPECT_EQ(first.reasons, std::vector{wake_reason::ready});
  EXPECT_TRUE(second.reasons.empty());
  loop.shut_down();
  EXPECT_EQ(second.reasons, std::vector{wake_reason::cancelled});
}

TEST(Reactor, AReplacedClockThatMovesEndsTheSleep) {
  nettest::fake_clock clock;
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  timer_queue::entry timer;
  remembering sleeper;
  loop.add_waiter(timer, sleeper, clock.after(1h));
  nettest::faults faults;
  std::thread waiting([&] {
    while (sleeper.reasons.empty()) {
      loop.wait(never);
    }
  });
  while (faults.count(call::epoll_wait) == 0) {
    std::this_thread::yield();
  }
  clock.advance(1h);  // the kernel was not told how long
  waiting.join();
  EXPECT_EQ(sleeper.reasons, std::vector{wake_reason::ready});
}

TEST_F(NativeHandle, IsReadableForAWakeByWhomItResumes) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  reading.before_going_on([&] { reactor_.wake(); });
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_TRUE(is_readable());
  reactor_.wait(0);
  EXPECT_FALSE(is_readable());
}

TEST_F(NativeHandle, IsReadableForATimeThatPassedWhileItResumed) {
  nettest::fake_clock clock;
  timer_queue::entry timer;
  remembering late;
  read_buffer buffer(10);
  auto reading = read(buffer);
  ours_.set_deadline(directions::read, clock.after(1s));
  // After the timers were looked at, and before the wait is over.
  reading.before_going_on([&] { reactor_.add_waiter(timer, late, clock.now()); });
  clock.advance(1s);
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  ASSERT_TRUE(late.reasons.empty());
  EXPECT_TRUE(is_readable());
  reactor_.wait(0);
  EXPECT_EQ(late.reasons, std::vector{wake_reason::ready});
  EXPECT_FALSE(is_readable());
}

}  // namespace
}  // namespace netpoll
