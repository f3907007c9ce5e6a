// SPDX-License-Identifier: BSL-1.0
//
// A connection as a std::iostream.
//
//   net::ip::tcp::iostream stream("example.org", "http");
//   stream.expires_after(std::chrono::seconds(60));
//   stream << "GET / HTTP/1.0\r\nHost: example.org\r\n\r\n";
//   std::cout << stream.rdbuf();
//   if (stream.error() != net::error::eof) { … }
//
// connect(), and the constructor with the same arguments, take an endpoint or what the protocol's
// resolver takes; a failure sets failbit. Each output is sent when it ends, unless std::nounitbuf is
// set. See basic_socket_streambuf.h for what waits, and how long.
#pragma once

#include <istream>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/socket/basic_socket.h"
#include "net/socket/basic_socket_streambuf.h"
#include "net/socket/basic_stream_socket.h"
#include "net/socket/fwd.h"

namespace NET_NAMESPACE {
namespace internal {

// Before the stream that uses it.
template <typename Protocol, typename Clock, typename WaitTraits>
struct iostream_storage {
  iostream_storage() = default;
  explicit iostream_storage(basic_stream_socket<Protocol> connected)
      : streambuf(std::move(connected)) {}

  basic_socket_streambuf<Protocol, Clock, WaitTraits> streambuf;
};

}  // namespace internal

template <typename Protocol, typename Clock, typename WaitTraits>
class basic_socket_iostream : private internal::iostream_storage<Protocol, Clock, WaitTraits>,
                              public std::iostream {
  using storage = internal::iostream_storage<Protocol, Clock, WaitTraits>;
  using streambuf_type = basic_socket_streambuf<Protocol, Clock, WaitTraits>;

 public:
  using protocol_type = Protocol;
  using endpoint_type = typename Protocol::endpoint;
  using clock_type = Clock;
  using time_point = typename streambuf_type::time_point;
  using duration = typename streambuf_type::duration;

  basic_socket_iostream() : std::iostream(&this->storage::streambuf) { setf(std::ios::unitbuf); }
  explicit basic_socket_iostream(basic_stream_socket<Protocol> connected)
      : storage(std::move(connected)), std::iostream(&this->storage::streambuf) {
    setf(std::ios::unitbuf);
  }
  template <typename... Args>
  requires(sizeof...(Args) != 0) explicit basic_socket_iostream(Args... args)
      : basic_socket_iostream() {
    connect(args...);
  }
  basic_socket_iostream(basic_socket_iostream&& other)
      : storage(std::move(static_cast<storage&>(other))),
        std::iostream(std::move(static_cast<std::iostream&>(other))) {
    set_rdbuf(&this->storage::streambuf);
  }
  basic_socket_iostream& operator=(basic_socket_iostream&& other) {
    std::iostream::operator=(std::move(static_cast<std::iostream&>(other)));
    storage::operator=(std::move(static_cast<storage&>(other)));
    return *this;
  }

  template <typename... Args>
  void connect(Args... args) {
    if (rdbuf()->connect(args...) == nullptr) {
      setstate(std::ios::failbit);
    }
  }

  void close() {
    if (rdbuf()->close() == nullptr) {
      setstate(std::ios::failbit);
    }
  }

  streambuf_type* rdbuf() const { return const_cast<streambuf_type*>(&this->storage::streambuf); }
  basic_socket<Protocol>& socket() { return rdbuf()->socket(); }

  const error_code& error() const { return rdbuf()->error(); }

  // Until when operations may take.
  time_point expiry() const { return rdbuf()->expiry(); }
  void expires_at(const time_point& when) { rdbuf()->expires_at(when); }
  void expires_after(const duration& from_now) { rdbuf()->expires_after(from_now); }

#ifdef NET_LEGACY
#include "net/legacy/socket_iostream_members.inc"
#endif
};

}  // namespace NET_NAMESPACE
