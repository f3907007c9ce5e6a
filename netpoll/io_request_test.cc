// SPDX-License-Identifier: BSL-1.0
//
// The life of operations on real descriptors: the reactor is run by hand, so each step happens when
// the test says.
#include "netpoll/io_request.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

using IoRequest = nettest::reactor_and_pair;

TEST_F(IoRequest, ReadWaitsAndIsResumedByTheReactor) {
  read_buffer buffer(100);
  auto reading = read(buffer);
  EXPECT_FALSE(reading.is_done());
  send("hello");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  EXPECT_EQ(buffer.text(reading->bytes()), "hello");
}

TEST_F(IoRequest, AShortReadIsFollowedByNoFruitlessTry) {
  nettest::faults faults;
  read_buffer buffer(100);
  for (int i = 1; i <= 10; ++i) {
    auto reading = read(buffer);
    ASSERT_FALSE(reading.is_done());
    send("ping");
    reactor_.wait(0);
    ASSERT_TRUE(reading.is_done());
    EXPECT_EQ(faults.count(call::recv), i) << "one read(2) a request";
  }
  EXPECT_EQ(faults.count(call::epoll_control), 1) << "registered once";
}

// What epoll is asked for, call after call.
struct asked_of_epoll final : sys::fault_injector {
  asked_of_epoll() { sys::set_fault_injector(this); }
  ~asked_of_epoll() { sys::set_fault_injector(nullptr); }
  std::optional<sys::result> before(call, int, std::size_t&) noexcept override {
    return std::nullopt;
  }
  void epoll_control_asked(int, int operation, int, const ::epoll_event& event) noexcept override {
    asked.emplace_back(operation, event.events);
  }
  std::vector<std::pair<int, std::uint32_t>> asked;
};

TEST_F(IoRequest, WritingIsReportedOnceSomebodyHasWaitedForIt) {
  asked_of_epoll epoll;
  read_buffer buffer(100);
  auto reading = read(buffer);
  ASSERT_FALSE(reading.is_done());
  ASSERT_EQ(epoll.asked.size(), 1U);
  EXPECT_EQ(epoll.asked[0].first, EPOLL_CTL_ADD);
  EXPECT_EQ(epoll.asked[0].second & EPOLLOUT, 0U) << "nobody waits to write";

  std::string all(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 2; ++i) {
    ::iovec view{all.data(), all.size()};
    driven<netpoll::write_request> writing(ours_, netpoll::transport::stream_socket, &view,
                                           std::size_t{1}, netpoll::write_request::amount::all);
    ASSERT_FALSE(writing.is_done());
    ASSERT_EQ(epoll.asked.size(), 2U) << "added to what is reported, once";
    EXPECT_EQ(epoll.asked[1].first, EPOLL_CTL_MOD);
    EXPECT_EQ(epoll.asked[1].second, epoll.asked[0].second | EPOLLOUT);
    std::vector<char> taken(all.size());
    for (std::size_t rest = all.size(); rest != 0;) {
      const sys::result got = sys::recv(peer_.get(), taken.data(), taken.size(), 0);
      rest -= got.ok() ? got.bytes() : 0;
      reactor_.wait(0);
    }
    EXPECT_TRUE(writing.is_done());
  }
  EXPECT_FALSE(reading.is_done());
}

TEST_F(IoRequest, AFullBufferMeansThatThereMayBeMore) {
  send("abcdef");
  read_buffer buffer(3);
  auto first = read(buffer);
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  EXPECT_EQ(buffer.text(first->bytes()), "abc");
  auto second = read(buffer);
  ASSERT_TRUE(second.is_done()) << "without asking the reactor";
  EXPECT_EQ(buffer.text(second->bytes()), "def");
}

TEST_F(IoRequest, DataAndEndInOneBatchAreBothSeen) {
  read_buffer buffer(100);
  auto first = read(buffer);
  send("last words");
  peer_.reset();
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  EXPECT_EQ(buffer.text(first->bytes()), "last words");
  auto second = read(buffer);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second->error(), errc::end_of_file);
}

TEST_F(IoRequest, ReadingNothingSucceedsAtOnce) {
  read_buffer buffer(0);
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  EXPECT_EQ(reading->bytes(), 0U);
}

TEST_F(IoRequest, WriteAllWritesAllToASlowReader) {
  std::vector<char> data(4 << 20);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * 7);
  }
  ::iovec view{data.data(), data.size()};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  EXPECT_FALSE(writing.is_done());
  std::vector<char> received;
  std::array<char, 65536> part;
  while (received.size() < data.size()) {
    const sys::result got = sys::read(peer_.get(), part.data(), part.size());
    if (got.ok()) {
      received.insert(received.end(), part.begin(), part.begin() + got.value);
    } else {
      ASSERT_EQ(got.error, EAGAIN);
      reactor_.wait(0);
    }
  }
  reactor_.wait(0);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->bytes(), data.size());
  EXPECT_EQ(received, data);
}

