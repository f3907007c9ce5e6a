// SPDX-License-Identifier: BSL-1.0
#include "netpoll/requests.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/error.h"

namespace netpoll {
namespace {

// The kernel refuses more in one call (IOV_MAX).
constexpr std::size_t max_buffers = 1024;

constexpr nanotime shortest_nap_ns = 5'000'000;
constexpr nanotime longest_nap_ns = 1'000'000'000;

std::size_t total_size(const ::iovec* buffers, std::size_t count) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    size += buffers[i].iov_len;
  }
  return size;
}

::msghdr message_of(::iovec* buffers, std::size_t count) noexcept {
  ::msghdr message{};
  message.msg_iov = buffers;
  message.msg_iovlen = std::min(count, max_buffers);
  return message;
}

}  // namespace

read_request::read_request(transport kind, ::iovec* buffers, std::size_t count, int flags) noexcept
    : io_request(direction::read),
      buffers_(buffers),
      count_(count),
      size_(total_size(buffers, count)),
      flags_(flags),
      kind_(kind) {
  if (size_ == 0 && kind != transport::message_socket) {
    insist();
  }
}

io_request::outcome read_request::attempt(int number) noexcept {
  if (size_ == 0 && kind_ != transport::message_socket) {
    return outcome::done;
  }
  sys::result got;
  if (kind_ == transport::pipe) {
    got = count_ == 1 ? sys::read(number, buffers_->iov_base, buffers_->iov_len)
                      : sys::read_vector(number, buffers_, std::min(count_, max_buffers));
  } else if (count_ == 1) {
    got = sys::recv(number, buffers_->iov_base, buffers_->iov_len, flags_);
  } else {
    ::msghdr message = message_of(buffers_, count_);
    got = sys::receive_message(number, &message, flags_);
  }
  if (sys::would_block(got.error)) {
    return outcome::blocked;
  }
  error_ = system_error_code(got.error);
  if (!got.ok()) {
    return outcome::done;
  }
  bytes_ = got.bytes();
  if (bytes_ == 0 && kind_ != transport::message_socket) {
    error_ = errc::end_of_file;
    return outcome::done;
  }
  // A datagram says nothing about the next one; a short read of a stream has emptied it.
  return kind_ == transport::stream_socket && bytes_ < size_ && flags_ == 0 ? outcome::drained
                                                                            : outcome::done;
}

write_request::write_request(transport kind, ::iovec* buffers, std::size_t count, amount how_much,
                             int flags) noexcept
    : io_request(direction::write),
      buffers_(buffers),
      count_(count),
      size_(total_size(buffers, count)),
      flags_(flags),
      kind_(kind),
      how_much_(how_much) {
  if (size_ == 0 && kind != transport::message_socket) {
    insist();
  }
}

io_request::outcome write_request::attempt(int number) noexcept {
  for (;;) {
    if (size_ == 0 && kind_ != transport::message_socket) {
      return outcome::done;
    }
    sys::result sent;
    if (kind_ == transport::pipe) {
      sent = sys::write_vector(number, buffers_, std::min(count_, max_buffers));
    } else if (count_ == 1) {
      sent = sys::send(number, buffers_->iov_base, buffers_->iov_len, flags_);
    } else {
      const ::msghdr message = message_of(buffers_, count_);
      sent = sys::send_message(number, &message, flags_);
    }
    if (sys::would_block(sent.error)) {
      return outcome::blocked;
    }
    if (!sent.ok()) {
      error_ = system_error_code(sent.error);
      return outcome::done;
    }
    check(sent.bytes() <= size_, "the kernel says it wrote more than it was given");
    bytes_ += sent.bytes();
    const bool was_short = sent.bytes() < size_;
    if (how_much_ == amount::some || !was_short) {
      return was_short ? outcome::drained : outcome::done;
    }
    consume(sent.bytes());
    // A short write has filled the socket: waiting comes before the next try. A vector cut off at
    // max_buffers was not short, it was not all.
    if (count_ < max_buffers) {
      return outcome::blocked;
    }
  }
}

void write_request::consume(std::size_t bytes) noexcept {
  size_ -= bytes;
  while (count_ > 0 && bytes >= buffers_->iov_len) {
    bytes -= buffers_->iov_len;
    ++buffers_;
    --count_;
  }
  if (count_ > 0) {
    buffers_->iov_base = static_cast<char*>(buffers_->iov_base) + bytes;
    buffers_->iov_len -= bytes;
  }
}

io_request::outcome accept_request::attempt(int number) noexcept {
  for (;;) {
    peer_size_ = sizeof(peer_);
    const sys::result got =
        sys::accept(number, reinterpret_cast<::sockaddr*>(&peer_), &peer_size_);
    switch (got.error) {
      case 0:
        error_.clear();
        accepted_.reset(static_cast<int>(got.value));
        return outcome::done;
      case EAGAIN:
        return outcome::blocked;
      case ECONNABORTED:
      case EPROTO:
        continue;  // that one is gone: the next
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        if (when_exhausted_ == when_exhausted::back_off) {
          nap_ns_ = nap_ns_ == 0 ? shortest_nap_ns : std::min(2 * nap_ns_, longest_nap_ns);
          return outcome::nap;
        }
        break;
      default:
        break;
    }
    error_ = system_error_code(got.error);
    return outcome::done;
  }
}

connect_request::connect_request(const ::sockaddr* address, ::socklen_t size) noexcept
    : io_request(direction::write), size_(size) {
  check(size <= sizeof(address_), "an address larger than sockaddr_storage");
  std::memcpy(&address_, address, size);
  insist();
}

io_request::outcome connect_request::attempt(int number) noexcept {
  if (in_progress_) {
    return check_result(number);
  }
  const sys::result answer =
      sys::connect(number, reinterpret_cast<const ::sockaddr*>(&address_), size_);
  if (answer.error == EINPROGRESS || answer.error == EALREADY || answer.error == EINTR) {
    in_progress_ = true;
    return outcome::blocked;
  }
  error_ = system_error_code(answer.error);
  return outcome::done;
}

// A writable socket is connected, refused, or was reported too early: SO_ERROR tells the second, and
// only having a peer tells the first.
io_request::outcome connect_request::check_result(int number) noexcept {
  const sys::result pending = sys::take_socket_error(number);
  const int error = pending.ok() ? static_cast<int>(pending.value) : pending.error;
  if (error == EINPROGRESS || error == EALREADY || error == EINTR) {
    return outcome::blocked;
  }
  if (error == 0) {
    ::sockaddr_storage peer{};
    ::socklen_t peer_size = sizeof(peer);
    if (!sys::get_peer_name(number, reinterpret_cast<::sockaddr*>(&peer), &peer_size).ok()) {
      return outcome::blocked;
    }
  }
  error_ = system_error_code(error == EISCONN ? 0 : error);
  return outcome::done;
}

io_request::outcome readiness_request::attempt(int number) noexcept {
  ::pollfd what{.fd = number, .events = events_, .revents = 0};
  const sys::result answer = sys::poll(&what, 1, 0);
  if (answer.error == EINTR || (answer.ok() && what.revents == 0)) {
    return outcome::blocked;
  }
  error_ = system_error_code(answer.error);
  return outcome::done;
}

}  // namespace netpoll
