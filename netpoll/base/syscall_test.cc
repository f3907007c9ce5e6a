// SPDX-License-Identifier: BSL-1.0
//
// Each system call on real descriptors: that it does what it says, that what it makes is
// close-on-exec and non-blocking, and that real signals interrupt it as the header says.
#include "netpoll/base/syscall.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/descriptor_message.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using sys::call;
using sys::result;

bool is_close_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

// The descriptor a call made.
unique_fd made(const result& answer) {
  EXPECT_TRUE(answer.ok()) << std::strerror(answer.error);
  return unique_fd(answer.ok() ? static_cast<int>(answer.value) : -1);
}

struct ends {
  unique_fd first;
  unique_fd second;
};

ends make_pipe() {
  int both[2] = {-1, -1};
  EXPECT_TRUE(sys::pipe(both).ok());
  return {unique_fd(both[0]), unique_fd(both[1])};
}

ends make_socket_pair(int type = SOCK_STREAM) {
  int both[2] = {-1, -1};
  EXPECT_TRUE(sys::socket_pair(AF_UNIX, type, both).ok());
  return {unique_fd(both[0]), unique_fd(both[1])};
}

unique_fd make_file(std::string_view content) {
  unique_fd file(::memfd_create("content", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(file.get(), content.data(), content.size(), 0),
            static_cast<::ssize_t>(content.size()));
  return file;
}

std::string content(int fd) {
  char all[64];
  const ::ssize_t got = ::pread(fd, all, sizeof(all), 0);
  return {all, static_cast<std::size_t>(got < 0 ? 0 : got)};
}

::off_t position(int fd) { return ::lseek(fd, 0, SEEK_CUR); }

// Reads once, all that has come.
std::string drain(int fd) {
  char all[64];
  const result got = sys::read(fd, all, sizeof(all));
  return got.ok() ? std::string(all, got.bytes()) : "error " + std::to_string(got.error);
}

// Counts the signals that come, while it lives.
class signal_handler {
 public:
  explicit signal_handler(int signal) : signal_(signal) {
    count_ = 0;
    struct ::sigaction mine {};
    mine.sa_handler = [](int) { count_ = count_ + 1; };
    EXPECT_EQ(::sigaction(signal, nullptr, &before_), 0);
    EXPECT_TRUE(sys::signal_action(signal, &mine).ok());
  }
  ~signal_handler() { EXPECT_TRUE(sys::signal_action(signal_, &before_).ok()); }
  static int count() { return count_; }

 private:
  static inline volatile std::sig_atomic_t count_ = 0;
  const int signal_;
  struct ::sigaction before_ {};
};

// Signals that come again and again: whatever blocks is interrupted, at the latest by the next one.
class alarms {
 public:
  alarms() { set(1000); }
  ~alarms() { set(0); }

 private:
  static void set(int every_us) {
    const ::itimerval timer{{0, every_us}, {0, every_us}};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
  }
  signal_handler handler_{SIGALRM};
};

// Reading and writing -----------------------------------------------------------------------------

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

// Sockets -----------------------------------------------------------------------------------------

class SyscallSocket : public ::testing::Test {
 protected:
  SyscallSocket() : listener_(made(sys::socket(AF_INET, SOCK_STREAM, 0))) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    EXPECT_TRUE(sys::bind(listener_.get(), where(), sizeof(address_)).ok());
    ::socklen_t size = sizeof(address_);
    EXPECT_TRUE(sys::get_socket_name(listener_.get(), where(), &size).ok());
    EXPECT_EQ(size, sizeof(address_));
    EXPECT_NE(address_.sin_port, 0) << "chosen by the kernel";
  }

  const ::sockaddr* where() const { return reinterpret_cast<const ::sockaddr*>(&address_); }
  ::sockaddr* where() { return reinterpret_cast<::sockaddr*>(&address_); }

  unique_fd connect() {
    unique_fd client = made(sys::socket(AF_INET, SOCK_STREAM, 0));
    const result answer = sys::connect(client.get(), where(), sizeof(address_));
    EXPECT_TRUE(answer.ok() || answer.error == EINPROGRESS) << answer.error;
    wait_for(client.get(), POLLOUT);
    return client;
  }
  static void wait_for(int fd, short events) {
    ::pollfd one{fd, events, 0};
    EXPECT_EQ(sys::poll(&one, 1, -1).value, 1);
  }

  unique_fd listener_;
  ::sockaddr_in address_{};
};

