// SPDX-License-Identifier: BSL-1.0
//
// Reading, writing and moving bytes between real descriptors.
#include "netpoll/base/syscall.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/descriptor_message.h"
#include "testing/support/descriptors.h"
#include "testing/support/signals.h"

namespace netpoll {
namespace {

using nettest::content;
using nettest::drain;
using nettest::ends;
using nettest::is_close_on_exec;
using nettest::made;
using nettest::make_file;
using nettest::make_pipe;
using nettest::make_socket_pair;
using nettest::position;
using nettest::signal_handler;
using sys::result;

TEST(SyscallResult, SaysOkOnlyWithoutAnError) {
  EXPECT_TRUE((result{0, 0}).ok());
  EXPECT_FALSE((result{-1, EIO}).ok());
  EXPECT_EQ((result{5, 0}).bytes(), 5U);
  EXPECT_TRUE(sys::would_block(EAGAIN));
  EXPECT_TRUE(sys::would_block(EWOULDBLOCK));
  EXPECT_FALSE(sys::would_block(0));
  EXPECT_FALSE(sys::would_block(EINTR));
  EXPECT_FALSE(sys::would_block(EINPROGRESS));
}

TEST(SyscallTransfer, ReadAndWrite) {
  const ends pipe = make_pipe();
  char got[8] = {};
  EXPECT_EQ(sys::read(pipe.first.get(), got, 8).error, EAGAIN);
  EXPECT_EQ(sys::write(pipe.second.get(), "abcd", 4).value, 4);
  EXPECT_EQ(sys::read(pipe.first.get(), got, 2).value, 2);
  EXPECT_EQ(sys::read(pipe.first.get(), got + 2, 6).value, 2);
  EXPECT_STREQ(got, "abcd");
}

TEST(SyscallTransfer, ReadTellsTheEndByZeroBytes) {
  ends pipe = make_pipe();
  pipe.second.reset();
  char got;
  const result answer = sys::read(pipe.first.get(), &got, 1);
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.bytes(), 0U);
}

TEST(SyscallTransfer, Vectors) {
  const ends pipe = make_pipe();
  char a[] = "abc";
  char b[] = "de";
  const ::iovec out[] = {{a, 3}, {nullptr, 0}, {b, 2}};
  EXPECT_EQ(sys::write_vector(pipe.second.get(), out, 3).value, 5);
  char c[2];
  char d[8] = {};
  const ::iovec in[] = {{c, 2}, {d, 7}};
  EXPECT_EQ(sys::read_vector(pipe.first.get(), in, 2).value, 5);
  EXPECT_EQ(std::string_view(c, 2), "ab");
  EXPECT_STREQ(d, "cde");
  const std::vector<::iovec> too_many(1025, ::iovec{a, 0});
  EXPECT_EQ(sys::write_vector(pipe.second.get(), too_many.data(), 1025).error, EINVAL);
}

TEST(SyscallTransfer, VectorsAtAnOffsetLeaveThePositionAlone) {
  const unique_fd file = make_file("abcdef");
  char a[] = "X";
  char b[] = "YZ";
  const ::iovec out[] = {{a, 1}, {b, 2}};
  EXPECT_EQ(sys::write_vector_at(file.get(), out, 2, 2).value, 3);
  EXPECT_EQ(content(file.get()), "abXYZf");
  char c[2];
  char d[8] = {};
  const ::iovec in[] = {{c, 2}, {d, 7}};
  EXPECT_EQ(sys::read_vector_at(file.get(), in, 2, 1).value, 5);
  EXPECT_EQ(std::string_view(c, 2), "bX");
  EXPECT_STREQ(d, "YZf");
  EXPECT_EQ(sys::read_vector_at(file.get(), in, 2, 6).value, 0) << "the end";
  EXPECT_EQ(sys::read_vector_at(file.get(), in, 2, -1).error, EINVAL);
  EXPECT_EQ(position(file.get()), 0);
}

TEST(SyscallTransfer, ReceiveAndSendTakeFlags) {
  const ends pair = make_socket_pair();
  char got[4] = {};
  EXPECT_EQ(sys::recv(pair.first.get(), got, 4, 0).error, EAGAIN);
  EXPECT_EQ(sys::send(pair.second.get(), "abc", 3, MSG_DONTWAIT).value, 3);
  EXPECT_EQ(sys::recv(pair.first.get(), got, 4, MSG_PEEK).value, 3);
  EXPECT_EQ(sys::recv(pair.first.get(), got, 4, 0).value, 3);
  EXPECT_STREQ(got, "abc");
  EXPECT_EQ(sys::recv(pair.first.get(), got, 4, 0).error, EAGAIN);
  const ends pipe = make_pipe();
  EXPECT_EQ(sys::recv(pipe.first.get(), got, 4, 0).error, ENOTSOCK);
  EXPECT_EQ(sys::send(pipe.second.get(), "abc", 3, 0).error, ENOTSOCK);
}

TEST(SyscallTransfer, APeerThatIsGoneIsAnErrorAndNoSignal) {
  const signal_handler handler(SIGPIPE);
  ends pair = make_socket_pair();
  pair.second.reset();
  EXPECT_EQ(sys::send(pair.first.get(), "abc", 3, 0).error, EPIPE);
  char text[] = "abc";
  ::iovec buffer{text, 3};
  ::msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  EXPECT_EQ(sys::send_message(pair.first.get(), &message, 0).error, EPIPE);
  EXPECT_EQ(handler.count(), 0);
}

TEST(SyscallTransfer, MessagesKeepTheirBoundsAndTheirSource) {
  const unique_fd from = made(sys::socket(AF_INET, SOCK_DGRAM, 0));
  const unique_fd to = made(sys::socket(AF_INET, SOCK_DGRAM, 0));
  ::sockaddr_in addresses[2] = {};
  int i = 0;
  for (const int fd : {from.get(), to.get()}) {
    ::sockaddr_in& address = addresses[i++];
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof(address);
    ASSERT_TRUE(sys::bind(fd, reinterpret_cast<::sockaddr*>(&address), size).ok());
    ASSERT_TRUE(sys::get_socket_name(fd, reinterpret_cast<::sockaddr*>(&address), &size).ok());
  }
  char text[] = "abcdef";
  ::iovec parts[] = {{text, 2}, {text + 2, 4}};
  ::msghdr message{};
  message.msg_name = &addresses[1];
  message.msg_namelen = sizeof(addresses[1]);
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ASSERT_EQ(sys::send_message(from.get(), &message, 0).value, 6);
  ::pollfd readable{to.get(), POLLIN, 0};
  ASSERT_EQ(sys::poll(&readable, 1, -1).value, 1);

  char got[4] = {};
  ::sockaddr_in source{};
  ::iovec room[] = {{got, 1}, {got + 1, 2}};
  message.msg_name = &source;
  message.msg_namelen = sizeof(source);
  message.msg_iov = room;
  EXPECT_EQ(sys::receive_message(to.get(), &message, 0).value, 3);
  EXPECT_STREQ(got, "abc");
  EXPECT_EQ(message.msg_flags & MSG_TRUNC, MSG_TRUNC) << "the rest of the datagram is lost";
  EXPECT_EQ(message.msg_namelen, sizeof(source));
  EXPECT_EQ(source.sin_port, addresses[0].sin_port);
  EXPECT_EQ(message.msg_iov, room);
  EXPECT_EQ(message.msg_iovlen, 2U);
  EXPECT_EQ(sys::receive_message(to.get(), &message, 0).error, EAGAIN);
}

TEST(SyscallTransfer, ReceivedDescriptorsAreCloseOnExec) {
  const ends pair = make_socket_pair();
  const unique_fd passed = make_file("abc");
  char byte = 'x';
  const int number = passed.get();
  nettest::descriptor_message sent(&byte, 1, number);
  ASSERT_EQ(sys::send_message(pair.first.get(), &sent.header, 0).value, 1);

  std::memset(sent.control, 0, sizeof(sent.control));
  ::msghdr& message = sent.header;
  message.msg_controllen = sizeof(sent.control);
  ASSERT_EQ(sys::receive_message(pair.second.get(), &message, 0).value, 1);
  ASSERT_NE(CMSG_FIRSTHDR(&message), nullptr);
  int received = -1;
  std::memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(received));
  const unique_fd mine(received);
  EXPECT_NE(received, number);
  EXPECT_TRUE(is_close_on_exec(received));
  EXPECT_EQ(content(received), "abc");
}

