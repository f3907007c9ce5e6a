// SPDX-License-Identifier: BSL-1.0
//
// The readiness protocol, one step of one actor at a time: an operation that parks (arm, look for
// interrupts, publish) against an event, a close, a deadline and a cancellation that come before,
// between and after its steps. In every order the operation must be resumed exactly once or told
// not to park.
#include "netpoll/poll_descriptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "testing/support/fake_clock.h"

namespace netpoll {

// For what takes 2^31 uses to come about otherwise.
struct poll_descriptor_test_access {
  static void set_generation(poll_descriptor& of, std::uint32_t generation) {
    of.generation_.store(generation);
  }
};

namespace {

struct recorder final : resumer {
  void resume(waiter& who) noexcept override { reasons.push_back(who.reason()); }
  std::vector<wake_reason> reasons;
};

struct test_waiter final : waiter {
  explicit test_waiter(recorder& who) { set_resumer(who); }
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
};

enum class actor { event, close, deadline, cancel };

class PollDescriptor : public ::testing::TestWithParam<direction> {
 protected:
  PollDescriptor() {
    EXPECT_EQ(reactor_.open(), 0);
    int ends[2];
    EXPECT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
    EXPECT_EQ(fd_.open(reactor_, unique_fd(ends[0])), 0);
    peer_.reset(ends[1]);
    // As an operation that owns its direction and waits.
    EXPECT_EQ(descriptor().mutex().try_lock(which()), fd_mutex::lock_result::acquired);
    epoch_ = descriptor().current_epoch();
    descriptor().consume_ready(which());
    descriptor().drop_reference();
  }
  ~PollDescriptor() override { descriptor().unlock(which(), false); }

  poll_descriptor& descriptor() { return *fd_.descriptor(); }
  direction which() const { return GetParam(); }
  static std::uint32_t event_of(direction one) {
    return one == direction::read ? EPOLLIN : one == direction::write ? EPOLLOUT : EPOLLPRI;
  }

  void act(actor who) {
    switch (who) {
      case actor::event: {
        waiter_queue ready;
        descriptor().notify(event_of(which()), ready);
        resume_all(ready, wake_reason::ready);
        break;
      }
      case actor::close: fd_.close(); break;
      case actor::deadline:
        fd_.set_deadline(directions::both, clock_.after(std::chrono::seconds(-1)));
        break;
      case actor::cancel: fd_.cancel(); break;
    }
  }

  // Parks as io_request does, letting `who` act before step `at`. True if the waiter was published.
  bool park(actor who, int at) {
    int step = 0;
    const auto let_act = [&] {
      if (step++ == at) {
        act(who);
      }
    };
    let_act();
    if (!descriptor().arm(which())) {
      return false;
    }
    let_act();
    if (descriptor().is_interrupted(which(), epoch_)) {
      descriptor().disarm(which());
      return false;
    }
    let_act();
    if (!descriptor().publish(which(), waiter_, false)) {
      return false;
    }
    let_act();
    return true;
  }