TEST_F(SyscallSocket, IsMadeCloseOnExecAndNonBlocking) {
  EXPECT_TRUE(is_close_on_exec(listener_.get()));
  EXPECT_TRUE(is_non_blocking(listener_.get()));
  EXPECT_EQ(sys::socket(AF_INET, SOCK_STREAM, IPPROTO_UDP).error, EPROTONOSUPPORT);
}

TEST_F(SyscallSocket, AcceptMakesThemSoToo) {
  EXPECT_EQ(sys::accept(listener_.get(), nullptr, nullptr).error, EINVAL) << "it does not listen";
  ASSERT_TRUE(sys::listen(listener_.get(), 8).ok());
  EXPECT_EQ(sys::accept(listener_.get(), nullptr, nullptr).error, EAGAIN);
  const unique_fd client = connect();
  wait_for(listener_.get(), POLLIN);
  ::sockaddr_in peer{};
  ::socklen_t size = sizeof(peer);
  const unique_fd server =
      made(sys::accept(listener_.get(), reinterpret_cast<::sockaddr*>(&peer), &size));
  EXPECT_TRUE(is_close_on_exec(server.get()));
  EXPECT_TRUE(is_non_blocking(server.get()));

  ::sockaddr_in mine{};
  size = sizeof(mine);
  ASSERT_TRUE(sys::get_socket_name(client.get(), reinterpret_cast<::sockaddr*>(&mine), &size).ok());
  EXPECT_EQ(peer.sin_port, mine.sin_port);
  ASSERT_TRUE(sys::get_peer_name(client.get(), reinterpret_cast<::sockaddr*>(&mine), &size).ok());
  EXPECT_EQ(mine.sin_port, address_.sin_port);
  EXPECT_EQ(sys::take_socket_error(client.get()).value, 0);

  EXPECT_EQ(sys::write(client.get(), "abc", 3).value, 3);
  ASSERT_TRUE(sys::shutdown(client.get(), SHUT_WR).ok());
  wait_for(server.get(), POLLRDHUP);
  EXPECT_EQ(drain(server.get()), "abc");
  EXPECT_EQ(drain(server.get()), "") << "the end";
}

TEST_F(SyscallSocket, NamesThatAreTakenOrNotThere) {
  const unique_fd other = made(sys::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(sys::bind(other.get(), where(), sizeof(address_)).error, EADDRINUSE);
  ::sockaddr_in peer{};
  ::socklen_t size = sizeof(peer);
  EXPECT_EQ(sys::get_peer_name(other.get(), reinterpret_cast<::sockaddr*>(&peer), &size).error,
            ENOTCONN);
  EXPECT_EQ(sys::shutdown(other.get(), SHUT_WR).error, ENOTCONN);
  const unique_fd datagrams = made(sys::socket(AF_INET, SOCK_DGRAM, 0));
  EXPECT_EQ(sys::listen(datagrams.get(), 1).error, EOPNOTSUPP);
}

TEST_F(SyscallSocket, APendingErrorIsFetchedAndCleared) {
  const unique_fd client = made(sys::socket(AF_INET, SOCK_STREAM, 0));
  // Bound but not listening: refused, at once or a moment later.
  const result answer = sys::connect(client.get(), where(), sizeof(address_));
  ASSERT_FALSE(answer.ok());
  if (answer.error == EINPROGRESS) {
    wait_for(client.get(), POLLOUT);
    const result pending = sys::take_socket_error(client.get());
    EXPECT_TRUE(pending.ok());
    EXPECT_EQ(pending.value, ECONNREFUSED);
  } else {
    EXPECT_EQ(answer.error, ECONNREFUSED);
  }
  const result nothing = sys::take_socket_error(client.get());
  EXPECT_TRUE(nothing.ok());
  EXPECT_EQ(nothing.value, 0);
  const ends pipe = make_pipe();
  EXPECT_EQ(sys::take_socket_error(pipe.first.get()).error, ENOTSOCK);
}

TEST_F(SyscallSocket, OptionsAreSetAndRead) {
  const int on = 1;
  int value = 0;
  ::socklen_t size = sizeof(value);
  ASSERT_TRUE(sys::set_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)).ok());
  ASSERT_TRUE(sys::get_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size).ok());
  EXPECT_NE(value, 0);
  EXPECT_EQ(size, sizeof(value));
  EXPECT_EQ(sys::set_option(listener_.get(), IPPROTO_TCP, -1, &on, sizeof(on)).error, ENOPROTOOPT);
  EXPECT_EQ(sys::get_option(listener_.get(), IPPROTO_TCP, -1, &value, &size).error, ENOPROTOOPT);
}

