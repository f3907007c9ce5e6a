// SPDX-License-Identifier: BSL-1.0
//
// Accepting and connecting: backlogs, refusals, running out of descriptors, urgent data.
#include "netpoll/requests.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "testing/support/driven.h"
#include "testing/support/fake_clock.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using namespace std::chrono_literals;
using nettest::driven;
using nettest::read_buffer;
using sys::call;

using Accepting = nettest::reactor_and_listener;

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
TEST_F(Accepting, ABacklogIsAcceptedToItsEndAfterOneEdge) {
  driven<accept_request> first(listener_);
  std::vector<unique_fd> clients;
  constexpr int count = 500;
  for (int i = 0; i < count; ++i) {
    clients.push_back(new_socket());
    ASSERT_TRUE(sys::set_non_blocking(clients.back().get(), false).ok());
    ASSERT_TRUE(sys::connect(clients.back().get(), address(), sizeof(address_)).ok());
  }
  reactor_.wait(0);  // one edge, or some; from here on none
  ASSERT_TRUE(first.is_done());
  for (int i = 1; i < count; ++i) {
    driven<accept_request> next(listener_);
    ASSERT_TRUE(next.is_done()) << "after " << i;
    ASSERT_FALSE(next->error());
  }
  driven<accept_request> one_too_many(listener_);
  EXPECT_FALSE(one_too_many.is_done());
}

TEST_F(Accepting, ARefusalAndACancellationAreOneResult) {
  listener_.close();
  auto connecting = connect();
  client_.cancel();
  run_until([&] { return connecting.is_done(); });
  EXPECT_TRUE(connecting->error() == std::errc::operation_canceled ||
              connecting->error() == std::errc::connection_refused);
  // The next socket, which gets the same descriptor, knows nothing of it.
  client_ = fd();
  fd next;
  ASSERT_EQ(next.open(reactor_, new_socket()), 0);
  read_buffer buffer(10);
  driven<readiness_request> writable(next, direction::write, short{POLLOUT});
  reactor_.wait(0);
  EXPECT_TRUE(writable.is_done()) << "unconnected is a hang-up, and no more than that";
  EXPECT_FALSE(writable->error());
}

TEST_F(Accepting, ConnectGoesOnWhateverTheKernelCallsInProgress) {
  for (const int answer : {EINPROGRESS, EALREADY, EINTR}) {
    client_ = fd();
    ASSERT_EQ(client_.open(reactor_, new_socket()), 0);
    nettest::faults faults;
    faults.fail(call::connect, answer);
    auto connecting = connect();
    reactor_.wait(0);
    EXPECT_FALSE(connecting.is_done()) << answer;
    client_.close();
    EXPECT_TRUE(connecting.is_done());
  }
}

TEST_F(Accepting, WhatSoErrorSaysIsTheResultOrAReasonToWait) {
  driven<accept_request> accepting(listener_);
  for (const int answer : {EINPROGRESS, ECONNRESET}) {
    client_ = fd();
    ASSERT_EQ(client_.open(reactor_, new_socket()), 0);
    nettest::faults faults;
    faults.fail(call::get_option, answer);
    auto connecting = connect();
    run_until([&] { return faults.count(call::get_option) > 0; });
    if (answer == EINPROGRESS) {
      EXPECT_FALSE(connecting.is_done());
    } else {
      ASSERT_TRUE(connecting.is_done());
      EXPECT_EQ(connecting->error(), std::errc::connection_reset);
    }
  }
}

TEST_F(Accepting, AConnectWhosePeerCannotBeAskedForFails) {
  nettest::faults faults;
  faults.fail(call::get_peer_name, ENOBUFS);
  auto connecting = connect();
  run_until([&] { return connecting.is_done(); });
  EXPECT_EQ(connecting->error(), system_error_code(ENOBUFS));
}

TEST_F(Accepting, ASecondConnectIsToldThatThereIsAConnection) {
  driven<accept_request> accepting(listener_);
  auto connecting = connect();
  run_until([&] { return connecting.is_done(); });
  ASSERT_FALSE(connecting->error());
  auto again = connect();
  run_until([&] { return again.is_done(); });
  EXPECT_EQ(again->error(), system_error_code(EISCONN));
}

