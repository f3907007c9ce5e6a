// SPDX-License-Identifier: BSL-1.0
//
// Deadlines and timeouts of operations, on a clock that the test moves and a reactor that it runs.
#include <chrono>
#include <functional>
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

class Deadline : public nettest::reactor_and_pair {
 protected:
  nettest::fake_clock clock_;
  read_buffer buffer_{10};
};

TEST_F(Deadline, InThePastEndsThePendingOperationAtOnce) {
  auto reading = read(buffer_);
  ours_.set_deadline(directions::both, clock_.after(-1s));
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::deadline_exceeded);
  EXPECT_EQ(reading->error(), std::errc::timed_out);
}

TEST_F(Deadline, PastBeatsDataAndDataIsKept) {
  send("hello");
  ours_.set_deadline(directions::read, clock_.after(0s));
  auto late = read(buffer_);
  ASSERT_TRUE(late.is_done());
  EXPECT_EQ(late->error(), errc::deadline_exceeded);
  ours_.set_deadline(directions::read, never);
  auto again = read(buffer_);
  reactor_.wait(0);
  ASSERT_TRUE(again.is_done());
  EXPECT_EQ(buffer_.text(again->bytes()), "hello");
}

TEST_F(Deadline, FiresWhenItsTimeComes) {
  ours_.set_deadline(directions::both, clock_.after(5s));
  auto reading = read(buffer_);
  clock_.advance(5s - 1ns);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  clock_.advance(1ns);
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::deadline_exceeded);
}

TEST_F(Deadline, PushedLaterLeavesTheTimerAloneAndFiresLater) {
  ours_.set_deadline(directions::read, clock_.after(5s));
  const nanotime armed = reactor_.timers().next();
  auto reading = read(buffer_);
  for (int i = 0; i < 100; ++i) {
    ours_.set_deadline(directions::read, clock_.after(10s));
  }
  EXPECT_EQ(reactor_.timers().next(), armed);
  clock_.advance(5s);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done()) << "the timer fired early and armed again";
  EXPECT_EQ(reactor_.timers().next(), clock_.after(5s));
  clock_.advance(5s);
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
}

TEST_F(Deadline, PulledEarlierFiresEarlier) {
  ours_.set_deadline(directions::read, clock_.after(10s));
  auto reading = read(buffer_);
  ours_.set_deadline(directions::read, clock_.after(2s));
  clock_.advance(2s);
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_F(Deadline, OfOneDirectionLeavesTheOtherAlone) {
  ours_.set_deadline(directions::read, clock_.after(1s));
  ours_.set_deadline(directions::write, clock_.after(9s));
  auto reading = read(buffer_);
  clock_.advance(1s);
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
  char text[] = "x";
  ::iovec view{text, 1};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error());
}

TEST_F(Deadline, FarAwayDoesNotOverflow) {
  ours_.set_deadline(directions::both, never - 1);
  auto reading = read(buffer_);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_F(Deadline, TimeoutStartsAnewWithEachOperation) {
  ours_.set_timeout(directions::read, std::chrono::nanoseconds(10s).count());
  for (int i = 0; i < 3; ++i) {
    auto reading = read(buffer_);
    clock_.advance(6s);
    reactor_.wait(0);
    ASSERT_FALSE(reading.is_done());
    send("x");
    reactor_.wait(0);
    ASSERT_TRUE(reading.is_done());
    ASSERT_FALSE(reading->error());
  }
  auto late = read(buffer_);
  clock_.advance(10s);
  reactor_.wait(0);
  ASSERT_TRUE(late.is_done());
  EXPECT_EQ(late->error(), errc::deadline_exceeded);
}

TEST_F(Deadline, TimeoutOfAQueuedOperationStartsWithItsTurn) {
  ours_.set_timeout(directions::read, std::chrono::nanoseconds(10s).count());
  read_buffer other(10);
  auto first = read(buffer_);
  auto second = read(other);
  clock_.advance(8s);
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  ASSERT_FALSE(second.is_done());
  clock_.advance(8s);
  reactor_.wait(0);
  EXPECT_FALSE(second.is_done()) << "10 s from its own turn";
  clock_.advance(2s);
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second->error(), errc::deadline_exceeded);
}