// Descriptors -------------------------------------------------------------------------------------

TEST(SyscallDescriptor, AvailableCountsWhatCanBeReadNow) {
  const ends pipe = make_pipe();
  EXPECT_EQ(sys::available(pipe.first.get()).value, 0);
  ASSERT_EQ(sys::write(pipe.second.get(), "abcdefg", 7).value, 7);
  const result seven = sys::available(pipe.first.get());
  EXPECT_TRUE(seven.ok());
  EXPECT_EQ(seven.value, 7);
  const unique_fd event = made(sys::event_fd());
  EXPECT_EQ(sys::available(event.get()).error, ENOTTY);
  int count = 0;
  EXPECT_TRUE(sys::io_control(pipe.first.get(), FIONREAD, &count).ok()) << "the same in general";
  EXPECT_EQ(count, 7);
  EXPECT_EQ(sys::io_control(event.get(), FIONREAD, &count).error, ENOTTY);
}

TEST(SyscallDescriptor, PipesAndPairsAreMadeCloseOnExecAndNonBlocking) {
  const ends pipe = make_pipe();
  const ends pair = make_socket_pair(SOCK_SEQPACKET);
  for (const unique_fd* each : {&pipe.first, &pipe.second, &pair.first, &pair.second}) {
    EXPECT_TRUE(is_close_on_exec(each->get()));
    EXPECT_TRUE(is_non_blocking(each->get()));
  }
  EXPECT_EQ(sys::write(pair.first.get(), "abc", 3).value, 3);
  EXPECT_EQ(sys::write(pair.first.get(), "d", 1).value, 1);
  EXPECT_EQ(drain(pair.second.get()), "abc") << "of the type asked for: it keeps bounds";
  EXPECT_EQ(sys::write(pair.second.get(), "e", 1).value, 1) << "and goes both ways";
}

TEST(SyscallDescriptor, BlockingModeBelongsToTheDescription) {
  const ends pipe = make_pipe();
  const unique_fd same = made(sys::duplicate(pipe.first.get()));
  EXPECT_NE(same.get(), pipe.first.get());
  EXPECT_TRUE(is_close_on_exec(same.get()));
  EXPECT_EQ(sys::is_non_blocking(same.get()).value, 1);
  ASSERT_TRUE(sys::set_non_blocking(pipe.first.get(), false).ok());
  EXPECT_FALSE(is_non_blocking(same.get()));
  EXPECT_EQ(sys::is_non_blocking(same.get()).value, 0);
  EXPECT_EQ(sys::is_non_blocking(pipe.first.get()).value, 0);
  EXPECT_EQ(sys::is_non_blocking(pipe.second.get()).value, 1) << "the other end is another";
  ASSERT_TRUE(sys::set_non_blocking(same.get(), true).ok());
  EXPECT_TRUE(is_non_blocking(pipe.first.get()));
  const unique_fd appending(::open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC));
  for (const bool on : {true, false}) {
    ASSERT_TRUE(sys::set_non_blocking(appending.get(), on).ok());
    EXPECT_EQ(is_non_blocking(appending.get()), on);
    EXPECT_NE(::fcntl(appending.get(), F_GETFL) & O_APPEND, 0) << "the other flags stay";
  }
}

