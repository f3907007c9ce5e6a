// SPDX-License-Identifier: BSL-1.0
//
// Operations in the middle of their steps: queueing up, taking over, being withdrawn, cancelled or
// closed between any two of them.
#include "netpoll/io_request.h"

#include <sys/epoll.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"

namespace netpoll {
namespace {

using nettest::read_buffer;

using IoRequest = nettest::reactor_and_pair;
TEST_F(IoRequest, AbandonedInTheQueueAfterTheHandOverPassesItOn) {
  struct listed final : resumer {
    void resume(waiter&) noexcept override { ++resumes; }
    int resumes = 0;
  } woken;
  read_buffer first_buffer(1);
  read_buffer second_buffer(1);
  read_buffer third_buffer(1);
  auto first = read(first_buffer);
  read_request second(transport::stream_socket, &second_buffer.view, 1);
  second.set_resumer(woken);
  second.start(ours_);
  ASSERT_EQ(second.advance(), io_request::step::wait);
  ASSERT_TRUE(second.commit());
  auto third = read(third_buffer);
  send("ab");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  ASSERT_EQ(woken.resumes, 1) << "the second has been handed the direction";
  EXPECT_FALSE(second.withdraw());
  second.abandon();
  EXPECT_EQ(second.error(), std::errc::operation_canceled);
  ASSERT_TRUE(third.is_done());
  EXPECT_EQ(third_buffer.text(1), "b");
}

// A request that the test drives one step at a time, counting how often it is resumed.
class by_steps final : public read_request, private resumer {
 public:
  explicit by_steps(read_buffer& into) : read_request(transport::stream_socket, &into.view, 1) {
    set_resumer(*this);
  }
  using waiter::resume;
  int resumes = 0;

 private:
  void resume(waiter&) noexcept override { ++resumes; }
};

TEST_F(IoRequest, WithdrawnFromTheQueueItOwnsNothing) {
  read_buffer first_buffer(1);
  read_buffer second_buffer(1);
  auto first = read(first_buffer);
  by_steps second(second_buffer);
  second.start(ours_);
  ASSERT_EQ(second.advance(), io_request::step::wait);
  ASSERT_TRUE(second.commit());
  ASSERT_TRUE(second.withdraw());
  EXPECT_EQ(second.advance(), io_request::step::wait) << "it has to queue up again";
  ASSERT_TRUE(second.commit());
  send("ab");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done()) << "the owner was left alone";
  EXPECT_EQ(second.resumes, 1);
  EXPECT_EQ(second.advance(), io_request::step::done);
  EXPECT_EQ(first_buffer.text(1) + second_buffer.text(1), "ab");
}

TEST_F(IoRequest, WithdrawnFromTheQueueItCanBeCancelledAlone) {
  read_buffer first_buffer(1);
  read_buffer second_buffer(1);
  auto first = read(first_buffer);
  by_steps second(second_buffer);
  second.start(ours_);
  ASSERT_EQ(second.advance(), io_request::step::wait);
  ASSERT_TRUE(second.commit());
  ASSERT_TRUE(second.withdraw());
  second.resume(wake_reason::cancelled);
  EXPECT_EQ(second.advance(), io_request::step::done);
  EXPECT_EQ(second.error(), std::errc::operation_canceled);
  EXPECT_FALSE(first.is_done());
  // Begun again it knows nothing of that.
  second.start(ours_);
  ASSERT_EQ(second.advance(), io_request::step::wait);
}

TEST_F(IoRequest, CancelledBeforeItCouldQueueUpItDoesNot) {
  read_buffer buffers[3] = {read_buffer(1), read_buffer(1), read_buffer(1)};
  auto first = read(buffers[0]);
  by_steps second(buffers[1]);
  second.start(ours_);
  ASSERT_EQ(second.advance(), io_request::step::wait);
  ours_.cancel();
  EXPECT_TRUE(first.is_done());
  auto third = read(buffers[2]);  // owns the direction now
  EXPECT_FALSE(second.commit());
  EXPECT_EQ(second.advance(), io_request::step::done);
  EXPECT_EQ(second.error(), std::errc::operation_canceled);
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(third.is_done()) << "and nobody stands in the queue";
}

TEST_F(IoRequest, BegunOnAnEarlierUseItDoesNotQueueUpInTheNext) {
  read_buffer buffer(1);
  read_buffer next_buffer(1);
  by_steps late(buffer);
  late.start(ours_);
  ours_ = fd();
  unique_fd next_peer;
  open_pair(ours_, next_peer);
  auto next = read(next_buffer);
  ASSERT_EQ(late.advance(), io_request::step::wait) << "somebody owns the direction";
  EXPECT_FALSE(late.commit());
  EXPECT_EQ(late.advance(), io_request::step::done);
  EXPECT_EQ(late.error(), errc::closed);
  send(next_peer, "x");
  reactor_.wait(0);
  EXPECT_TRUE(next.is_done());
}

TEST_F(IoRequest, BegunOnAClosedHandleItDoesNotRunOnTheNextUse) {
  read_buffer buffer(1);
  ours_.close();
  by_steps late(buffer);
  late.start(ours_);
  ours_ = fd();
  unique_fd next_peer;
  open_pair(ours_, next_peer);
  send(next_peer, "x");
  EXPECT_EQ(late.advance(), io_request::step::done);
  EXPECT_EQ(late.error(), errc::closed);
}

// The steps of an owner and of one who queues, with something happening between them.
class BetweenSteps : public IoRequest {
 protected:
  BetweenSteps() {
    owner_.start(ours_);
    EXPECT_EQ(owner_.advance(), io_request::step::wait);
    second_.start(ours_);
    EXPECT_EQ(second_.advance(), io_request::step::wait);
  }
  // Runs what the owner waits for to its end.
  void let_owner_finish() {
    ASSERT_TRUE(owner_.commit());
    send("a");
    reactor_.wait(0);
    ASSERT_EQ(owner_.resumes, 1);
    ASSERT_EQ(owner_.advance(), io_request::step::done);
  }

