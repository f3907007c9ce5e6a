// SPDX-License-Identifier: BSL-1.0
//
// Messages: datagrams, control data, and what the network says of them.
#include "netpoll/requests.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "testing/support/descriptor_message.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

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
  nettest::descriptor_message message(text, sizeof(text), peer_.get());
  driven<send_message_request> sending(ours_, message.header);
  ASSERT_TRUE(sending.is_done());
  EXPECT_EQ(sending->bytes(), sizeof(text));

  fd receiver;
  ASSERT_EQ(receiver.open(reactor_, std::move(peer_)), 0);
  alignas(::cmsghdr) char received_control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr received{};
  received.msg_iov = &message.bytes;
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

TEST_F(Datagrams, ThatDoNotFitOneCallAreRefusedWhole) {
  char text[] = "x";
  std::vector<::iovec> views(2000, ::iovec{text, 1});
  driven<write_request> writing(ours_, transport::message_socket, views.data(), views.size(),
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::message_size);
  EXPECT_EQ(writing->bytes(), 0U);
}

}  // namespace
}  // namespace netpoll
