// SPDX-License-Identifier: BSL-1.0
//
// What each operation does with the descriptor: connections, messages, files, bytes that move
// inside the kernel.
#include "netpoll/requests.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
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

// ---- Messages -----------------------------------------------------------------------------------

class Datagrams : public nettest::reactor_and_pair {
 protected:
  Datagrams() {
    ours_ = fd();
    open_pair(ours_, peer_, SOCK_DGRAM);
  }
};

TEST_F(Datagrams, AnEmptyOneIsNotTheEnd) {
  read_buffer buffer(10);
  driven<read_request> reading(ours_, transport::message_socket, &buffer.view, std::size_t{1});
  ASSERT_EQ(sys::send(peer_.get(), "", 0, 0).value, 0);
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  EXPECT_EQ(reading->bytes(), 0U);
}

TEST_F(Datagrams, AnEmptyOneIsSent) {
  ::iovec nothing{nullptr, 0};
  driven<write_request> writing(ours_, transport::message_socket, &nothing, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error());
  char data[1];
  const sys::result got = sys::recv(peer_.get(), data, sizeof(data), 0);
  EXPECT_TRUE(got.ok());
  EXPECT_EQ(got.value, 0);
}

TEST_F(Datagrams, OneIsReadAtATimeAndACutOneIsFlagged) {
  send("long one");
  send("2");
  char data[4];
  ::iovec view{data, sizeof(data)};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  driven<receive_message_request> first(ours_, message);
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  EXPECT_EQ(first->bytes(), 4U);
  EXPECT_NE(message.msg_flags & MSG_TRUNC, 0);
  message.msg_flags = 0;
  driven<receive_message_request> second(ours_, message);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second->bytes(), 1U);
  EXPECT_EQ(message.msg_flags & MSG_TRUNC, 0);
}

TEST_F(Datagrams, OneIsWaitedForAndCanBeTakenWithoutRoomForIt) {
  char data[4];
  ::iovec view{data, sizeof(data)};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  driven<receive_message_request> receiving(ours_, message);
  send("a");
  reactor_.wait(0);
  ASSERT_TRUE(receiving.is_done());
  driven<receive_message_request> next(ours_, message);
  ASSERT_FALSE(next.is_done()) << "tried, and there was none";
  send("bc");
  reactor_.wait(0);
  ASSERT_TRUE(next.is_done());
  EXPECT_EQ(next->bytes(), 2U);
  EXPECT_EQ(message.msg_iov, &view) << "as it was given, after the try in vain";
  send("d");
  ::iovec nothing{nullptr, 0};
  driven<read_request> dropping(ours_, transport::message_socket, &nothing, std::size_t{1});
  reactor_.wait(0);
  ASSERT_TRUE(dropping.is_done());
  EXPECT_FALSE(dropping->error());
  EXPECT_EQ(sys::recv(ours_.native_handle(), data, 1, 0).error, EAGAIN) << "it has been taken";
}

TEST_F(Datagrams, WhatTheKernelRefusesIsTheError) {
  char data[4] = {};
  ::iovec view{data, sizeof(data)};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  nettest::faults faults;
  faults.fail(call::send_message, EPERM);
  driven<send_message_request> sending(ours_, message);
  ASSERT_TRUE(sending.is_done());
  EXPECT_EQ(sending->error(), std::errc::operation_not_permitted);
  EXPECT_EQ(sending->bytes(), 0U);
  faults.fail(call::receive_message, ENOMEM);
  driven<receive_message_request> receiving(ours_, message);
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(receiving.is_done());
  EXPECT_EQ(receiving->error(), std::errc::not_enough_memory);
  EXPECT_EQ(receiving->bytes(), 0U);
}