// Moving inside the kernel ------------------------------------------------------------------------

TEST(SyscallMove, SendFileAtAnOffsetOrAtThePosition) {
  const unique_fd file = make_file("abcdef");
  const ends pair = make_socket_pair();
  ::off_t offset = 2;
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), &offset, 3).value, 3);
  EXPECT_EQ(offset, 5);
  EXPECT_EQ(position(file.get()), 0);
  EXPECT_EQ(drain(pair.second.get()), "cde");
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 4).value, 4);
  EXPECT_EQ(position(file.get()), 4);
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 4).value, 2);
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 4).value, 0) << "the end";
  EXPECT_EQ(drain(pair.second.get()), "abcdef");
  EXPECT_EQ(sys::send_file(pair.first.get(), pair.second.get(), nullptr, 4).error, EINVAL);
}

TEST(SyscallMove, SpliceNeverWaitsForAPipe) {
  const ends pipe = make_pipe();
  const ends pair = make_socket_pair();
  for (const int fd : {pipe.first.get(), pipe.second.get()}) {
    ASSERT_TRUE(sys::set_non_blocking(fd, false).ok());  // it would wait, if it were not told
  }
  EXPECT_EQ(sys::splice(pipe.first.get(), pair.first.get(), 10).error, EAGAIN) << "empty";
  EXPECT_EQ(sys::write(pipe.second.get(), "abc", 3).value, 3);
  EXPECT_EQ(sys::splice(pipe.first.get(), pair.first.get(), 10).value, 3);
  EXPECT_EQ(drain(pair.second.get()), "abc");

  ASSERT_TRUE(sys::set_non_blocking(pipe.second.get(), true).ok());
  const std::string page(4096, 'x');
  while (sys::write(pipe.second.get(), page.data(), page.size()).ok()) {
  }
  ASSERT_TRUE(sys::set_non_blocking(pipe.second.get(), false).ok());
  EXPECT_EQ(sys::write(pair.second.get(), "abc", 3).value, 3);
  EXPECT_EQ(sys::splice(pair.first.get(), pipe.second.get(), 10).error, EAGAIN) << "full";
  EXPECT_EQ(drain(pair.first.get()), "abc") << "nothing was lost";
  EXPECT_EQ(sys::splice(pair.first.get(), pair.second.get(), 10).error, EINVAL) << "no pipe";
}

