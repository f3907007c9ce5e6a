// SPDX-License-Identifier: BSL-1.0
//
// Sockets that were told to linger: who closes them waits, who destroys them does not.
#include "netpoll/fd.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "gtest/gtest.h"
#include "netpoll/reactor.h"
#include "testing/support/driven.h"

namespace netpoll {
namespace {

using sys::call;

class Lingering : public nettest::reactor_and_listener {
 protected:
  // What setsockopt was last asked about lingering.
  struct watcher final : sys::fault_injector {
    watcher() { sys::set_fault_injector(this); }
    ~watcher() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      options += which == call::set_option ? 1 : 0;
      return std::nullopt;
    }
    int options = 0;
  };
  void linger(int seconds) {
    const ::linger how{.l_onoff = 1, .l_linger = seconds};
    EXPECT_FALSE(client_.set_option(SOL_SOCKET, SO_LINGER, &how, sizeof(how)));
  }
};

TEST_F(Lingering, DestroyingAHandleDoesNotBlock) {
  linger(3600);
  const watcher watching;
  client_ = fd();
  EXPECT_EQ(watching.options, 1) << "lingering was turned off, or this would last an hour";
}

TEST_F(Lingering, EndingAReactorDoesNotBlock) {
  reactor other;
  ASSERT_EQ(other.open(), 0);
  fd socket;
  ASSERT_EQ(socket.open(other, new_socket()), 0);
  const ::linger how{.l_onoff = 1, .l_linger = 3600};
  ASSERT_FALSE(socket.set_option(SOL_SOCKET, SO_LINGER, &how, sizeof(how)));
  const watcher watching;
  other.shut_down();
  EXPECT_EQ(watching.options, 1);
}

TEST_F(Lingering, AResetOnCloseIsLeftAsItWasAskedFor) {
  linger(0);
  const watcher watching;
  client_ = fd();
  EXPECT_EQ(watching.options, 0);
}

TEST_F(Lingering, AClosedSocketSaysSo) {
  client_.close();
  const int on = 1;
  EXPECT_EQ(client_.set_option(SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), errc::closed);
}

TEST_F(Lingering, OnlyTheOptionThatWasTakenCounts) {
  const auto set = [&](int level, int name, const void* data, ::socklen_t size) {
    return client_.set_option(level, name, data, size);
  };
  const ::linger long_time{.l_onoff = 1, .l_linger = 3600};
  EXPECT_TRUE(set(SOL_SOCKET, SO_LINGER, &long_time, 1)) << "too short for the kernel";
  EXPECT_TRUE(set(SOL_SOCKET, -1, &long_time, sizeof(long_time))) << "no such option";
  const int on[2] = {1, 3600};
  EXPECT_FALSE(set(SOL_SOCKET, SO_KEEPALIVE, on, sizeof(on)));
  EXPECT_FALSE(set(IPPROTO_TCP, TCP_NODELAY, on, sizeof(on)));
  {
    linger(3600);
    const ::linger off{.l_onoff = 0, .l_linger = 3600};
    EXPECT_FALSE(set(SOL_SOCKET, SO_LINGER, &off, sizeof(off)));
  }
  const watcher watching;
  client_ = fd();
  EXPECT_EQ(watching.options, 0) << "there was no lingering to turn off";
}

TEST_F(Lingering, AChildLeavesTheParentsSocketAsItIs) {
  linger(3600);
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    client_ = fd();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::linger how{};
  ::socklen_t size = sizeof(how);
  ASSERT_TRUE(sys::get_option(client_.native_handle(), SOL_SOCKET, SO_LINGER, &how, &size).ok());
  EXPECT_EQ(how.l_onoff, 1);
}

}  // namespace
}  // namespace netpoll
