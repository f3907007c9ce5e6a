// SPDX-License-Identifier: BSL-1.0
//
// When something runs out: descriptors, room in epoll, a peer.
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <optional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "net/net.h"
#include "testing/support/faults.h"

namespace {

using namespace std::chrono_literals;
using netpoll::sys::call;

std::set<std::string> open_descriptors() {
  std::set<std::string> numbers;
  ::DIR* const directory = ::opendir("/proc/self/fd");
  const std::string own = std::to_string(::dirfd(directory));
  while (const ::dirent* const entry = ::readdir(directory)) {
    if (entry->d_name != own) {
      numbers.insert(entry->d_name);
    }
  }
  ::closedir(directory);
  return numbers;
}

TEST(Exhaustion, AConnectionThatEpollHasNoRoomForIsClosedOnceAndTheListenerLives) {
  net::run([] {
    net::listener l = net::listen("tcp", "127.0.0.1:0");
    const std::string address = l.local_endpoint().to_string();
    net::conn client = net::dial("tcp", address, 60s);
    nettest::faults faults;
    int number = -1;
    {
      net::conn server = l.accept();
      number = server.native_handle();
      faults.fail(call::epoll_control, ENOSPC);
      std::array<char, 1> data;
      net::error_code ec;
      server.read(net::buffer(data), ec);
      EXPECT_EQ(ec, std::errc::no_space_on_device);
      EXPECT_EQ(faults.count(call::close), 0);
    }
    EXPECT_EQ(faults.count(call::close), 1);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    net::conn second = net::dial("tcp", address, 60s);
    EXPECT_TRUE(l.accept().is_open());
  });
}

TEST(Exhaustion, ADialThatFailsLeavesNoDescriptor) {
  net::listener l = net::listen("tcp", "127.0.0.1:0");
  const std::string address = l.local_endpoint().to_string();
  l.close();
  net::run([&] {
    net::error_code ec;
    net::dial("tcp", address, 60s, ec);  // whatever is opened once and kept
    const std::set<std::string> before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
      net::dial("tcp", address, 60s, ec);
      EXPECT_TRUE(ec == net::error::connection_refused) << ec.message();
    }
    EXPECT_EQ(open_descriptors(), before);
  });
}

TEST(Exhaustion, OfTheAddressesOfANameAllAreTriedAndTheFirstErrorIsTold) {
  // The name stands for an IPv6 and an IPv4 address where both exist; nobody listens on either.
  net::listener l = net::listen("tcp4", "127.0.0.1:0");
  const std::string port = std::to_string(l.local_endpoint().port());
  net::run([&] {
    net::error_code ec;
    EXPECT_TRUE(net::dial("tcp", "localhost:" + port, 60s, ec).is_open())
        << "the listener is on one of them: " << ec.message();
    l.close();
    const std::set<std::string> before = open_descriptors();
    net::dial("tcp", "localhost:" + port, 60s, ec);
    EXPECT_TRUE(ec);
    EXPECT_EQ(open_descriptors(), before);
  });
}

TEST(Exhaustion, NobodyConnectsToHimself) {
  // Dialling a port in the range that outgoing connections are given can meet the very port it
  // gets. It is told as a refusal: nobody listens.
  net::run([] {
    net::listener l = net::listen("tcp", "127.0.0.1:0");
    const std::string address = l.local_endpoint().to_string();
    l.close();
    for (int i = 0; i < 2000; ++i) {
      net::error_code ec;
      const net::conn c = net::dial("tcp", address, 60s, ec);
      ASSERT_TRUE(ec) << "connected to itself";
    }
  });
}

TEST(Exhaustion, AListenerAsksForAsManyAsAllKernelsTake) {
  struct watcher final : netpoll::sys::fault_injector {
    watcher() { netpoll::sys::set_fault_injector(this); }
    ~watcher() { netpoll::sys::set_fault_injector(nullptr); }
    std::optional<netpoll::sys::result> before(call which, int, std::size_t&) noexcept override {
      listens += which == call::listen ? 1 : 0;
      return std::nullopt;
    }
    int listens = 0;
  } watching;
  net::listener l = net::listen("tcp", "127.0.0.1:0");
  EXPECT_EQ(watching.listens, 1);
  ::tcp_info info{};
  ::socklen_t size = sizeof(info);
  ASSERT_EQ(::getsockopt(l.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  std::ifstream limit("/proc/sys/net/core/somaxconn");
  unsigned most = 0;
  limit >> most;
  EXPECT_EQ(info.tcpi_sacked, std::min(most, 65535U)) << "the backlog of a listening socket";
}

}  // namespace