TEST_F(IoRequest, QueuedReadsAreServedInOrder) {
  read_buffer first_buffer(3), second_buffer(3);
  auto first = read(first_buffer);
  auto second = read(second_buffer);
  send("abcdef");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(first_buffer.text(3), "abc");
  EXPECT_EQ(second_buffer.text(3), "def");
}

TEST_F(IoRequest, CloseEndsParkedAndQueuedOperations) {
  read_buffer buffer(10);
  auto parked = read(buffer);
  auto queued = read(buffer);
  const int number = ours_.native_handle();
  EXPECT_FALSE(ours_.close());
  ASSERT_TRUE(parked.is_done());
  ASSERT_TRUE(queued.is_done());
  EXPECT_EQ(parked->error(), errc::closed);
  EXPECT_EQ(queued->error(), errc::closed);
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "the number is closed when close() returns";
  EXPECT_EQ(ours_.close(), errc::closed);
  auto later = read(buffer);
  ASSERT_TRUE(later.is_done());
  EXPECT_EQ(later->error(), errc::closed);
}

TEST_F(IoRequest, CancelEndsWhatWaitsAndNothingElse) {
  read_buffer buffer(10);
  auto parked = read(buffer);
  auto queued = read(buffer);
  ours_.cancel();
  ASSERT_TRUE(parked.is_done());
  ASSERT_TRUE(queued.is_done());
  EXPECT_EQ(parked->error(), std::errc::operation_canceled);
  EXPECT_EQ(queued->error(), std::errc::operation_canceled);
  send("still there");
  auto later = read(buffer);
  reactor_.wait(0);
  ASSERT_TRUE(later.is_done());
  EXPECT_FALSE(later->error());
}

TEST_F(IoRequest, AWithdrawnRequestCanBeCancelledAlone) {
  read_buffer first_buffer(5), second_buffer(5);
  auto first = read(first_buffer);
  auto second = read(second_buffer);
  ASSERT_TRUE(first->withdraw());
  first->resume(wake_reason::cancelled);
  EXPECT_EQ(first->error(), std::errc::operation_canceled);
  send("hello");
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second_buffer.text(5), "hello");
}

TEST_F(IoRequest, ADestroyedHandleEndsItsOperations) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  ours_ = fd();
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::closed);
}

TEST_F(IoRequest, ADescriptorThatCannotBeRegisteredFailsTheOperationOnly) {
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOSPC);
  read_buffer buffer(10);
  auto failing = read(buffer);
  ASSERT_TRUE(failing.is_done());
  EXPECT_EQ(failing->error(), std::errc::no_space_on_device);
  send("x");
  auto later = read(buffer);
  reactor_.wait(0);
  ASSERT_TRUE(later.is_done());
  EXPECT_FALSE(later->error());
}

TEST_F(IoRequest, AStaleEventDoesNotReachTheNextUseOfTheDescriptor) {
  read_buffer buffer(10);
  [[maybe_unused]] const auto reading = read(buffer);
  poll_descriptor* const descriptor = ours_.descriptor();
  const auto generation = static_cast<std::uint32_t>(descriptor->tag());
  EXPECT_TRUE(descriptor->is_current(generation));
  ours_ = fd();
  EXPECT_FALSE(descriptor->is_current(generation));
  int ends[2];
  ASSERT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
  unique_fd other_peer(ends[1]);
  ASSERT_EQ(ours_.open(reactor_, unique_fd(ends[0])), 0);
  EXPECT_EQ(ours_.descriptor(), descriptor) << "last freed, first used";
  EXPECT_FALSE(descriptor->is_current(generation));
}
TEST_F(IoRequest, CloseReleasesAThousandQueuedOperations) {
  std::vector<std::unique_ptr<read_buffer>> buffers;
  std::vector<std::unique_ptr<driven<read_request>>> reads;
  for (int i = 0; i < 1000; ++i) {
    buffers.push_back(std::make_unique<read_buffer>(1));
    reads.push_back(std::make_unique<driven<read_request>>(ours_, transport::stream_socket,
                                                           &buffers.back()->view, std::size_t{1}));
  }
  const int number = ours_.native_handle();
  EXPECT_FALSE(ours_.close());
  for (const auto& each : reads) {
    ASSERT_TRUE(each->is_done());
    EXPECT_EQ((*each)->error(), errc::closed);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST_F(IoRequest, AThousandUnfoundedEventsCompleteNothing) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  for (int i = 0; i < 1000; ++i) {
    waiter_queue ready;
    ours_.descriptor()->notify(EPOLLIN, ready);
    resume_all(ready, wake_reason::ready);
    ASSERT_FALSE(reading.is_done());
  }
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

// Acts once between epoll_wait and the dispatch of what it found.
class AfterEpollWait : public IoRequest {
 protected:
  class hook final : public sys::fault_injector {
   public:
    explicit hook(std::function<void()> act) : act_(std::move(act)) {
      sys::set_fault_injector(this);
    }
    ~hook() { sys::set_fault_injector(nullptr); }

   private:
    std::optional<sys::result> before(call, int, std::size_t&) noexcept override {
      return std::nullopt;
    }
    void after(call which, int, const sys::result& answer) noexcept override {
      if (which == call::epoll_wait && answer.value > 0 && act_) {
        std::exchange(act_, nullptr)();
      }
    }
    std::function<void()> act_;
  };
};

TEST_F(AfterEpollWait, AnEventOfAClosedDescriptorIsDropped) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  send("x");
  const hook closing([&] { ours_.close(); });
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::closed);
}