TEST(SyscallDescriptor, SaysWhatAFileIs) {
  const auto kind = [](int number) { return sys::file_mode(number).value & S_IFMT; };
  EXPECT_EQ(kind(make_pipe().first.get()), S_IFIFO);
  EXPECT_EQ(kind(make_socket_pair().first.get()), S_IFSOCK);
  EXPECT_EQ(kind(unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get()), S_IFCHR);
  EXPECT_EQ(sys::file_mode(-1).error, EBADF);
}

TEST(SyscallDescriptor, APipeGetsAtLeastTheSizeAskedFor) {
  const ends pipe = make_pipe();
  const result answer = sys::set_pipe_size(pipe.second.get(), 5000);
  ASSERT_TRUE(answer.ok());
  EXPECT_GE(answer.value, 5000);
  EXPECT_EQ(answer.value, ::fcntl(pipe.first.get(), F_GETPIPE_SZ));
  for (const std::size_t huge : {std::size_t{1} << 32, (std::size_t{1} << 32) + 4096}) {
    EXPECT_EQ(sys::set_pipe_size(pipe.second.get(), huge).error, EINVAL) << "not 0, not a page";
  }
  EXPECT_EQ(sys::set_pipe_size(make_socket_pair().first.get(), 5000).error, EBADF);
}

TEST(SyscallDescriptor, CloseFreesTheNumber) {
  ends pipe = make_pipe();
  const int number = pipe.first.release();
  EXPECT_TRUE(sys::close(number).ok());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  EXPECT_EQ(sys::close(number).error, EBADF);
}

// Waiting -----------------------------------------------------------------------------------------

constexpr std::int64_t millisecond_ns = 1'000'000;

// How long `wait` took.
template <typename Wait>
std::int64_t time_of(Wait wait) {
  const auto begin = std::chrono::steady_clock::now();
  wait();
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
}

TEST(SyscallWait, EpollTellsWhatIsReady) {
  const unique_fd epoll = made(sys::epoll_create());
  EXPECT_TRUE(is_close_on_exec(epoll.get()));
  const ends pipe = make_pipe();
  ::epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0x123456789ABCDEF0;
  const auto control = [&](int operation) {
    return sys::epoll_control(epoll.get(), operation, pipe.first.get(), &event);
  };
  EXPECT_EQ(control(EPOLL_CTL_MOD).error, ENOENT);
  ASSERT_TRUE(control(EPOLL_CTL_ADD).ok());
  EXPECT_EQ(control(EPOLL_CTL_ADD).error, EEXIST);
  ::epoll_event found[4];
  EXPECT_EQ(sys::epoll_wait(epoll.get(), found, 4, 0).value, 0) << "just a look";
  ASSERT_EQ(sys::write(pipe.second.get(), "a", 1).value, 1);
  for (const std::int64_t timeout :
       {std::int64_t{-1}, std::int64_t{0}, 3600'000 * millisecond_ns}) {
    found[0] = {};
    EXPECT_EQ(sys::epoll_wait(epoll.get(), found, 4, timeout).value, 1);
    EXPECT_EQ(found[0].events, static_cast<std::uint32_t>(EPOLLIN));
    EXPECT_EQ(std::uint64_t{found[0].data.u64}, 0x123456789ABCDEF0);
  }
  ASSERT_TRUE(control(EPOLL_CTL_DEL).ok());
  EXPECT_EQ(sys::epoll_wait(epoll.get(), found, 4, 0).value, 0);
  EXPECT_EQ(sys::epoll_wait(epoll.get(), found, 0, 0).error, EINVAL);
  const unique_fd file = make_file("");
  EXPECT_EQ(sys::epoll_control(epoll.get(), EPOLL_CTL_ADD, file.get(), &event).error, EPERM);
}

TEST(SyscallWait, EpollWaitsForAtLeastTheTimeout) {
  const unique_fd epoll = made(sys::epoll_create());
  ::epoll_event found[1];
  for (const std::int64_t timeout :
       {std::int64_t{1}, std::int64_t{999'999}, millisecond_ns, millisecond_ns + 1}) {
    result answer;
    EXPECT_GE(time_of([&] { answer = sys::epoll_wait(epoll.get(), found, 1, timeout); }), timeout);
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.value, 0);
  }
}

TEST(SyscallWait, OnlyATimedWaitAsksForThePreciseCall) {
  const unique_fd epoll = made(sys::epoll_create());
  const ends pipe = make_pipe();
  ::epoll_event event{};
  event.events = EPOLLOUT;
  ASSERT_TRUE(sys::epoll_control(epoll.get(), EPOLL_CTL_ADD, pipe.second.get(), &event).ok());
  nettest::faults faults;
  EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, -1).value, 1);
  EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, 0).value, 1);
  EXPECT_EQ(faults.count(call::epoll_wait), 2);
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 0);
  if (::syscall(SYS_epoll_pwait2, -1, &event, 1, nullptr, nullptr, 0) < 0 && errno == ENOSYS) {
    GTEST_SKIP() << "this kernel has no epoll_pwait2";
  }
  EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, 1).value, 1);
  EXPECT_EQ(faults.count(call::epoll_wait), 2);
  EXPECT_EQ(faults.count(call::epoll_wait_precise), 1);
}

