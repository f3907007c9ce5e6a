// SPDX-License-Identifier: BSL-1.0
//
// The life of operations on real descriptors: the reactor is run by hand, so each step happens when the
// test says.
#include "netpoll/io_request.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;
using sys::call;

// Drives a request as a handler would: goes as far as it can now, and further when resumed.
template <typename Request>
class driven final : private resumer {
 public:
  template <typename... Args>
  explicit driven(const fd& target, Args&&... args) : request_(std::forward<Args>(args)...) {
    request_.set_resumer(*this);
    request_.start(target);
    go_on();
  }

  ~driven() {
    if (!is_done_ && request_.withdraw()) {
      request_.abandon();
    }
  }

  bool is_done() const { return is_done_; }
  Request& operator*() { return request_; }
  Request* operator->() { return &request_; }

 private:
  void resume(waiter&) noexcept override { go_on(); }

  void go_on() {
    while (request_.advance() == io_request::step::wait) {
      if (request_.commit()) {
        return;
      }
    }
    is_done_ = true;
  }

  Request request_;
  bool is_done_ = false;
};

// A buffer to read into, with the iovec that points to it.
struct read_buffer {
  explicit read_buffer(std::size_t size) : data(size), view{data.data(), size} {}
  std::string text(std::size_t count) const { return {data.data(), count}; }
  std::vector<char> data;
  ::iovec view;
};

class IoRequest : public ::testing::Test {
 protected:
  IoRequest() {
    EXPECT_EQ(reactor_.open(), 0);
    int ends[2];
    EXPECT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
    EXPECT_EQ(ours_.open(reactor_, unique_fd(ends[0])), 0);
    peer_.reset(ends[1]);
  }

  void send(const std::string& text) {
    ASSERT_EQ(sys::send(peer_.get(), text.data(), text.size(), 0).bytes(), text.size());
  }
  driven<read_request> read(read_buffer& into) {
    return driven<read_request>(ours_, transport::stream_socket, &into.view, std::size_t{1});
  }

  reactor reactor_;
  fd ours_;
  unique_fd peer_;
};

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

class Deadline : public IoRequest {
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

// A listening socket on loopback.
class Accepting : public ::testing::Test {
 protected:
  Accepting() {
    EXPECT_EQ(reactor_.open(), 0);
    unique_fd listening(static_cast<int>(sys::socket(AF_INET, SOCK_STREAM, 0).value));
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_TRUE(sys::bind(listening.get(), address(), sizeof(address_)).ok());
    EXPECT_TRUE(sys::listen(listening.get(), 16).ok());
    ::socklen_t size = sizeof(address_);
    EXPECT_TRUE(sys::get_socket_name(listening.get(), address(), &size).ok());
    EXPECT_EQ(listener_.open(reactor_, std::move(listening)), 0);
    EXPECT_EQ(client_.open(reactor_,
                           unique_fd(static_cast<int>(sys::socket(AF_INET, SOCK_STREAM, 0).value))),
              0);
  }
  ::sockaddr* address() { return reinterpret_cast<::sockaddr*>(&address_); }
  driven<connect_request> connect() {
    return driven<connect_request>(client_, address(), ::socklen_t{sizeof(address_)});
  }