TEST_F(Deadline, AStaleTimerOfAClosedDescriptorDoesNothingToItsSuccessor) {
  ours_.set_deadline(directions::read, clock_.after(1s));
  ours_ = fd();
  int ends[2];
  ASSERT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
  peer_.reset(ends[1]);
  ASSERT_EQ(ours_.open(reactor_, unique_fd(ends[0])), 0);
  auto reading = read(buffer_);
  clock_.advance(2s);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
}
TEST_F(Deadline, NowIsPastAndNeverIsNone) {
  auto reading = read(buffer_);
  ours_.set_deadline(directions::both, never);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  ours_.set_deadline(directions::both, clock_.after(0s));
  EXPECT_TRUE(reading.is_done());
}

TEST_F(Deadline, OnAClosedDescriptorSaysClosed) {
  ours_.close();
  EXPECT_EQ(ours_.set_deadline(directions::both, clock_.after(1s)), errc::closed);
  EXPECT_EQ(ours_.set_timeout(directions::both, 1), errc::closed);
  EXPECT_EQ(fd().set_deadline(directions::both, never), errc::closed);
}

TEST_F(Deadline, ClosedBeatsExpired) {
  ours_.set_deadline(directions::both, clock_.after(-1s));
  ours_.close();
  auto reading = read(buffer_);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::closed);
}

TEST_F(Deadline, OfBothMovesForOneAndStaysForTheOther) {
  // The send buffer is full, so that both directions wait.
  const std::string chunk(1 << 16, 'x');
  while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  std::string text(1 << 16, 'y');
  ::iovec view{text.data(), text.size()};
  for (const bool moves_read : {true, false}) {
    auto reading = read(buffer_);
    driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                  write_request::amount::some);
    ours_.set_deadline(directions::both, clock_.after(1s));
    ours_.set_deadline(moves_read ? directions::read : directions::write, clock_.after(2s));
    ASSERT_FALSE(reading.is_done() || writing.is_done());
    clock_.advance(1s);
    reactor_.wait(0);
    EXPECT_EQ(reading.is_done(), !moves_read);
    EXPECT_EQ(writing.is_done(), moves_read);
    clock_.advance(1s);
    reactor_.wait(0);
    EXPECT_TRUE(reading.is_done() && writing.is_done());
    ours_.set_deadline(directions::both, never);
  }
}

// The callbacks of one batch run one after the other, without a lock. The first of these is the
// test's: what it does happens after the descriptor's own timer was taken out of the queue and
// before it is heard.
class BetweenExpiryAndCallback : public Deadline {
 protected:
  class earlier final : public timer_queue::entry {
   public:
    explicit earlier(std::function<void()> act) : entry(&on_expiry), act_(std::move(act)) {}

   private:
    static void on_expiry(entry& self, std::uint32_t) noexcept {
      static_cast<earlier&>(self).act_();
    }
    std::function<void()> act_;
  };

  void act_between(std::function<void()> act) {
    auto reading = read(buffer_);
    earlier first(std::move(act));
    reactor_.arm(first, clock_.after(1s), 1);
    ours_.set_deadline(directions::read, clock_.after(2s));
    clock_.advance(2s);
    reactor_.wait(0);
    is_done_ = reading.is_done();
    error_ = reading->error();
  }

  bool is_done_ = false;
  std::error_code error_;
};

TEST_F(BetweenExpiryAndCallback, MovingItLaterSparesTheWaiter) {
  act_between([&] { ours_.set_deadline(directions::read, clock_.after(1s)); });
  EXPECT_FALSE(is_done_);
}

TEST_F(BetweenExpiryAndCallback, TakingItBackSparesTheWaiter) {
  act_between([&] { ours_.set_deadline(directions::read, never); });
  EXPECT_FALSE(is_done_);
}

