// SPDX-License-Identifier: BSL-1.0
//
// That real signals interrupt each system call as the header says: it is tried again or reports.
#include "netpoll/base/syscall.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/descriptors.h"
#include "testing/support/faults.h"
#include "testing/support/signals.h"

namespace netpoll {
namespace {

using nettest::alarms;
using nettest::ends;
using nettest::is_non_blocking;
using nettest::made;
using nettest::make_pipe;
using nettest::make_socket_pair;
using nettest::signal_handler;
using sys::call;
using sys::result;

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
  constexpr std::int64_t hour_ns = 3600 * std::int64_t{1'000'000'000};
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

}  // namespace
}  // namespace netpoll
