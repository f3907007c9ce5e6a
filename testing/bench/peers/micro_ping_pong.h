// SPDX-License-Identifier: BSL-1.0
//
// One byte there and back between two connected sockets of one context, by handlers that read and
// write, on one thread. Who reads has room for more than a byte, as is usual with a stream.
#pragma once

#include <cstddef>
#include <cstdint>

#include "testing/bench/peers/measure.h"
#include "testing/bench/peers/micro_library.h"

namespace bench {

// Takes part in so many round trips: reads a byte and writes one, or the other way round.
template <typename Protocol>
class player {
 public:
  player(lib::io_context& context, bool is_first) : socket_(context), is_first_(is_first) {}

  lib::stream_socket<Protocol>& socket() noexcept { return socket_; }
  std::int64_t left() const noexcept { return left_; }

  void start(std::int64_t round_trips) {
    left_ = round_trips;
    if (is_first_) {
      write();
    } else {
      read();
    }
  }

 private:
  void read() {
    socket_.async_read_some(lib::buffer(data_, sizeof(data_)),
                            [this](const lib::error_code& ec, std::size_t bytes) {
                              require(!ec && bytes == 1, "a read failed");
                              --left_;
                              if (!is_first_ || left_ != 0) {
                                write();
                              }
                            });
  }
  void write() {
    socket_.async_write_some(lib::buffer(data_, 1),
                             [this](const lib::error_code& ec, std::size_t bytes) {
                               require(!ec && bytes == 1, "a write failed");
                               if (left_ != 0) {
                                 read();
                               }
                             });
  }

  lib::stream_socket<Protocol> socket_;
  const bool is_first_;
  char data_[64] = {};
  std::int64_t left_ = 0;
};

template <typename Protocol>
void rally(lib::io_context& context, player<Protocol>& first, player<Protocol>& second,
           const char* name, std::int64_t count, const output& out) {
  second.start(count);
  first.start(count);
  const stopwatch watch;
  context.run();
  out.line(name, watch.nanoseconds() / static_cast<double>(count));
  require(first.left() == 0 && second.left() == 0, "a byte was lost");
}

inline void unix_ping_pong(std::int64_t count, const output& out) {
  using protocol = lib::local::stream_protocol;
  lib::io_context context(1);
  player<protocol> first(context, true);
  player<protocol> second(context, false);
  lib::local::connect_pair(first.socket(), second.socket());
  rally(context, first, second, "unix_ping_pong", count, out);
}

inline void tcp_ping_pong(std::int64_t count, const output& out) {
  using protocol = lib::ip::tcp;
  lib::io_context context(1);
  player<protocol> first(context, true);
  player<protocol> second(context, false);
  protocol::acceptor acceptor(context, protocol::endpoint(lib::ip::address_v4::loopback(), 0));
  first.socket().connect(acceptor.local_endpoint());
  acceptor.accept(second.socket());
  acceptor.close();
  first.socket().set_option(protocol::no_delay(true));
  second.socket().set_option(protocol::no_delay(true));
  rally(context, first, second, "tcp_ping_pong", count, out);
}

}  // namespace bench