TEST_F(BetweenExpiryAndCallback, ClosingEndsTheWaiterOnce) {
  act_between([&] { ours_.close(); });
  EXPECT_TRUE(is_done_);
  EXPECT_EQ(error_, errc::closed);
}

TEST_F(BetweenExpiryAndCallback, TheNextUseOfTheDescriptorIsNotDisturbed) {
  unique_fd next_peer;
  read_buffer next_buffer(10);
  std::unique_ptr<driven<read_request>> next;
  act_between([&] {
    ours_ = fd();
    open_pair(ours_, next_peer);
    ours_.set_deadline(directions::read, clock_.after(1h));
    next = std::make_unique<driven<read_request>>(ours_, transport::stream_socket,
                                                  &next_buffer.view, std::size_t{1});
  });
  EXPECT_EQ(error_, errc::closed);
  EXPECT_FALSE(next->is_done());
  clock_.advance(1h);
  reactor_.wait(0);
  EXPECT_TRUE(next->is_done()) << "and its own deadline stands";
}

TEST_F(Deadline, MovedAfterItWokeTheWaiterAndBeforeHeRunsNeverHappened) {
  auto reading = read(buffer_);
  ours_.set_deadline(directions::read, clock_.after(1s));
  reading.before_going_on([&] { ours_.set_deadline(directions::read, clock_.after(1h)); });
  clock_.advance(1s);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
}

TEST_F(Deadline, WhoIsWokenByOneMaySetOthers) {
  fd other;
  unique_fd other_peer;
  open_pair(other, other_peer);
  read_buffer other_buffer(10);
  auto reading = read(buffer_);
  auto also_reading = read(other, other_buffer);
  ours_.set_deadline(directions::read, clock_.after(1s));
  other.set_deadline(directions::read, clock_.after(1h));
  reading.before_going_on([&] {
    ours_.set_deadline(directions::read, clock_.after(1h));
    other.set_deadline(directions::read, clock_.after(-1s));
  });
  clock_.advance(1s);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  EXPECT_TRUE(also_reading.is_done());
}

TEST_F(Deadline, AMillionPushesArmOneTimerAndWakeNobody) {
  auto reading = read(buffer_);
  ours_.set_deadline(directions::read, clock_.after(1s));
  nettest::faults faults;
  const nanotime armed = reactor_.timers().next();
  for (int i = 1; i <= 1'000'000; ++i) {
    ours_.set_deadline(directions::read, clock_.after(1s + std::chrono::nanoseconds(i)));
  }
  EXPECT_EQ(reactor_.timers().next(), armed);
  EXPECT_EQ(faults.count(call::write), 0);
  clock_.advance(1s);
  EXPECT_EQ(reactor_.timers().expire(clock_.now()), 1U);
  EXPECT_FALSE(reading.is_done());
}

TEST_F(Deadline, InThePastIsSeenAtOnceAlsoWhenAnEarlierTimerIsOverdue) {
  auto reading = read(buffer_);
  ours_.set_deadline(directions::read, clock_.after(1s));
  ours_.set_deadline(directions::read, never);  // the timer stays armed
  clock_.advance(10s);                          // is due, and nobody has looked
  ours_.set_deadline(directions::read, clock_.after(0s));
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::deadline_exceeded);
  send("x");
  auto later = read(buffer_);
  ASSERT_TRUE(later.is_done());
  EXPECT_EQ(later->error(), errc::deadline_exceeded);
}

TEST_F(Deadline, ATimeoutThatIsTakenBackLeavesNoTraceInTheNextOperation) {
  ours_.set_timeout(directions::read, std::chrono::nanoseconds(1s).count());
  send("x");
  auto in_time = read(buffer_);
  reactor_.wait(0);
  ASSERT_TRUE(in_time.is_done());
  ours_.set_timeout(directions::read, 0);
  auto patient = read(buffer_);
  clock_.advance(1h);
  reactor_.wait(0);
  EXPECT_FALSE(patient.is_done());
}

}  // namespace
}  // namespace netpoll