TEST(SyscallWait, PollTellsWhatIsReadyAndWaitsForAtLeastTheTimeout) {
  const ends pipe = make_pipe();
  ::pollfd both[] = {{pipe.first.get(), POLLIN, 0}, {pipe.second.get(), POLLOUT, 0}};
  EXPECT_EQ(sys::poll(both, 2, -1).value, 1);
  EXPECT_EQ(both[0].revents, 0);
  EXPECT_EQ(both[1].revents, POLLOUT);
  EXPECT_EQ(sys::poll(both, 1, 0).value, 0);
  for (const std::int64_t timeout : {std::int64_t{1}, millisecond_ns + 1}) {
    result answer;
    EXPECT_GE(time_of([&] { answer = sys::poll(both, 1, timeout); }), timeout);
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.value, 0);
  }
  ASSERT_EQ(sys::write(pipe.second.get(), "a", 1).value, 1);
  EXPECT_EQ(sys::poll(both, 1, 3600'000 * millisecond_ns).value, 1);
  EXPECT_EQ(both[0].revents, POLLIN);
}

TEST(SyscallWait, AnEventDescriptorCounts) {
  const unique_fd event = made(sys::event_fd());
  EXPECT_TRUE(is_close_on_exec(event.get()));
  EXPECT_TRUE(is_non_blocking(event.get()));
  std::uint64_t count = 0;
  EXPECT_EQ(sys::read(event.get(), &count, sizeof(count)).error, EAGAIN) << "starts at zero";
  const std::uint64_t two = 2;
  EXPECT_EQ(sys::write(event.get(), &two, sizeof(two)).value, 8);
  EXPECT_EQ(sys::write(event.get(), &two, sizeof(two)).value, 8);
  EXPECT_EQ(sys::read(event.get(), &count, sizeof(count)).value, 8);
  EXPECT_EQ(count, 4U) << "one read takes all";
  EXPECT_EQ(sys::read(event.get(), &count, sizeof(count)).error, EAGAIN);
}

TEST(SyscallWait, ATimerIsReadableOnceItsTimeHasCome) {
  const unique_fd timer = made(sys::timer_fd());
  EXPECT_TRUE(is_close_on_exec(timer.get()));
  EXPECT_TRUE(is_non_blocking(timer.get()));
  std::uint64_t fired = 0;
  const auto read = [&] { return sys::read(timer.get(), &fired, sizeof(fired)); };
  EXPECT_EQ(read().error, EAGAIN) << "not set";

  ASSERT_TRUE(sys::set_timer_fd(timer.get(), 1).ok());  // long ago
  ::pollfd readable{timer.get(), POLLIN, 0};
  EXPECT_EQ(sys::poll(&readable, 1, -1).value, 1);
  EXPECT_EQ(read().value, 8);
  EXPECT_EQ(fired, 1U);
  EXPECT_EQ(read().error, EAGAIN) << "it fires once";

  const std::int64_t now =
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  const std::int64_t soon = now + 2 * millisecond_ns + 1;
  ASSERT_TRUE(sys::set_timer_fd(timer.get(), soon).ok());
  EXPECT_EQ(sys::poll(&readable, 1, -1).value, 1);
  EXPECT_GE(std::chrono::steady_clock::now().time_since_epoch(), std::chrono::nanoseconds(soon));

  ASSERT_TRUE(sys::set_timer_fd(timer.get(), std::numeric_limits<std::int64_t>::max()).ok());
  EXPECT_EQ(read().error, EAGAIN) << "setting it anew forgets that it fired";
  ASSERT_TRUE(sys::set_timer_fd(timer.get(), 1).ok());
  ASSERT_TRUE(sys::set_timer_fd(timer.get(), 0).ok());
  EXPECT_EQ(read().error, EAGAIN) << "zero is never";
  EXPECT_EQ(sys::set_timer_fd(timer.get(), -1).error, EINVAL);
}

// Real signals ------------------------------------------------------------------------------------

class SyscallInterrupted : public ::testing::Test {
 protected:
  // Makes `blocking`, which waits for what `let_go` brings about; that happens after the third try,
  // so the tries before it can only have ended by a signal.
  template <typename Blocking, typename LetGo>
  void expect_retried(call which, Blocking blocking, LetGo let_go, long value) {
    nettest::faults faults;
    std::vector<int> errors;
    for (int i = 1; i <= 3; ++i) {
      faults.after(
          which, [&](int, const result& answer) { errors.push_back(answer.error); }, i);
    }
    faults.after(
        which, [&](int, const result&) { let_go(); }, 3);
    const alarms running;
    const result answer = blocking();
    EXPECT_TRUE(answer.ok()) << std::strerror(answer.error);
    if (value >= 0) {
      EXPECT_EQ(answer.value, value);
    }
    EXPECT_EQ(errors, (std::vector<int>{EINTR, EINTR, EINTR}));
    EXPECT_GE(faults.count(which), 4);
  }

  static unique_fd blocking(unique_fd fd) {
    EXPECT_TRUE(sys::set_non_blocking(fd.get(), false).ok());
    return fd;
  }
};

TEST_F(SyscallInterrupted, ReadIsRetried) {
  ends pipe = make_pipe();
  pipe.first = blocking(std::move(pipe.first));
  char got;
  expect_retried(
      call::read, [&] { return sys::read(pipe.first.get(), &got, 1); },
      [&] { EXPECT_EQ(::write(pipe.second.get(), "a", 1), 1); }, 1);
  EXPECT_EQ(got, 'a');
}

TEST_F(SyscallInterrupted, WriteIsRetried) {
  ends pipe = make_pipe();
  const std::string page(4096, 'x');
  while (sys::write(pipe.second.get(), page.data(), page.size()).ok()) {
  }
  pipe.second = blocking(std::move(pipe.second));
  std::string room(1 << 20, ' ');
  expect_retried(
      call::write, [&] { return sys::write(pipe.second.get(), "a", 1); },
      [&] { EXPECT_GT(::read(pipe.first.get(), room.data(), room.size()), 0); }, 1);
}

TEST_F(SyscallInterrupted, ReceivingIsRetried) {
  ends pair = make_socket_pair();
  pair.first = blocking(std::move(pair.first));
  char got[2];
  ::iovec buffer{got, 2};
  ::msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  const auto send = [&] { EXPECT_EQ(::write(pair.second.get(), "ab", 2), 2); };
  expect_retried(
      call::recv, [&] { return sys::recv(pair.first.get(), got, 2, 0); }, send, 2);
  expect_retried(
      call::receive_message, [&] { return sys::receive_message(pair.first.get(), &message, 0); },
      send, 2);
  expect_retried(
      call::read_vector, [&] { return sys::read_vector(pair.first.get(), &buffer, 1); }, send, 2);
}

// A listener of the local kind, whose connect() waits for room in the backlog, and its clients.
class LocalListener {
 public:
  LocalListener() : listener_(made(sys::socket(AF_UNIX, SOCK_STREAM, 0))) {
    // Without a name: the kernel makes one up in the abstract namespace.
    address_.sun_family = AF_UNIX;
    EXPECT_TRUE(sys::bind(listener_.get(), where(), sizeof(::sa_family_t)).ok());
    EXPECT_TRUE(sys::get_socket_name(listener_.get(), where(), &size_).ok());
    EXPECT_TRUE(sys::listen(listener_.get(), 0).ok());
  }
  int fd() const { return listener_.get(); }
  result connect(int client) { return sys::connect(client, where(), size_); }

 private:
  struct name {
    ::sa_family_t sun_family;
    char sun_path[108];
  };
  ::sockaddr* where() { return reinterpret_cast<::sockaddr*>(&address_); }

  unique_fd listener_;
  name address_{};
  ::socklen_t size_ = sizeof(address_);
};

TEST_F(SyscallInterrupted, AcceptIsRetried) {
  LocalListener listener;
  ASSERT_TRUE(sys::set_non_blocking(listener.fd(), false).ok());
  const unique_fd client = made(sys::socket(AF_UNIX, SOCK_STREAM, 0));
  unique_fd server;
  expect_retried(
      call::accept,
      [&] {
        const result answer = sys::accept(listener.fd(), nullptr, nullptr);
        server.reset(static_cast<int>(answer.value));
        return answer;
      },
      [&] { EXPECT_TRUE(listener.connect(client.get()).ok()); }, -1);
  EXPECT_TRUE(is_non_blocking(server.get())) << "whatever the listener is";
}

TEST_F(SyscallInterrupted, ConnectReports) {
  LocalListener listener;
  std::vector<unique_fd> clients;
  result answer;
  do {  // until the backlog is full
    clients.push_back(made(sys::socket(AF_UNIX, SOCK_STREAM, 0)));
    answer = listener.connect(clients.back().get());
  } while (answer.ok());
  ASSERT_EQ(answer.error, EAGAIN);
  ASSERT_TRUE(sys::set_non_blocking(clients.back().get(), false).ok());
  nettest::faults faults;
  const alarms running;
  EXPECT_EQ(listener.connect(clients.back().get()).error, EINTR);
  EXPECT_EQ(faults.count(call::connect), 1);
}

TEST_F(SyscallInterrupted, WaitsReport) {
  const unique_fd epoll = made(sys::epoll_create());
  const ends pipe = make_pipe();
  ::epoll_event found[1];
  ::pollfd silent{pipe.first.get(), POLLIN, 0};
  constexpr std::int64_t hour_ns = 3600'000 * millisecond_ns;
  const alarms running;
  for (const std::int64_t timeout : {std::int64_t{-1}, hour_ns}) {
    EXPECT_EQ(sys::epoll_wait(epoll.get(), found, 1, timeout).error, EINTR);
    EXPECT_EQ(sys::poll(&silent, 1, timeout).error, EINTR);
  }
}

TEST(SyscallSignal, AnActionIsInstalled) {
  const signal_handler handler(SIGUSR1);
  EXPECT_EQ(::raise(SIGUSR1), 0);
  EXPECT_EQ(handler.count(), 1);
}

// Memory ------------------------------------------------------------------------------------------

class SyscallMemory : public ::testing::Test {
 protected:
  SyscallMemory() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), size_(16 * page_) {
    const result answer = sys::map_memory(size_);
    EXPECT_TRUE(answer.ok());
    memory_ = reinterpret_cast<char*>(answer.value);
  }
  ~SyscallMemory() override { EXPECT_TRUE(sys::unmap_memory(memory_, size_).ok()); }

  // How many of the pages have memory behind them.
  int resident() const {
    std::vector<unsigned char> pages(size_ / page_);
    EXPECT_TRUE(sys::memory_residency(memory_, size_, pages.data()).ok());
    int count = 0;
    for (const unsigned char each : pages) {
      count += each & 1;
    }
    return count;
  }

  const std::size_t page_;
  const std::size_t size_;
  char* memory_ = nullptr;
};

