// SPDX-License-Identifier: BSL-1.0
//
// Descriptors that others share: duplicates, child processes, numbers that somebody closes or
// replaces behind our back.
#include "netpoll/fd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

using Fd = nettest::reactor_and_pair;

TEST_F(Fd, AnEventOfADuplicateDoesNotOutliveTheHandle) {
  read_buffer buffer(10);
  [[maybe_unused]] auto reading = read(buffer);
  const int number = ours_.native_handle();
  const unique_fd copy(
      ::dup(number));  // keeps the description, and with it the registration, alive
  ours_ = fd();
  send("for nobody");
  // The number is free: the next descriptor has it, and epoll has no registration left under it.
  unique_fd next_peer;
  open_pair(ours_, next_peer);
  ASSERT_EQ(ours_.native_handle(), number);
  read_buffer next_buffer(10);
  auto next = read(next_buffer);
  reactor_.wait(0);
  EXPECT_FALSE(next.is_done());
  send(next_peer, "for it");
  reactor_.wait(0);
  ASSERT_TRUE(next.is_done());
  EXPECT_EQ(next_buffer.text(next->bytes()), "for it");
}

TEST_F(Fd, ASocketMadeBlockingThroughADuplicateStillDoesNotBlock) {
  const unique_fd copy(::dup(ours_.native_handle()));
  ASSERT_TRUE(sys::set_non_blocking(copy.get(), false).ok());
  read_buffer buffer(10);
  driven<read_request> reading(ours_, transport::stream_socket, &buffer.view, std::size_t{1});
  reactor_.wait(0);
  reading->insist();
  EXPECT_FALSE(reading.is_done());
  std::string much(4 << 20, 'x');
  ::iovec view{much.data(), much.size()};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  EXPECT_FALSE(writing.is_done()) << "more than the socket takes: waits instead of blocking";
  ours_.close();
  EXPECT_TRUE(reading.is_done());
  EXPECT_TRUE(writing.is_done());
}

TEST_F(Fd, ANumberClosedBehindOurBackIsAnErrorOfTheOperation) {
  ::close(ours_.native_handle());
  read_buffer buffer(10);
  driven<readiness_request> waiting(ours_, direction::read, short{POLLIN});
  driven<write_request> writing(ours_, transport::stream_socket, &buffer.view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::bad_file_descriptor);
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done()) << "epoll refuses it, so nobody waits for ever";
  EXPECT_EQ(reading->error(), std::errc::bad_file_descriptor);
}

TEST_F(Fd, AChildLeavesTheParentsReactorAlone) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ours_.close();  // what it inherited: the number is closed here and registered there
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  send("for the parent");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
}

TEST_F(Fd, AChildMakesAReactorOfItsOwn) {
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    reactor mine;
    fd socket;
    int ends[2];
    bool is_right = mine.open() == 0 && sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok() &&
                    socket.open(mine, unique_fd(ends[0])) == 0;
    read_buffer buffer(10);
    driven<read_request> reading(socket, transport::stream_socket, &buffer.view, std::size_t{1});
    is_right = is_right && sys::send(ends[1], "x", 1, 0).ok();
    mine.wait(0);
    ::_exit(is_right && reading.is_done() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Fd, NothingIsInheritedAcrossExec) {
  EXPECT_NE(::fcntl(ours_.native_handle(), F_GETFD) & FD_CLOEXEC, 0);
  unique_fd copy;
  ASSERT_FALSE(ours_.duplicate(copy));
  EXPECT_NE(::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Fd, DuplicatingReportsThatThereIsNoNumberLeft) {
  nettest::faults faults;
  faults.fail(call::duplicate, EMFILE);
  unique_fd copy;
  EXPECT_EQ(ours_.duplicate(copy), std::errc::too_many_files_open);
  EXPECT_FALSE(copy);
}

TEST_F(Fd, AReopenedReactorHasWhatItHad) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  const int number = ours_.native_handle();
  ASSERT_EQ(reactor_.reopen(), 0);
  EXPECT_EQ(ours_.native_handle(), number);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  send("as before");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  ours_.close();
}

TEST_F(Fd, WhatAReopenedReactorCannotHaveIsWoken) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOMEM, 2, nettest::only{ours_.native_handle()});
  ASSERT_EQ(reactor_.reopen(), 0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), std::errc::not_enough_memory);
  // Once there is room again it can wait.
  auto again = read(buffer);
  EXPECT_FALSE(again.is_done());
  send("text");
  reactor_.wait(0);
  EXPECT_TRUE(again.is_done());
}

TEST_F(Fd, WaitsOnWhatItWasReplacedWith) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  int ends[2];
  ASSERT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, ends).ok());
  const unique_fd theirs(ends[1]);
  const int number = ours_.native_handle();
  EXPECT_FALSE(ours_.replace(unique_fd(ends[0])));
  EXPECT_EQ(ours_.native_handle(), number);
  reactor_.wait(0);
  EXPECT_FALSE(reading.is_done());
  ASSERT_TRUE(sys::write(theirs.get(), "new", 3).ok());
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
}

TEST_F(Fd, WhatCannotBeReplacedStaysAsItWas) {
  read_buffer buffer(10);
  auto reading = read(buffer);
  EXPECT_EQ(ours_.replace(unique_fd()), std::errc::bad_file_descriptor);
  send("as before");
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_FALSE(reading->error());
  ours_.close();
  EXPECT_EQ(ours_.replace(unique_fd()), errc::closed);
}

TEST_F(Fd, AChildDoesNotWaitForThreadsThatAreNotThere) {
  // As if a thread of the parent were inside a call.
  ASSERT_TRUE(ours_.descriptor()->mutex().add_reference());
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ours_ = fd();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ours_.descriptor()->drop_reference();
}

}  // namespace
}  // namespace netpoll