  read_buffer buffers_[2] = {read_buffer(1), read_buffer(1)};
  by_steps owner_{buffers_[0]};
  by_steps second_{buffers_[1]};
};

TEST_F(BetweenSteps, TheDirectionMayBecomeFree) {
  let_owner_finish();
  EXPECT_FALSE(second_.commit()) << "its own at once, nothing to wait for";
  send("b");
  reactor_.wait(0);
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(buffers_[1].text(second_.bytes()), "b");
  EXPECT_EQ(second_.resumes, 0);
}

TEST_F(BetweenSteps, TheDirectionOfTheNextUseMayBecomeFree) {
  owner_.abandon();
  ours_ = fd();
  unique_fd next_peer;
  open_pair(ours_, next_peer);
  EXPECT_FALSE(second_.commit());
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(second_.error(), errc::closed);
  send(next_peer, "x");
  auto next = read(buffers_[0]);
  reactor_.wait(0);
  EXPECT_TRUE(next.is_done()) << "the direction was given back";
}

TEST_F(BetweenSteps, TheHandleMayBeClosed) {
  ASSERT_TRUE(owner_.commit());
  ours_.close();
  EXPECT_EQ(owner_.resumes, 1);
  EXPECT_FALSE(second_.commit());
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(second_.error(), errc::closed);
  EXPECT_EQ(owner_.advance(), io_request::step::done);
  EXPECT_EQ(owner_.error(), errc::closed);
}

TEST_F(BetweenSteps, TheHandleMayBeClosedAfterTheHandOver) {
  ASSERT_TRUE(second_.commit());
  let_owner_finish();
  ASSERT_EQ(second_.resumes, 1);
  ours_.close();
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(second_.error(), errc::closed);
}

TEST_F(BetweenSteps, WhoQueuesMayBeCancelledWhileTheOwnerTries) {
  ASSERT_TRUE(second_.commit());
  ours_.cancel();
  ASSERT_EQ(second_.resumes, 1);
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(second_.error(), std::errc::operation_canceled);
  EXPECT_FALSE(owner_.commit()) << "it waits no more either";
  EXPECT_EQ(owner_.advance(), io_request::step::done);
  EXPECT_EQ(owner_.error(), std::errc::operation_canceled);
  EXPECT_EQ(owner_.resumes, 0);
}

TEST_F(BetweenSteps, OfAClosedDescriptorACancelledOneSaysClosed) {
  ASSERT_TRUE(second_.commit());
  ours_.cancel();
  ASSERT_EQ(second_.resumes, 1);
  owner_.abandon();
  ours_.close();
  EXPECT_EQ(second_.advance(), io_request::step::done);
  EXPECT_EQ(second_.error(), errc::closed);
}

TEST_F(BetweenSteps, TheEventMayCome) {
  waiter_queue resumed;
  send("a");
  ours_.descriptor()->notify(EPOLLIN, resumed);
  EXPECT_TRUE(resumed.empty()) << "nobody is parked";
  EXPECT_FALSE(owner_.commit());
  EXPECT_EQ(owner_.advance(), io_request::step::done);
  EXPECT_EQ(buffers_[0].text(owner_.bytes()), "a");
}

TEST_F(BetweenSteps, WhoIsNotPublishedCannotBeWithdrawn) {
  EXPECT_FALSE(owner_.withdraw()) << "it owns and is not parked";
  EXPECT_FALSE(second_.withdraw()) << "it does not stand in the queue";
  ASSERT_TRUE(second_.commit());
  ours_.cancel();
  EXPECT_FALSE(second_.withdraw()) << "resumed already";
  second_.abandon();
  EXPECT_EQ(second_.error(), std::errc::operation_canceled);
  EXPECT_FALSE(owner_.commit());
  EXPECT_EQ(owner_.advance(), io_request::step::done);
  EXPECT_FALSE(owner_.withdraw());
  owner_.abandon();
  EXPECT_EQ(owner_.error(), std::errc::operation_canceled) << "what has ended stays as it ended";
  EXPECT_EQ(owner_.advance(), io_request::step::done);
}

TEST_F(IoRequest, BegunAgainItKnowsNothingOfTheLastTime) {
  read_buffer buffer(10);
  by_steps request(buffer);
  send("abc");
  request.start(ours_);
  request.insist();
  ASSERT_EQ(request.advance(), io_request::step::done);
  ASSERT_EQ(request.bytes(), 3U);
  ours_.set_deadline(directions::read, clock::now() - 1);
  request.start(ours_);
  ASSERT_EQ(request.advance(), io_request::step::done);
  EXPECT_EQ(request.error(), errc::deadline_exceeded);
  EXPECT_EQ(request.bytes(), 0U);
}

}  // namespace
}  // namespace netpoll