TEST_F(SyscallMemory, IsZeroWritableAndCommittedWhenTouched) {
  EXPECT_EQ(resident(), 0);
  EXPECT_EQ(memory_[0], 0);
  EXPECT_EQ(memory_[size_ - 1], 0);
  memory_[0] = 'a';
  memory_[size_ - 1] = 'z';
  EXPECT_EQ(memory_[0], 'a');
  EXPECT_EQ(memory_[size_ - 1], 'z');
  EXPECT_GE(resident(), 2);
  EXPECT_EQ(sys::map_memory(std::size_t{1} << 62).error, ENOMEM);
}

TEST_F(SyscallMemory, GivesPagesBackOnAdvice) {
  memory_[page_] = 'a';
  ASSERT_TRUE(sys::advise_memory(memory_, size_, MADV_DONTNEED).ok());
  EXPECT_EQ(resident(), 0);
  EXPECT_EQ(memory_[page_], 0);
}

TEST_F(SyscallMemory, GivesPagesOfManyRangesBackOnAdvice) {
  memory_[0] = 'a';
  memory_[page_] = 'b';
  memory_[2 * page_] = 'c';
  const ::iovec ranges[] = {{memory_, page_}, {memory_ + 2 * page_, page_}};
  const result answer = sys::advise_memory_ranges(ranges, 2, MADV_DONTNEED);
  if (!answer.ok()) {
    GTEST_SKIP() << "this kernel does not allow it";
  }
  EXPECT_EQ(answer.bytes(), 2 * page_);
  EXPECT_EQ(resident(), 1);
  EXPECT_EQ(memory_[0], 0);
  EXPECT_EQ(memory_[page_], 'b');
  EXPECT_EQ(memory_[2 * page_], 0);
}