TEST_F(Datagrams, DescriptorsTravelAlong) {
  char text[] = "take this";
  ::iovec view{text, sizeof(text)};
  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ::cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int sent = peer_.get();
  std::memcpy(CMSG_DATA(header), &sent, sizeof(sent));
  driven<send_message_request> sending(ours_, message);
  ASSERT_TRUE(sending.is_done());
  EXPECT_EQ(sending->bytes(), sizeof(text));

  fd receiver;
  ASSERT_EQ(receiver.open(reactor_, std::move(peer_)), 0);
  alignas(::cmsghdr) char received_control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr received{};
  received.msg_iov = &view;
  received.msg_iovlen = 1;
  received.msg_control = received_control;
  received.msg_controllen = sizeof(received_control);
  driven<receive_message_request> receiving(receiver, received);
  reactor_.wait(0);
  ASSERT_TRUE(receiving.is_done());
  ASSERT_NE(CMSG_FIRSTHDR(&received), nullptr);
  int number = -1;
  std::memcpy(&number, CMSG_DATA(CMSG_FIRSTHDR(&received)), sizeof(number));
  const unique_fd taken(number);
  EXPECT_NE(::fcntl(taken.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Datagrams, ASenderWaitsForRoom) {
  std::string text(1000, 'x');
  ::iovec view{text.data(), text.size()};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  while (sys::send_message(ours_.native_handle(), &message, 0).ok()) {
  }
  driven<send_message_request> sending(ours_, message);
  reactor_.wait(0);
  ASSERT_FALSE(sending.is_done());
  char data[1000];
  while (sys::recv(peer_.get(), data, sizeof(data), 0).ok()) {
  }
  reactor_.wait(0);
  ASSERT_TRUE(sending.is_done());
  EXPECT_EQ(sending->bytes(), text.size());
}

TEST(Udp, ARefusalIsToldOnceToWhoeverAsksFirst) {
  reactor loop;
  ASSERT_EQ(loop.open(), 0);
  const auto open_socket = [&](fd& into) {
    ASSERT_EQ(
        into.open(loop, unique_fd(static_cast<int>(sys::socket(AF_INET, SOCK_DGRAM, 0).value))), 0);
  };
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const plain = reinterpret_cast<::sockaddr*>(&address);
  ::socklen_t size = sizeof(address);
  fd socket;
  open_socket(socket);
  {
    fd nobody;
    open_socket(nobody);
    ASSERT_TRUE(sys::bind(nobody.native_handle(), plain, size).ok());
    ASSERT_TRUE(sys::get_socket_name(nobody.native_handle(), plain, &size).ok());
  }
  ASSERT_TRUE(sys::connect(socket.native_handle(), plain, size).ok());
  read_buffer buffer(10);
  driven<read_request> reading(socket, transport::message_socket, &buffer.view, std::size_t{1});
  loop.wait(0);
  ASSERT_FALSE(reading.is_done());
  char text[] = "anybody?";
  ::iovec view{text, sizeof(text)};
  driven<write_request> writing(socket, transport::message_socket, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error());
  while (!reading.is_done()) {
    loop.wait(clock::now() + 100'000'000);
  }
  EXPECT_EQ(reading->error(), std::errc::connection_refused);
  view = {text, sizeof(text)};
  driven<write_request> again(socket, transport::message_socket, &view, std::size_t{1},
                              write_request::amount::all);
  ASSERT_TRUE(again.is_done());
  EXPECT_FALSE(again->error()) << "the error was taken by the reader";
}

// ---- Vectors ------------------------------------------------------------------------------------

using Vectors = nettest::reactor_and_pair;

TEST_F(Vectors, OfMoreBuffersThanTheKernelTakesAreWrittenWhole) {
  constexpr std::size_t count = 3000;
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += static_cast<char>('a' + i % 26);
  }
  std::vector<::iovec> views;
  for (std::size_t i = 0; i < count; ++i) {
    views.push_back({&text[i], i % 7 == 0 ? 0U : 1U});  // some of them empty
  }
  std::string expected;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 7 != 0) {
      expected += text[i];
    }
  }
  driven<write_request> writing(ours_, transport::stream_socket, views.data(), views.size(),
                                write_request::amount::all);
  std::string got;
  char data[4096];
  while (got.size() < expected.size()) {
    reactor_.wait(0);
    const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
    if (some.ok()) {
      got.append(data, some.bytes());
    }
  }
  EXPECT_TRUE(writing.is_done());
  EXPECT_EQ(writing->bytes(), expected.size());
  EXPECT_EQ(got, expected);
}

TEST_F(Vectors, AreReadInOrder) {
  send("abcdef");
  char low[2];
  char high[10];
  ::iovec views[] = {{low, sizeof(low)}, {nullptr, 0}, {high, sizeof(high)}};
  driven<read_request> reading(ours_, transport::stream_socket, views, std::size_t{3});
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->bytes(), 6U);
  EXPECT_EQ(std::string(low, 2) + std::string(high, 4), "abcdef");
}