TEST(SyscallMove, APeerThatIsGoneIsAnErrorAndNoSignal) {
  const signal_handler handler(SIGPIPE);
  const unique_fd file = make_file("abc");
  ends pair = make_socket_pair();
  pair.second.reset();
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 3).error, EPIPE);
  EXPECT_EQ(handler.count(), 0);

  // A thread that has the signal blocked keeps what was pending for it, and gets no more than that.
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::sigset_t before;
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &set, &before), 0);
  const auto is_pending = [] {
    ::sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGPIPE) == 1;
  };
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 3).error, EPIPE);
  EXPECT_FALSE(is_pending());
  ASSERT_EQ(::pthread_kill(::pthread_self(), SIGPIPE), 0);
  ASSERT_TRUE(is_pending());
  EXPECT_EQ(sys::send_file(pair.first.get(), file.get(), nullptr, 3).error, EPIPE);
  EXPECT_TRUE(is_pending());
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(handler.count(), 1) << "the one that somebody sent";
}

TEST(SyscallMove, CopyFileRangeAtOffsetsOrAtThePositions) {
  const unique_fd from = make_file("abcdef");
  const unique_fd to = make_file("------");
  ::off_t from_offset = 1;
  ::off_t to_offset = 3;
  EXPECT_EQ(sys::copy_file_range(from.get(), &from_offset, to.get(), &to_offset, 2).value, 2);
  EXPECT_EQ(content(to.get()), "---bc-");
  EXPECT_EQ(from_offset, 3);
  EXPECT_EQ(to_offset, 5);
  EXPECT_EQ(position(from.get()), 0);
  EXPECT_EQ(position(to.get()), 0);
  EXPECT_EQ(sys::copy_file_range(from.get(), nullptr, to.get(), nullptr, 2).value, 2);
  EXPECT_EQ(content(to.get()), "ab-bc-");
  EXPECT_EQ(position(from.get()), 2);
  EXPECT_EQ(position(to.get()), 2);
  from_offset = 6;
  EXPECT_EQ(sys::copy_file_range(from.get(), &from_offset, to.get(), nullptr, 2).value, 0);
}

}  // namespace
}  // namespace netpoll
