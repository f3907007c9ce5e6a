// SPDX-License-Identifier: BSL-1.0
//
// A connection as a std::streambuf, buffered in both directions. For basic_socket_iostream, mostly;
// see there.
//
// What waits parks a fiber and blocks a thread, until the expiry at the longest, which is one point
// in time for all operations until it is set anew; then the error is error::timed_out. error() is
// that of the last operation, error::eof at the end of the stream.
//
// One that is not made from a socket brings its own context, or takes that of the fiber it is made
// on: then it is for that context's fibers, otherwise for threads. For one thread at a time. What is
// buffered is sent at its end. Moving takes along what was read and what is still to be sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <streambuf>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/io_context.h"
#include "net/socket/basic_socket.h"
#include "net/socket/basic_stream_socket.h"
#include "net/socket/fwd.h"
#include "net/socket/socket_operation.h"
#include "net/timer/timer_time.h"
#include "net/timer/wait_traits.h"
#include "netpoll/base/clock.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE {
namespace internal {

// Where a streambuf that is given no socket has one.
class streambuf_context {
 protected:
  streambuf_context() noexcept = default;

  // May be called once.
  any_io_executor own_executor();

  std::shared_ptr<io_context> context_;
};

}  // namespace internal

template <typename Protocol, typename Clock, typename WaitTraits>
class basic_socket_streambuf : public std::streambuf,
                               private internal::streambuf_context,
                               private basic_socket<Protocol> {
  using times = internal::timer_time<Clock, WaitTraits>;

 public:
  using protocol_type = Protocol;
  using endpoint_type = typename Protocol::endpoint;
  using clock_type = Clock;
  using time_point = typename Clock::time_point;
  using duration = typename Clock::duration;

  basic_socket_streambuf() : basic_socket<Protocol>(own_executor()) { forget(); }
  explicit basic_socket_streambuf(basic_stream_socket<Protocol> connected)
      : basic_socket<Protocol>(std::move(connected)) {
    forget();
  }
  // The other one has no connection, no expiry and no error any more.
  basic_socket_streambuf(basic_socket_streambuf&& other)
      : internal::streambuf_context(other), basic_socket<Protocol>(std::move(other.socket())) {
    forget();
    exchange_state(other);
  }
  basic_socket_streambuf& operator=(basic_socket_streambuf&& other) {
    if (this != &other) {
      close();
      forget();
      ec_.clear();
      expiry_ = (time_point::max)();
      put_buffer_.resize(buffer_size);
      setp_all();
      basic_socket<Protocol>::operator=(std::move(other.socket()));
      context_ = other.context_;
      exchange_state(other);
    }
    return *this;
  }
  ~basic_socket_streambuf() override { sync(); }

  // To an endpoint, or to the first that answers of those that a resolver finds when it is asked so.
  // Null if there is an error.
  basic_socket_streambuf* connect(const endpoint_type& endpoint) {
    forget();
    ec_.clear();
    connect_to_any(&endpoint, &endpoint + 1);
    return self_unless_failed();
  }
  template <typename... Args>
  basic_socket_streambuf* connect(Args... args) {
    forget();
    typename Protocol::resolver resolver(this->get_executor());
    const auto found = resolver.resolve(args..., ec_);
    if (!ec_) {
      connect_to_any(found.begin(), found.end());
    }
    return self_unless_failed();
  }

  // Sends what is buffered first. Null if there is an error.
  basic_socket_streambuf* close() {
    sync();
    socket().close(ec_);
    forget();
    return self_unless_failed();
  }

  basic_socket<Protocol>& socket() { return *this; }

  const error_code& error() const noexcept { return ec_; }

  time_point expiry() const { return expiry_; }
  void expires_at(const time_point& when) { expiry_ = when; }
  void expires_after(const duration& from_now) { expiry_ = times::now_plus(from_now); }

#ifdef NET_LEGACY
#include "net/legacy/socket_iostream_members.inc"
#endif

 protected:
  int_type underflow() override {
    if (gptr() != egptr()) {
      return traits_type::to_int_type(*gptr());
    }
    char* const begin = get_buffer_.data() + putback_size;
    ::iovec where{begin, get_buffer_.size() - putback_size};
    netpoll::read_request request(netpoll::transport::stream_socket, &where, 1);
    perform_in_time(request, netpoll::directions::read);
    if (ec_) {
      return traits_type::eof();
    }
    setg(begin, begin, begin + request.bytes());
    return traits_type::to_int_type(*gptr());
  }

  int_type overflow(int_type c) override {
    const bool has_character = !traits_type::eq_int_type(c, traits_type::eof());
    char character = traits_type::to_char_type(c);
    if (put_buffer_.empty()) {
      return !has_character || send(&character, 1) == 1 ? traits_type::not_eof(c)
                                                        : traits_type::eof();
    }
    const auto size = static_cast<std::size_t>(pptr() - pbase());
    const std::size_t sent = size != 0 ? send(pbase(), size) : 0;
    if (sent != size) {
      // What went out is not sent again.
      std::memmove(pbase(), pbase() + sent, size - sent);
      setp_all();
      pbump(static_cast<int>(size - sent));
      return traits_type::eof();
    }
    setp_all();
    if (has_character) {
      *pptr() = character;
      pbump(1);
    }
    return traits_type::not_eof(c);
  }

  int sync() override {
    return traits_type::eq_int_type(overflow(traits_type::eof()), traits_type::eof()) ? -1 : 0;
  }

  // Only setbuf(nullptr, 0), before there is output: no buffer for that.
  std::streambuf* setbuf(char* s, std::streamsize n) override {
    if (pptr() != pbase() || s != nullptr || n != 0) {
      return nullptr;
    }
    put_buffer_.clear();
    setp_all();
    return this;
  }

 private:
  static constexpr std::size_t buffer_size = 512;
  // Room that characters can be put back into.
  static constexpr std::size_t putback_size = 8;

  basic_socket_streambuf* self_unless_failed() noexcept { return ec_ ? nullptr : this; }

  void setp_all() { setp(put_buffer_.data(), put_buffer_.data() + put_buffer_.size()); }

  // What was read and what was to be sent.
  void forget() {
    char* const begin = get_buffer_.data() + putback_size;
    setg(get_buffer_.data(), begin, begin);
    setp_all();
  }

  void exchange_state(basic_socket_streambuf& other) {
    std::streambuf::swap(other);  // the pointers
    get_buffer_.swap(other.get_buffer_);
    put_buffer_.swap(other.put_buffer_);
    std::swap(ec_, other.ec_);
    std::swap(expiry_, other.expiry_);
  }

  bool is_too_late() {
    if (expiry_ >= times::now()) {
      return false;
    }
    ec_ = error::timed_out;
    return true;
  }

  // Whatever the socket's mode is.
  void perform_in_time(netpoll::io_request& request, netpoll::directions which) {
    if (is_too_late()) {
      return;
    }
    set_deadline(which);
    internal::perform_on_socket(request, this->fd_, true, ec_);
    if (ec_ == error::deadline_exceeded) {
      ec_ = error::timed_out;
    }
  }
  void set_deadline(netpoll::directions which) {
    if (expiry_ != (time_point::max)()) {
      has_deadline_ = true;
      (void)this->fd_.set_deadline(which, times::next_look(expiry_));
    } else if (has_deadline_) {
      has_deadline_ = false;
      (void)this->fd_.set_deadline(netpoll::directions::both, netpoll::never);
    }
  }

  // How much was sent.
  std::size_t send(char* data, std::size_t size) {
    ::iovec what{data, size};
    netpoll::write_request request(netpoll::transport::stream_socket, &what, 1,
                                   netpoll::write_request::amount::all);
    perform_in_time(request, netpoll::directions::write);
    return request.bytes();
  }

  template <typename Iterator>
  void connect_to_any(Iterator begin, Iterator end) {
    ec_ = error::not_found;
    for (; begin != end; ++begin) {
      if (is_too_late()) {
        return;
      }
      const endpoint_type peer = *begin;
      socket().close(ec_);
      socket().open(peer.protocol(), ec_);
      if (ec_) {
        continue;
      }
      netpoll::connect_request request(peer.data(), static_cast<::socklen_t>(peer.size()));
      perform_in_time(request, netpoll::directions::write);
      if (!ec_) {
        return;
      }
    }
  }

  std::vector<char> get_buffer_ = std::vector<char>(buffer_size);
  std::vector<char> put_buffer_ = std::vector<char>(buffer_size);  // empty: unbuffered
  error_code ec_;
  time_point expiry_ = (time_point::max)();
  bool has_deadline_ = false;
};

}  // namespace NET_NAMESPACE
