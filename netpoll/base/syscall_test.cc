// SPDX-License-Identifier: BSL-1.0
//
// Each system call on real descriptors: that it does what it says, and that what it makes is
// close-on-exec and non-blocking. See syscall_transfer_test.cc, syscall_signal_test.cc and
// syscall_memory_test.cc for the rest of them.
#include "netpoll/base/syscall.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/descriptors.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::drain;
using nettest::ends;
using nettest::is_close_on_exec;
using nettest::is_non_blocking;
using nettest::made;
using nettest::make_file;
using nettest::make_pipe;
using nettest::make_socket_pair;
using sys::call;
using sys::result;

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