TEST_F(SyscallMemory, AdviceForManyRangesStopsAtTheFirstThatDoesNotTakeIt) {
  memory_[0] = 'a';
  const ::iovec ranges[] = {{memory_, page_}, {memory_ + 1, page_}};
  const result answer = sys::advise_memory_ranges(ranges, 2, MADV_DONTNEED);
  if (!answer.ok()) {
    GTEST_SKIP() << "this kernel does not allow it";
  }
  EXPECT_EQ(answer.bytes(), page_);
  EXPECT_EQ(memory_[0], 0);
}

TEST_F(SyscallMemory, IsProtected) {
  const ends pipe = make_pipe();
  ASSERT_EQ(sys::write(pipe.second.get(), "abcd", 4).value, 4);
  // The kernel is asked to write there, and says whether it may.
  const auto read_into = [&](char* where) {
    return ::syscall(SYS_read, pipe.first.get(), where, 1) == 1 ? 0 : errno;
  };
  ASSERT_TRUE(sys::protect_memory(memory_, page_, PROT_NONE).ok());
  EXPECT_EQ(read_into(memory_), EFAULT);
  EXPECT_EQ(read_into(memory_ + page_), 0) << "the page after it is as it was";
  ASSERT_TRUE(sys::protect_memory(memory_, page_, PROT_READ | PROT_WRITE).ok());
  EXPECT_EQ(read_into(memory_), 0);
}