  reactor reactor_;
  fd listener_;
  fd client_;
  ::sockaddr_in address_{};
};

TEST_F(Accepting, ConnectAndAcceptMeet) {
  driven<accept_request> accepting(listener_);
  EXPECT_FALSE(accepting.is_done());
  auto connecting = connect();
  for (int i = 0; i < 100 && !(connecting.is_done() && accepting.is_done()); ++i) {
    reactor_.wait(clock::now() + 100'000'000);
  }
  ASSERT_TRUE(connecting.is_done());
  EXPECT_FALSE(connecting->error());
  ASSERT_TRUE(accepting.is_done());
  EXPECT_TRUE(accepting->accepted());
}

TEST_F(Accepting, RefusedConnectionsSaySo) {
  listener_.close();
  auto connecting = connect();
  for (int i = 0; i < 100 && !connecting.is_done(); ++i) {
    reactor_.wait(clock::now() + 100'000'000);
  }
  ASSERT_TRUE(connecting.is_done());
  EXPECT_EQ(connecting->error(), std::errc::connection_refused);
}

TEST_F(Accepting, SkipsConnectionsThatAreGone) {
  nettest::faults faults;
  faults.fail(call::accept, ECONNABORTED, 2);
  driven<accept_request> accepting(listener_);
  [[maybe_unused]] const auto connecting = connect();
  for (int i = 0; i < 100 && !accepting.is_done(); ++i) {
    reactor_.wait(clock::now() + 100'000'000);
  }
  ASSERT_TRUE(accepting.is_done());
  EXPECT_FALSE(accepting->error());
  EXPECT_EQ(faults.count(call::accept), 3);
}

TEST_F(Accepting, ReportsExhaustionAndGoesOnAfterwards) {
  nettest::faults faults;
  faults.fail(call::accept, EMFILE);
  driven<accept_request> failing(listener_);
  [[maybe_unused]] const auto connecting = connect();
  for (int i = 0; i < 100 && !failing.is_done(); ++i) {
    reactor_.wait(clock::now() + 100'000'000);
  }
  ASSERT_TRUE(failing.is_done());
  EXPECT_EQ(failing->error(), std::errc::too_many_files_open);
  driven<accept_request> again(listener_);
  ASSERT_TRUE(again.is_done()) << "there will be no new edge: it has to try";
  EXPECT_FALSE(again->error());
}

TEST_F(Accepting, BacksOffWhenExhaustedAndNeverSpins) {
  nettest::fake_clock clock;
  nettest::faults faults;
  faults.fail(call::accept, EMFILE, 3);
  driven<accept_request> accepting(listener_, accept_request::when_exhausted::back_off);
  [[maybe_unused]] const auto connecting = connect();
  reactor_.wait(0);
  EXPECT_EQ(faults.count(call::accept), 1);
  for (int i = 0; i < 50; ++i) {
    reactor_.wait(0);
  }
  EXPECT_EQ(faults.count(call::accept), 1) << "waits for time, not for readiness";
  clock.advance(5ms);
  reactor_.wait(0);
  EXPECT_EQ(faults.count(call::accept), 2);
  clock.advance(5ms);
  reactor_.wait(0);
  EXPECT_EQ(faults.count(call::accept), 2) << "twice as long the second time";
  clock.advance(5ms);
  reactor_.wait(0);
  EXPECT_EQ(faults.count(call::accept), 3);
  clock.advance(20ms);
  reactor_.wait(0);
  ASSERT_TRUE(accepting.is_done());
  EXPECT_FALSE(accepting->error());
}

TEST_F(Accepting, BackingOffEndsWithClose) {
  nettest::fake_clock clock;
  nettest::faults faults;
  faults.fail(call::accept, EMFILE, 1000);
  [[maybe_unused]] const auto connecting = connect();
  driven<accept_request> accepting(listener_, accept_request::when_exhausted::back_off);
  reactor_.wait(0);
  ASSERT_FALSE(accepting.is_done());
  listener_.close();
  ASSERT_TRUE(accepting.is_done());
  EXPECT_EQ(accepting->error(), errc::closed);
}

TEST_F(Accepting, AConnectReportedTooEarlyGoesOnWaiting) {
  nettest::faults faults;
  faults.fail(call::connect, EINPROGRESS);  // the kernel never hears of it
  auto connecting = connect();
  reactor_.wait(0);  // an unconnected socket reports a hang-up, and is writable
  EXPECT_FALSE(connecting.is_done());
  client_.close();
  ASSERT_TRUE(connecting.is_done());
  EXPECT_EQ(connecting->error(), errc::closed);
}

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

}  // namespace
}  // namespace netpoll