TEST_F(Vectors, OfPipesToo) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  fd reader;
  fd writer;
  ASSERT_EQ(reader.open(reactor_, unique_fd(ends[0])), 0);
  ASSERT_EQ(writer.open(reactor_, unique_fd(ends[1])), 0);
  char text[] = "abcdef";
  ::iovec out[] = {{text, 3}, {text + 3, 3}};
  driven<write_request> writing(writer, transport::pipe, out, std::size_t{2},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  char data[6];
  ::iovec in[] = {{data, 4}, {data + 4, 2}};
  driven<read_request> reading(reader, transport::pipe, in, std::size_t{2});
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(std::string(data, 6), "abcdef");
}

TEST_F(Vectors, WritingNothingSucceedsAtOnceEvenWhenThereIsNoRoom) {
  const std::string chunk(1 << 16, 'x');
  while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  ::iovec nothing[] = {{nullptr, 0}, {nullptr, 0}};
  nettest::faults faults;
  for (const transport kind : {transport::stream_socket, transport::pipe}) {
    driven<write_request> writing(ours_, kind, nothing, std::size_t{2}, write_request::amount::all);
    ASSERT_TRUE(writing.is_done());
    EXPECT_FALSE(writing->error());
    EXPECT_EQ(writing->bytes(), 0U);
  }
  EXPECT_EQ(faults.count(call::send) + faults.count(call::send_message), 0);
}

TEST_F(Vectors, AfterAShortWriteTheNextOneWaitsInsteadOfTrying) {
  std::string text(4 << 20, 'x');
  ::iovec view{text.data(), text.size()};
  nettest::faults faults;
  driven<write_request> first(ours_, transport::stream_socket, &view, std::size_t{1},
                              write_request::amount::some);
  ASSERT_TRUE(first.is_done());
  ASSERT_GT(first->bytes(), 0U);
  ASSERT_LT(first->bytes(), text.size());
  ::iovec rest{text.data(), 1};
  driven<write_request> second(ours_, transport::stream_socket, &rest, std::size_t{1},
                               write_request::amount::some);
  EXPECT_FALSE(second.is_done());
  EXPECT_EQ(faults.count(call::send), 1);
  char data[1 << 16];
  while (sys::recv(peer_.get(), data, sizeof(data), 0).ok()) {
  }
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second->bytes(), 1U);
  driven<write_request> third(ours_, transport::stream_socket, &rest, std::size_t{1},
                              write_request::amount::some);
  EXPECT_TRUE(third.is_done()) << "all was taken, so there may be room for more";
}

TEST_F(Vectors, WhatWasOnlyPeekedAtIsThereForTheNext) {
  send("abc");
  read_buffer buffer(10);
  driven<read_request> peeking(ours_, transport::stream_socket, &buffer.view, std::size_t{1},
                               int{MSG_PEEK});
  reactor_.wait(0);
  ASSERT_TRUE(peeking.is_done());
  EXPECT_EQ(buffer.text(peeking->bytes()), "abc");
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done()) << "without a new event";
  EXPECT_EQ(buffer.text(reading->bytes()), "abc");
}

TEST_F(Vectors, AWriteThatMovesNothingIsAnErrorAndNoLoop) {
  struct idler final : sys::fault_injector {
    idler() { sys::set_fault_injector(this); }
    ~idler() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::send ? std::optional(sys::result{0, 0}) : std::nullopt;
    }
  } idle;
  char text[] = "x";
  ::iovec view{text, 1};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::io_error);
}

TEST_F(Vectors, MoreThanWasGivenIsNotBelieved) {
  const auto write_one_byte = [&] {
    char text[] = "x";
    ::iovec view{text, 1};
    driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                  write_request::amount::all);
  };
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  struct liar final : sys::fault_injector {
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::send ? std::optional(sys::result{1000, 0}) : std::nullopt;
    }
  } lying;
  EXPECT_DEATH(
      {
        sys::set_fault_injector(&lying);
        write_one_byte();
      },
      "the kernel says it wrote more than it was given");
}