TEST(SyscallUnmap, TakesTheMemoryAway) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const result answer = sys::map_memory(2 * page);
  ASSERT_TRUE(answer.ok());
  char* const memory = reinterpret_cast<char*>(answer.value);
  ASSERT_TRUE(sys::unmap_memory(memory + page, page).ok());
  EXPECT_EQ(sys::protect_memory(memory, 2 * page, PROT_READ).error, ENOMEM);
  EXPECT_TRUE(sys::unmap_memory(memory, page).ok());
}

// The kernel's files and limits -------------------------------------------------------------------

TEST(SyscallFile, OpensToReadOnly) {
  const unique_fd file = made(sys::open_file("/proc/self/statm"));
  EXPECT_TRUE(is_close_on_exec(file.get()));
  char text[64];
  const result got = sys::read(file.get(), text, sizeof(text));
  ASSERT_TRUE(got.ok());
  EXPECT_GT(got.bytes(), 0U);
  EXPECT_EQ(sys::write(file.get(), "x", 1).error, EBADF);
}

TEST(SyscallLimit, IsTheProcesss) {
  ::rlimit expected{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &expected), 0);
  ::rlimit got{};
  ASSERT_TRUE(sys::get_resource_limit(RLIMIT_NOFILE, &got).ok());
  EXPECT_EQ(got.rlim_cur, expected.rlim_cur);
  EXPECT_EQ(got.rlim_max, expected.rlim_max);
}

}  // namespace
}  // namespace netpoll