TEST_F(Accepting, GoesOnLookingWhileAConnectIsInterruptedInTheBackground) {
  driven<accept_request> accepting(listener_);
  nettest::faults faults;
  faults.fail(call::get_option, EALREADY);
  auto connecting = connect();
  run_until([&] { return faults.count(call::get_option) > 0; });
  EXPECT_FALSE(connecting.is_done());
}

TEST_F(Accepting, BeingConnectedAlreadyIsBeingConnected) {
  driven<accept_request> accepting(listener_);
  nettest::faults faults;
  faults.fail(call::get_option, EISCONN);
  auto connecting = connect();
  run_until([&] { return connecting.is_done(); });
  EXPECT_FALSE(connecting->error());
}

TEST_F(Accepting, OtherErrorsAreReportedWhetherItBacksOffOrNot) {
  for (const auto how :
       {accept_request::when_exhausted::report, accept_request::when_exhausted::back_off}) {
    nettest::faults faults;
    faults.fail(call::accept, EINVAL);
    driven<accept_request> accepting(listener_, how);
    [[maybe_unused]] const auto connecting = connect();
    run_until([&] { return accepting.is_done(); });
    EXPECT_EQ(accepting->error(), std::errc::invalid_argument);
    EXPECT_FALSE(accepting->accepted());
    client_ = fd();
    ASSERT_EQ(client_.open(reactor_, new_socket()), 0);
  }
}

TEST_F(Accepting, AllThatMayBeExhaustedIsReported) {
  [[maybe_unused]] const auto connecting = connect();
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    nettest::faults faults;
    faults.fail(call::accept, EPROTO);  // that one is gone, and no reason to give up
    faults.fail_nth(call::accept, 2, error);
    driven<accept_request> accepting(listener_);
    run_until([&] { return accepting.is_done(); });
    EXPECT_EQ(accepting->error(), system_error_code(error));
  }
}

// A nap: the request waits for time, whatever else happens.
class BackingOff : public Accepting {
 protected:
  BackingOff() { faults_.fail(call::accept, EMFILE, 1000); }
  int tries() { return faults_.count(call::accept); }
  driven<accept_request> accept() {
    return driven<accept_request>(listener_, accept_request::when_exhausted::back_off);
  }
  // Until the listener has been tried once, and naps.
  void start_nap() {
    while (tries() == 0) {
      reactor_.wait(0);
    }
  }

  nettest::fake_clock clock_;
  nettest::faults faults_;
};

TEST_F(BackingOff, EndsWithADeadlineThatComesFirst) {
  [[maybe_unused]] const auto connecting = connect();
  auto accepting = accept();
  listener_.set_deadline(directions::read, clock_.after(1ms));
  start_nap();
  clock_.advance(1ms);
  reactor_.wait(0);
  ASSERT_TRUE(accepting.is_done());
  EXPECT_EQ(accepting->error(), errc::deadline_exceeded);
  EXPECT_EQ(tries(), 1);
}

TEST_F(BackingOff, OfACancelledOneLeavesNoTraceInTheNext) {
  [[maybe_unused]] const auto connecting = connect();
  auto accepting = accept();
  start_nap();
  listener_.cancel();
  ASSERT_TRUE(accepting.is_done());
  EXPECT_EQ(accepting->error(), std::errc::operation_canceled);
  faults_.fail(call::accept, 0, 0);
  while (unique_fd one{
      static_cast<int>(sys::accept(listener_.native_handle(), nullptr, nullptr).value)}) {
  }
  driven<accept_request> next(listener_);
  reactor_.wait(0);
  const int before = tries();
  clock_.advance(1h);
  reactor_.wait(0);
  EXPECT_FALSE(next.is_done());
  EXPECT_EQ(tries(), before) << "nobody naps any more";
}