TEST_F(AfterEpollWait, AnEventDoesNotReachTheNextUseOfTheDescriptor) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  send("x");
  peer_.reset();  // data, an end and a hang-up
  unique_fd next_peer;
  read_buffer next_buffer(10);
  std::unique_ptr<driven<read_request>> next;
  const poll_descriptor* const descriptor = ours_.descriptor();
  {
    const hook reusing([&] {
      ours_ = fd();
      open_pair(ours_, next_peer);
      next = std::make_unique<driven<read_request>>(ours_, transport::stream_socket,
                                                    &next_buffer.view, std::size_t{1});
    });
    reactor_.wait(0);
  }
  ASSERT_EQ(ours_.descriptor(), descriptor) << "the very same, or this shows nothing";
  EXPECT_FALSE(next->is_done());
  EXPECT_FALSE(ours_.descriptor()->must_try_again(direction::read))
      << "nor does its error stick to it";
  send(next_peer, "y");
  reactor_.wait(0);
  ASSERT_TRUE(next->is_done());
  EXPECT_EQ(next_buffer.text((*next)->bytes()), "y");
}

TEST_F(AfterEpollWait, ACancellationWinsOverTheEventAndTheDataStays) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  send("x");
  const hook cancelling([&] { ours_.cancel(); });
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), std::errc::operation_canceled);
  auto again = read(buffer);
  ASSERT_TRUE(again.is_done());
  EXPECT_EQ(buffer.text(again->bytes()), "x");
}

TEST_F(IoRequest, OneOfABatchMayCloseAndReplaceAnother) {
  // Two descriptors are ready in one batch. Whoever runs first closes the other and opens a new one
  // under the same number.
  fd other;
  unique_fd other_peer;
  open_pair(other, other_peer);
  read_buffer buffer(10);
  read_buffer other_buffer(10);
  auto reading = read(buffer);
  auto also_reading = read(other, other_buffer);
  fd replacement;
  unique_fd replacement_peer;
  read_buffer replacement_buffer(10);
  std::unique_ptr<driven<read_request>> next;
  const auto replace = [&](fd& victim) {
    const int number = victim.native_handle();
    victim = fd();
    open_pair(replacement, replacement_peer);
    EXPECT_EQ(replacement.native_handle(), number);
    next = std::make_unique<driven<read_request>>(replacement, transport::stream_socket,
                                                  &replacement_buffer.view, std::size_t{1});
  };
  reading.before_going_on([&] {
    if (next == nullptr) {
      replace(other);
    }
  });
  also_reading.before_going_on([&] {
    if (next == nullptr) {
      replace(ours_);
    }
  });
  send("x");
  send(other_peer, "y");
  reactor_.wait(0);
  ASSERT_NE(next, nullptr);
  EXPECT_TRUE(reading.is_done());
  EXPECT_TRUE(also_reading.is_done());
  reactor_.wait(0);
  EXPECT_FALSE(next->is_done());
  send(replacement_peer, "z");
  reactor_.wait(0);
  ASSERT_TRUE(next->is_done());
  EXPECT_EQ(replacement_buffer.text((*next)->bytes()), "z");
}

TEST_F(IoRequest, CancellingNothingAffectsNothingLater) {
  ours_.cancel();
  read_buffer buffer(10);
  auto reading = read(buffer);
  EXPECT_FALSE(reading.is_done());
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  ours_.cancel();
  EXPECT_FALSE(reading->error()) << "what has ended stays as it ended";
}

TEST_F(IoRequest, ARequestWithoutADescriptorIsClosed) {
  read_buffer buffer(10);
  driven<read_request> reading(fd(), transport::stream_socket, &buffer.view, std::size_t{1});
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::closed);
}

TEST_F(IoRequest, ADescriptorThatCouldNotBeAddedIsNotDeleted) {
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOSPC);
  read_buffer buffer(10);
  auto failing = read(buffer);
  ASSERT_TRUE(failing.is_done());
  ours_ = fd();
  EXPECT_EQ(faults.count(call::epoll_control), 1);
}

TEST_F(IoRequest, OfAStartedOneTheHandleMayGoAndItsDescriptorBeUsedAnew) {
  read_buffer buffer(10);
  read_request late(transport::stream_socket, &buffer.view, 1);
  late.start(ours_);
  ours_ = fd();
  unique_fd next_peer;
  open_pair(ours_, next_peer);
  send(next_peer, "for the next use");
  EXPECT_EQ(late.advance(), io_request::step::done);
  EXPECT_EQ(late.error(), errc::closed);
  EXPECT_EQ(late.bytes(), 0U);
}

}  // namespace
}  // namespace netpoll