// ---- Inside the kernel --------------------------------------------------------------------------

class Files : public nettest::reactor_and_pair {
 protected:
  fd file_with(const std::string& content) {
    fd file;
    unique_fd number(::memfd_create("content", MFD_CLOEXEC));
    EXPECT_TRUE(number);
    EXPECT_EQ(::write(number.get(), content.data(), content.size()),
              static_cast<::ssize_t>(content.size()));
    EXPECT_EQ(::lseek(number.get(), 0, SEEK_SET), 0);
    EXPECT_EQ(file.open_as_found(reactor_, std::move(number)), 0);
    return file;
  }
  static std::string content(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>(i * 131 >> 3);
    }
    return text;
  }
  // What the peer receives until `done`.
  template <typename Done>
  std::string receive_until(Done done) {
    std::string got;
    char data[1 << 16];
    for (;;) {
      const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
      if (some.ok() && some.value > 0) {
        got.append(data, some.bytes());
      } else if (done()) {
        return got;
      }
      reactor_.wait(0);
    }
  }
};

TEST_F(Files, AreSentWholeToASlowReader) {
  const std::string text = content(3 << 20);
  const fd file = file_with(text);
  driven<send_file_request> sending(ours_, file, nullptr, text.size());
  EXPECT_FALSE(sending.is_done()) << "more than the socket takes at once";
  EXPECT_EQ(receive_until([&] { return sending.is_done(); }), text);
  EXPECT_FALSE(sending->error());
  EXPECT_EQ(sending->bytes(), text.size());
}

TEST_F(Files, AreSentFromAnOffsetToTheirEnd) {
  const fd file = file_with("0123456789");
  ::off_t offset = 4;
  driven<send_file_request> sending(ours_, file, &offset, std::size_t{100});
  ASSERT_TRUE(sending.is_done());
  EXPECT_FALSE(sending->error());
  EXPECT_EQ(sending->bytes(), 6U);
  EXPECT_EQ(offset, 10);
  EXPECT_EQ(receive_until([] { return true; }), "456789");
}

TEST_F(Files, ThatCannotBeSentSoSayIt) {
  fd closed;
  driven<send_file_request> from_nothing(ours_, closed, nullptr, std::size_t{1});
  ASSERT_TRUE(from_nothing.is_done());
  EXPECT_EQ(from_nothing->error(), errc::closed);
  const fd file = file_with("x");
  peer_.reset();
  driven<send_file_request> to_nobody(ours_, file, nullptr, std::size_t{1});
  ASSERT_TRUE(to_nobody.is_done());
  EXPECT_EQ(to_nobody->error(), std::errc::broken_pipe);
}