TEST_F(BackingOff, IsNotEndedByReadinessThatComesBeforeItBegins) {
  struct by_steps final : accept_request, private resumer {
    by_steps() : accept_request(when_exhausted::back_off) { set_resumer(*this); }
    void resume(waiter&) noexcept override { ++resumes; }
    int resumes = 0;
  } accepting;
  accepting.insist();
  accepting.start(listener_);
  ASSERT_EQ(accepting.advance(), io_request::step::wait);
  ASSERT_EQ(tries(), 1);
  waiter_queue resumed;
  listener_.descriptor()->notify(EPOLLIN, resumed);
  EXPECT_TRUE(accepting.commit());
  EXPECT_EQ(accepting.resumes, 0);
  clock_.advance(5ms);
  reactor_.wait(0);
  EXPECT_EQ(accepting.resumes, 1);
  ASSERT_EQ(accepting.advance(), io_request::step::wait);
  EXPECT_EQ(tries(), 2);
  // And over before it begins.
  clock_.advance(10ms);
  reactor_.wait(0);
  EXPECT_FALSE(accepting.commit());
  EXPECT_EQ(accepting.advance(), io_request::step::wait);
  EXPECT_EQ(tries(), 3);
  accepting.abandon();
}

TEST(Connecting, IsOverAtOnceWhereNothingHasToTravel) {
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  const auto new_socket = [] {
    return unique_fd(static_cast<int>(sys::socket(AF_UNIX, SOCK_STREAM, 0).value));
  };
  const unique_fd listening = new_socket();
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ::socklen_t size = sizeof(::sa_family_t);  // the kernel chooses an abstract name
  auto* const plain = reinterpret_cast<::sockaddr*>(&address);
  ASSERT_TRUE(sys::bind(listening.get(), plain, size).ok());
  size = sizeof(address);
  ASSERT_TRUE(sys::get_socket_name(listening.get(), plain, &size).ok());
  fd client;
  ASSERT_EQ(client.open(loop, new_socket()), 0);
  driven<connect_request> nobody_listens(client, plain, size);
  ASSERT_TRUE(nobody_listens.is_done());
  EXPECT_EQ(nobody_listens->error(), std::errc::connection_refused);
  ASSERT_TRUE(sys::listen(listening.get(), 1).ok());
  driven<connect_request> connecting(client, plain, size);
  ASSERT_TRUE(connecting.is_done());
  EXPECT_FALSE(connecting->error());
}

// A pair of connected TCP sockets, for what only TCP has.
class TcpPair : public nettest::reactor_and_listener {
 protected:
  TcpPair() {
    driven<accept_request> accepting(listener_);
    auto connecting = connect();
    run_until([&] { return connecting.is_done() && accepting.is_done(); });
    EXPECT_EQ(server_.open(reactor_, std::move(accepting->accepted())), 0);
  }
  fd server_;
};

TEST_F(TcpPair, UrgentDataIsAwaitedBesideAReader) {
  read_buffer buffer(10);
  driven<read_request> reading(server_, transport::stream_socket, &buffer.view, std::size_t{1});
  driven<readiness_request> urgent(server_, direction::urgent, short{POLLPRI});
  run_until([&] { return true; });
  ASSERT_FALSE(reading.is_done());
  ASSERT_FALSE(urgent.is_done());
  ASSERT_TRUE(sys::send(client_.native_handle(), "!", 1, MSG_OOB).ok());
  run_until([&] { return urgent.is_done(); });
  EXPECT_FALSE(urgent->error());
  EXPECT_FALSE(reading.is_done()) << "urgent data is no data";
  char mark = 0;
  ASSERT_TRUE(sys::recv(server_.native_handle(), &mark, 1, MSG_OOB).ok());
  EXPECT_EQ(mark, '!');
  ASSERT_TRUE(sys::send(client_.native_handle(), "x", 1, 0).ok());
  run_until([&] { return reading.is_done(); });
  EXPECT_EQ(buffer.text(reading->bytes()), "x");
}

TEST_F(TcpPair, TheReadDeadlineIsThatOfUrgentDataToo) {
  nettest::fake_clock clock;
  driven<readiness_request> urgent(server_, direction::urgent, short{POLLPRI});
  server_.set_deadline(directions::write, clock.after(-1s));
  EXPECT_FALSE(urgent.is_done());
  server_.set_deadline(directions::read, clock.after(-1s));
  ASSERT_TRUE(urgent.is_done());
  EXPECT_EQ(urgent->error(), errc::deadline_exceeded);
}

