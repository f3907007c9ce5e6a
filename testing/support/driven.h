// SPDX-License-Identifier: BSL-1.0
//
// Operations on a reactor that the test runs by hand, so that each step happens when the test says.
//
//   nettest::read_buffer buffer(100);
//   auto reading = driven<read_request>(fd, transport::stream_socket, &buffer.view, 1);
//   reactor.wait(0);
//   EXPECT_TRUE(reading.is_done());
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"

namespace nettest {

// Drives a request as a handler would: goes as far as it can now, and further when resumed.
template <typename Request>
class driven final : private netpoll::resumer {
 public:
  template <typename... Args>
  explicit driven(const netpoll::fd& target, Args&&... args)
      : request_(std::forward<Args>(args)...) {
    request_.set_resumer(*this);
    request_.start(target);
    go_on();
  }

  ~driven() {
    if (!is_done_ && request_.withdraw()) {
      request_.abandon();
    }
  }

  bool is_done() const { return is_done_; }
  Request& operator*() { return request_; }
  Request* operator->() { return &request_; }

  // When resumed, calls `what` first; it may do anything but destroy this. For what happens between
  // the decision to wake somebody and his running.
  void before_going_on(std::function<void()> what) { before_ = std::move(what); }

 private:
  void resume(netpoll::waiter&) noexcept override {
    if (before_) {
      std::exchange(before_, nullptr)();
    }
    go_on();
  }

  void go_on() {
    while (request_.advance() == netpoll::io_request::step::wait) {
      if (request_.commit()) {
        return;
      }
    }
    is_done_ = true;
  }

  Request request_;
  std::function<void()> before_;
  bool is_done_ = false;
};

// A buffer to read into, with the iovec that points to it.
struct read_buffer {
  explicit read_buffer(std::size_t size) : data(size), view{data.data(), size} {}
  std::string text(std::size_t count) const { return {data.data(), count}; }
  std::vector<char> data;
  ::iovec view;
};

// A reactor, and one end of a connected pair of stream sockets on it.
class reactor_and_pair : public ::testing::Test {
 protected:
  reactor_and_pair() {
    EXPECT_EQ(reactor_.open(), 0);
    open_pair(ours_, peer_);
  }

  void open_pair(netpoll::fd& ours, netpoll::unique_fd& peer, int type = SOCK_STREAM) {
    int ends[2];
    ASSERT_TRUE(netpoll::sys::socket_pair(AF_UNIX, type, ends).ok());
    ASSERT_EQ(ours.open(reactor_, netpoll::unique_fd(ends[0])), 0);
    peer.reset(ends[1]);
  }

  void send(const std::string& text) { send(peer_, text); }
  static void send(const netpoll::unique_fd& from, const std::string& text) {
    ASSERT_EQ(netpoll::sys::send(from.get(), text.data(), text.size(), 0).bytes(), text.size());
  }
  driven<netpoll::read_request> read(read_buffer& into) { return read(ours_, into); }
  static driven<netpoll::read_request> read(const netpoll::fd& from, read_buffer& into) {
    return driven<netpoll::read_request>(from, netpoll::transport::stream_socket, &into.view,
                                         std::size_t{1});
  }

  netpoll::reactor reactor_;
  netpoll::fd ours_;
  netpoll::unique_fd peer_;
};

// A listening socket on loopback and a socket to connect to it with.
class reactor_and_listener : public ::testing::Test {
 protected:
  reactor_and_listener() {
    namespace sys = netpoll::sys;
    EXPECT_EQ(reactor_.open(), 0);
    netpoll::unique_fd listening(static_cast<int>(sys::socket(AF_INET, SOCK_STREAM, 0).value));
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_TRUE(sys::bind(listening.get(), address(), sizeof(address_)).ok());
    EXPECT_TRUE(sys::listen(listening.get(), 1024).ok());
    ::socklen_t size = sizeof(address_);
    EXPECT_TRUE(sys::get_socket_name(listening.get(), address(), &size).ok());
    EXPECT_EQ(listener_.open(reactor_, std::move(listening)), 0);
    EXPECT_EQ(client_.open(reactor_, new_socket()), 0);
  }
  static netpoll::unique_fd new_socket() {
    return netpoll::unique_fd(
        static_cast<int>(netpoll::sys::socket(AF_INET, SOCK_STREAM, 0).value));
  }
  ::sockaddr* address() { return reinterpret_cast<::sockaddr*>(&address_); }
  driven<netpoll::connect_request> connect() {
    return driven<netpoll::connect_request>(client_, address(), ::socklen_t{sizeof(address_)});
  }
  // Runs the reactor until `is_over`; loopback answers soon, but not at once.
  template <typename Predicate>
  void run_until(Predicate is_over) {
    while (!is_over()) {
      reactor_.wait(netpoll::add_saturated(netpoll::clock::now(), 100'000'000));
    }
  }

  netpoll::reactor reactor_;
  netpoll::fd listener_;
  netpoll::fd client_;
  ::sockaddr_in address_{};
};

}  // namespace nettest