TEST_F(Files, AreCopiedInsideTheKernel) {
  const std::string text = content(200'000);
  const fd from = file_with(text);
  const fd to = file_with("");
  std::size_t bytes = 0;
  const std::error_code error = copy_file(from, to, text.size() + 10, bytes);
  if (error == std::errc::cross_device_link || error == std::errc::operation_not_supported ||
      error == std::errc::function_not_supported || error == std::errc::invalid_argument) {
    EXPECT_EQ(bytes, 0U);
    GTEST_SKIP() << "not on this kernel, between these files: " << error.message();
  }
  ASSERT_FALSE(error);
  EXPECT_EQ(bytes, text.size()) << "up to the end";
  read_buffer buffer(text.size());
  std::size_t read_bytes = 0;
  EXPECT_FALSE(to.read_at(&buffer.view, 1, 0, read_bytes));
  EXPECT_EQ(buffer.text(read_bytes), text);
  EXPECT_EQ(copy_file(fd(), to, 1, bytes), errc::closed);
  EXPECT_EQ(copy_file(from, fd(), 1, bytes), errc::closed);
}

TEST_F(Files, ThatCannotBeCopiedInsideTheKernelSaySo) {
  const fd from = file_with("abcdef");
  const fd to = file_with("");
  nettest::faults faults;
  faults.fail(call::copy_file_range, EXDEV);
  std::size_t bytes = 7;
  EXPECT_EQ(copy_file(from, to, 6, bytes), std::errc::cross_device_link);
  EXPECT_EQ(bytes, 0U);
  EXPECT_FALSE(copy_file(from, to, 0, bytes)) << "there is nothing to be refused";
  EXPECT_EQ(faults.count(call::copy_file_range), 1);
}

// Bytes from one socket to another, through a pipe.
class Splicing : public Files {
 protected:
  Splicing() {
    open_pair(source_, source_peer_);
    EXPECT_EQ(pipe_.open(), 0);
  }
  fd source_;
  unique_fd source_peer_;
  splice_pipe pipe_;
};

TEST_F(Splicing, MovesAllBytesAndTheEnd) {
  const std::string text = content(1 << 20);
  std::size_t fed = 0;
  std::string got;
  char data[1 << 16];
  bool is_over = false;
  while (!is_over) {
    driven<splice_in_request> filling(source_, pipe_, std::size_t{1} << 20);
    while (!filling.is_done()) {
      if (fed < text.size()) {
        const sys::result some =
            sys::send(source_peer_.get(), text.data() + fed, text.size() - fed, 0);
        fed += some.ok() ? some.bytes() : 0;
      } else {
        source_peer_.reset();
      }
      reactor_.wait(0);
    }
    is_over = filling->error() == errc::end_of_file;
    ASSERT_TRUE(is_over || !filling->error());
    driven<splice_out_request> draining(ours_, pipe_);
    const auto take = [&] {
      const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
      if (some.ok()) {
        got.append(data, some.bytes());
      }
      return some.ok();
    };
    while (!draining.is_done()) {
      take();
      reactor_.wait(0);
    }
    EXPECT_EQ(pipe_.held_bytes(), 0U);
    while (take()) {
    }
  }
  EXPECT_EQ(got, text);
}

TEST_F(Splicing, AnEmptySourceIsWaitedFor) {
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  EXPECT_FALSE(filling.is_done());
  send(source_peer_, "abc");
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_EQ(filling->bytes(), 3U);
  EXPECT_EQ(pipe_.held_bytes(), 3U);
}

TEST_F(Splicing, WhatAPipeHoldsWhenItIsOpenedAnewIsGone) {
  send(source_peer_, "secret");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_EQ(pipe_.held_bytes(), 6U);
  ASSERT_EQ(pipe_.open(), 0);
  driven<splice_out_request> draining(ours_, pipe_);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->bytes(), 0U);
  EXPECT_EQ(receive_until([] { return true; }), "");
}

TEST_F(Splicing, ReportsWhatItCannotMove) {
  nettest::faults faults;
  faults.fail(call::pipe, EMFILE);
  splice_pipe none;
  EXPECT_EQ(none.open(), EMFILE);
  faults.fail(call::set_pipe_size, EPERM);
  EXPECT_EQ(none.open(), 0) << "a pipe of the usual size does as well";
  send(source_peer_, "x");
  faults.fail(call::splice, EINVAL);
  driven<splice_in_request> filling(source_, none, std::size_t{10});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_EQ(filling->error(), std::errc::invalid_argument);
  EXPECT_EQ(none.held_bytes(), 0U);
  driven<splice_in_request> again(source_, none, std::size_t{10});
  ASSERT_TRUE(again.is_done());
  peer_.reset();
  driven<splice_out_request> draining(ours_, none);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->error(), std::errc::broken_pipe);
  EXPECT_EQ(none.held_bytes(), 1U);
}

TEST_F(Splicing, AFullTargetIsWaitedFor) {
  send(source_peer_, "abc");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  const std::string chunk(1 << 16, 'x');
  while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  driven<splice_out_request> draining(ours_, pipe_);
  reactor_.wait(0);
  ASSERT_FALSE(draining.is_done());
  EXPECT_EQ(pipe_.held_bytes(), 3U);
  std::string got = receive_until([&] { return draining.is_done(); });
  EXPECT_FALSE(draining->error());
  EXPECT_EQ(draining->bytes(), 3U);
  EXPECT_EQ(got.substr(got.size() - 3), "abc");
}

TEST_F(Splicing, ATargetThatTakesNothingIsAnErrorAndNoLoop) {
  send(source_peer_, "abc");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  struct idler final : sys::fault_injector {
    idler() { sys::set_fault_injector(this); }
    ~idler() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::splice ? std::optional(sys::result{0, 0}) : std::nullopt;
    }
  } idle;
  driven<splice_out_request> draining(ours_, pipe_);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->error(), std::errc::io_error);
  EXPECT_EQ(pipe_.held_bytes(), 3U);
}