TEST_F(TcpPair, AResetIsTheErrorOfTheReaderThatWaits) {
  read_buffer buffer(10);
  driven<read_request> reading(server_, transport::stream_socket, &buffer.view, std::size_t{1});
  const ::linger reset{.l_onoff = 1, .l_linger = 0};
  ASSERT_FALSE(client_.set_option(SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
  client_.close();
  run_until([&] { return reading.is_done(); });
  EXPECT_EQ(reading->error(), std::errc::connection_reset);
}

TEST_F(TcpPair, SendingAFileToAPeerThatIsGoneRaisesNoSignal) {
  // The kernel may report the bytes that went out before it met the reset, and raise SIGPIPE all
  // the same.
  fd file;
  unique_fd number(::memfd_create("content", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(number.get(), 8 << 20), 0);
  ASSERT_EQ(file.open_as_found(reactor_, std::move(number)), 0);
  server_.close();
  driven<send_file_request> sending(client_, file, nullptr, std::size_t{8} << 20);
  run_until([&] { return sending.is_done(); });
  EXPECT_TRUE(sending->error() == std::errc::broken_pipe ||
              sending->error() == std::errc::connection_reset)
      << sending->error().message();
}

// Out of descriptors, whatever the listener is like, an accept that backs off tries a few times and
// no more.
class OutOfDescriptors : public nettest::reactor_and_listener {
 protected:
  int tries_in_a_second(fd& listener) {
    nettest::fake_clock clock;
    nettest::faults faults;
    faults.fail(call::accept, EMFILE, 1'000'000);
    driven<accept_request> accepting(listener, accept_request::when_exhausted::back_off);
    for (int ms = 0; ms < 1000; ++ms) {
      for (int i = 0; i < 10; ++i) {
        reactor_.wait(0);
      }
      clock.advance(1ms);
    }
    const int tries = faults.count(call::accept);
    listener.close();
    EXPECT_TRUE(accepting.is_done());
    return tries;
  }
};

// However a nap ends: the connection it was taken for waits in the backlog, and its edge has been
// used up.
TEST_F(OutOfDescriptors, WhatACancelledNapLeftIsThereForTheNext) {
  nettest::faults faults;
  faults.fail(call::accept, EMFILE);
  driven<accept_request> napping(listener_, accept_request::when_exhausted::back_off);
  auto connecting = connect();
  run_until([&] { return faults.count(call::accept) > 0; });
  listener_.cancel();
  ASSERT_TRUE(napping.is_done());
  driven<accept_request> next(listener_);
  EXPECT_TRUE(next.is_done());
}

TEST_F(OutOfDescriptors, WhatANapThatTimedOutLeftIsThereForTheNext) {
  nettest::fake_clock clock;
  nettest::faults faults;
  faults.fail(call::accept, EMFILE);
  driven<accept_request> napping(listener_, accept_request::when_exhausted::back_off);
  auto connecting = connect();
  while (faults.count(call::accept) == 0) {
    reactor_.wait(0);
  }
  listener_.set_deadline(directions::read, clock.after(-1s));
  ASSERT_TRUE(napping.is_done());
  listener_.set_deadline(directions::read, never);
  driven<accept_request> next(listener_);
  EXPECT_TRUE(next.is_done());
}

TEST_F(OutOfDescriptors, OnALevelTriggeredListener) {
  ASSERT_FALSE(listener_.set_trigger(trigger::level));
  driven<accept_request> first(listener_);
  auto connecting = connect();
  run_until([&] { return first.is_done(); });
  auto again = connect();
  EXPECT_LT(tries_in_a_second(listener_), 20);
}

TEST_F(OutOfDescriptors, OnAListenerInBlockingMode) {
  unique_fd copy;
  ASSERT_FALSE(listener_.duplicate(copy));
  ASSERT_TRUE(sys::set_non_blocking(copy.get(), false).ok());
  fd blocking;
  ASSERT_EQ(blocking.open_as_found(reactor_, std::move(copy)), 0);
  ASSERT_FALSE(blocking.is_pollable());
  EXPECT_LT(tries_in_a_second(blocking), 20);
}

}  // namespace
}  // namespace netpoll