  nettest::fake_clock clock_;
  reactor reactor_;
  fd fd_;
  unique_fd peer_;
  poll_descriptor::epoch epoch_ = 0;
  recorder woken_;
  test_waiter waiter_{woken_};
};

INSTANTIATE_TEST_SUITE_P(Directions, PollDescriptor,
                         ::testing::Values(direction::read, direction::write, direction::urgent));

TEST_P(PollDescriptor, BeforeTheLastStepEverybodyKeepsItFromParking) {
  for (int at = 0; at <= 2; ++at) {
    EXPECT_FALSE(park(actor::event, at)) << "at step " << at;
    EXPECT_TRUE(descriptor().consume_ready(which())) << "the readiness is kept, at step " << at;
  }
  for (int at = 0; at <= 2; ++at) {
    EXPECT_FALSE(park(actor::deadline, at)) << "at step " << at;
    fd_.set_deadline(directions::both, never);
  }
  for (int at = 0; at <= 2; ++at) {
    EXPECT_FALSE(park(actor::cancel, at)) << "at step " << at;
    epoch_ = descriptor().current_epoch();
  }
  for (int at = 0; at <= 2; ++at) {
    EXPECT_FALSE(park(actor::close, at)) << "at step " << at;
  }
  EXPECT_TRUE(woken_.reasons.empty()) << "who was not published is not resumed";
}

TEST_P(PollDescriptor, AfterTheLastStepEverybodyResumesItOnce) {
  EXPECT_TRUE(park(actor::event, 3));
  EXPECT_EQ(woken_.reasons, std::vector{wake_reason::ready});
  EXPECT_TRUE(descriptor().consume_ready(which()));

  woken_.reasons.clear();
  EXPECT_TRUE(park(actor::deadline, 3));
  EXPECT_EQ(woken_.reasons, std::vector{wake_reason::deadline});
  fd_.set_deadline(directions::both, never);

  woken_.reasons.clear();
  EXPECT_TRUE(park(actor::cancel, 3));
  EXPECT_EQ(woken_.reasons, std::vector{wake_reason::cancelled});
  epoch_ = descriptor().current_epoch();

  woken_.reasons.clear();
  EXPECT_TRUE(park(actor::close, 3));
  EXPECT_EQ(woken_.reasons, std::vector{wake_reason::closed});
}

TEST_P(PollDescriptor, WithdrawingAndAnEventAreExclusive) {
  ASSERT_TRUE(park(actor::event, -1));
  EXPECT_TRUE(descriptor().withdraw(which(), waiter_));
  EXPECT_FALSE(descriptor().withdraw(which(), waiter_));
  act(actor::event);
  EXPECT_TRUE(woken_.reasons.empty());
  EXPECT_TRUE(descriptor().consume_ready(which()));

  ASSERT_TRUE(park(actor::event, 3));
  EXPECT_FALSE(descriptor().withdraw(which(), waiter_));
  EXPECT_EQ(woken_.reasons.size(), 1U);
}

TEST_P(PollDescriptor, AnEventOfTheOtherDirectionDoesNotWake) {
  ASSERT_TRUE(park(actor::event, -1));
  waiter_queue ready;
  for (const direction other : all_directions) {
    if (other != which()) {
      descriptor().notify(event_of(other), ready);
    }
  }
  EXPECT_TRUE(ready.empty());
  EXPECT_TRUE(descriptor().withdraw(which(), waiter_));
}

TEST_P(PollDescriptor, AnErrorWakesEitherDirection) {
  ASSERT_TRUE(park(actor::event, -1));
  waiter_queue ready;
  descriptor().notify(EPOLLERR, ready);
  EXPECT_EQ(ready.pop(), &waiter_);
}

TEST_P(PollDescriptor, AHalfCloseOfThePeerDoesNotWakeAWriter) {
  ASSERT_TRUE(park(actor::event, -1));
  waiter_queue ready;
  descriptor().notify(EPOLLRDHUP, ready);
  EXPECT_EQ(ready.empty(), which() != direction::read);
  descriptor().withdraw(which(), waiter_);
}

TEST_P(PollDescriptor, ATimerThatFiresAfterItsDeadlineMovedWakesNobody) {
  fd_.set_deadline(directions::both, clock_.after(std::chrono::seconds(1)));
  ASSERT_TRUE(park(actor::event, -1));
  clock_.advance(std::chrono::seconds(1));
  fd_.set_deadline(directions::both, clock_.after(std::chrono::seconds(1)));
  reactor_.wait(0);
  EXPECT_TRUE(woken_.reasons.empty());
  EXPECT_FALSE(descriptor().is_expired(which(), false));
  clock_.advance(std::chrono::seconds(1));
  reactor_.wait(0);
  EXPECT_EQ(woken_.reasons, std::vector{wake_reason::deadline});
}

TEST(PollDescriptorUse, GenerationsGoRoundAndStaleOnesStayStale) {
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  fd handle;
  const auto open = [&](unique_fd& peer) {
    int ends[2];
    ASSERT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
    ASSERT_EQ(handle.open(loop, unique_fd(ends[0])), 0);
    peer.reset(ends[1]);
  };
  unique_fd peer;
  open(peer);
  poll_descriptor& descriptor = *handle.descriptor();
  poll_descriptor_test_access::set_generation(descriptor, 0xffff'ffff);
  const std::uint64_t last_tag = descriptor.tag();
  EXPECT_EQ(static_cast<std::uint32_t>(last_tag), 0xffff'ffffU);
  EXPECT_NE(last_tag, ~std::uint64_t{0}) << "the tag of the reactor's own wake-up";
  handle = fd();
  open(peer);
  ASSERT_EQ(handle.descriptor(), &descriptor);
  EXPECT_LT(static_cast<std::uint32_t>(descriptor.tag()), 4U) << "gone round";
  EXPECT_FALSE(descriptor.is_current(static_cast<std::uint32_t>(last_tag)));
  EXPECT_TRUE(descriptor.is_current(static_cast<std::uint32_t>(descriptor.tag())));
}

TEST_P(PollDescriptor, TwoThatWaitInOneDirectionAreMisuse) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  ASSERT_TRUE(park(actor::event, -1));
  EXPECT_DEATH(descriptor().arm(which()), "two operations wait in one direction of a descriptor");
  EXPECT_TRUE(descriptor().withdraw(which(), waiter_));
}

TEST_P(PollDescriptor, WhileItIsBeingClosedNoDeadlineAndNoEventCounts) {
  // Somebody is inside a call, so close() waits, and the descriptor stays in this use.
  ASSERT_TRUE(descriptor().mutex().add_reference());
  std::thread closer([this] { fd_.close(); });
  while (!descriptor().is_interrupted(which(), epoch_)) {
    std::this_thread::yield();
  }
  descriptor().set_deadline(directions::both, clock_.after(std::chrono::seconds(1)));
  EXPECT_EQ(reactor_.timers().next(), never) << "nothing is armed for it any more";
  descriptor().set_deadline(directions::both, clock_.after(std::chrono::seconds(-1)));
  EXPECT_FALSE(descriptor().is_expired(which(), true));
  waiter_queue ready;
  descriptor().notify_and_rearm(EPOLLIN | EPOLLOUT, ready);
  EXPECT_TRUE(ready.empty());
  EXPECT_FALSE(descriptor().consume_ready(which())) << "the event was not even looked at";
  descriptor().drop_reference();
  closer.join();
}

TEST_P(PollDescriptor, WhoKeepsTheTimeIsToldWhenADeadlineMoves) {
  struct listener final : resumer {
    void resume(waiter&) noexcept override {}
    void recheck() noexcept override { ++rechecks; }
    int rechecks = 0;
  } told;
  waiter_.set_resumer(told);
  fd_.set_deadline(directions::both, clock_.after(std::chrono::hours(1)));
  EXPECT_EQ(told.rechecks, 0);
  descriptor().add_self_server(waiter_, which());
  fd_.set_deadline(directions::both, clock_.after(std::chrono::hours(2)));
  EXPECT_EQ(told.rechecks, 1) << "later as well: it may be about to give up";
  descriptor().remove_self_server(which());
  fd_.set_deadline(directions::both, clock_.after(std::chrono::minutes(1)));
  EXPECT_EQ(told.rechecks, 1);
}

}  // namespace
}  // namespace netpoll