// ---- Whatever else ------------------------------------------------------------------------------

TEST_F(Vectors, ARawCallIsRepeatedUntilItIsDone) {
  int calls = 0;
  char data[1];
  auto take = [&](int number) {
    ++calls;
    return sys::recv(number, data, 1, 0).ok();
  };
  driven<raw_request<decltype(take)>> raw(ours_, direction::read, take);
  EXPECT_FALSE(raw.is_done());
  reactor_.wait(0);
  EXPECT_EQ(calls, 1) << "nothing new, no call";
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(raw.is_done());
  EXPECT_EQ(calls, 2);
}

TEST_F(Vectors, WaitingForReadinessTakesNothing) {
  driven<readiness_request> readable(ours_, direction::read, short{POLLIN});
  EXPECT_FALSE(readable.is_done());
  driven<readiness_request> writable(ours_, direction::write, short{POLLOUT});
  EXPECT_TRUE(writable.is_done());
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(readable.is_done());
  read_buffer buffer(10);
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done()) << "what was seen is not waited for again";
  EXPECT_EQ(reading->bytes(), 1U);
}

TEST_F(Vectors, WaitingForReadinessOutlivesASignalAndReportsAnError) {
  nettest::faults faults;
  faults.fail(call::poll, EINTR);
  driven<readiness_request> readable(ours_, direction::read, short{POLLIN});
  EXPECT_FALSE(readable.is_done()) << "nothing is known: it waits";
  faults.fail(call::poll, EINVAL);
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(readable.is_done());
  EXPECT_EQ(readable->error(), std::errc::invalid_argument);
}

// ---- What must not go on for ever, or end too soon ----------------------------------------------

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

TEST_F(Vectors, AWriteToAPipeThatNobodyReadsRaisesNoSignal) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  ::close(ends[0]);
  fd writer;
  ASSERT_EQ(writer.open(reactor_, unique_fd(ends[1])), 0);
  char text[] = "x";
  ::iovec view{text, 1};
  driven<write_request> writing(writer, transport::pipe, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::broken_pipe);
}

TEST_F(Vectors, AReadCutShortByDescriptorsIsFollowedByTheRest) {
  char text[] = "with a descriptor";
  ::iovec view{text, 10};
  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr message{};
  message.msg_iov = &view;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ::cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int sent = peer_.get();
  std::memcpy(CMSG_DATA(header), &sent, sizeof(sent));
  read_buffer buffer(100);
  driven<read_request> first(ours_, transport::cut_stream_socket, &buffer.view, std::size_t{1});
  ASSERT_EQ(sys::send_message(peer_.get(), &message, 0).bytes(), 10U);
  send("plain");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  EXPECT_EQ(first->bytes(), 10U);
  driven<read_request> second(ours_, transport::cut_stream_socket, &buffer.view, std::size_t{1});
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(buffer.text(second->bytes()), "plain");
}

TEST_F(Vectors, AWriteOfAllGoesOnWhereTheKernelBlocks) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd reader(ends[0]);
  fd writer;
  ASSERT_EQ(writer.open_as_found(reactor_, unique_fd(ends[1])), 0);
  nettest::faults faults;
  faults.shorten(call::write_vector, 3, 2);  // as a signal would
  char text[] = "0123456789";
  ::iovec view{text, 10};
  driven<write_request> writing(writer, transport::pipe, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error()) << writing->error().message();
  EXPECT_EQ(writing->bytes(), 10U);
}

TEST_F(Datagrams, ThatDoNotFitOneCallAreRefusedWhole) {
  char text[] = "x";
  std::vector<::iovec> views(2000, ::iovec{text, 1});
  driven<write_request> writing(ours_, transport::message_socket, views.data(), views.size(),
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::message_size);
  EXPECT_EQ(writing->bytes(), 0U);
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

TEST_F(Splicing, OfNothingIsDoneAtOnce) {
  driven<splice_in_request> filling(source_, pipe_, std::size_t{0});
  send(source_peer_, "x");
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_FALSE(filling->error());
  EXPECT_EQ(filling->bytes(), 0U);
}

}  // namespace
}  // namespace netpoll
