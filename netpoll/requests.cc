// SPDX-License-Identifier: BSL-1.0
#include "netpoll/requests.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netpoll/base/check.h"
#include "netpoll/base/syscall.h"
#include "netpoll/describe.h"
#include "netpoll/error.h"

namespace netpoll {
namespace {

// How large a pipe is asked for.
constexpr std::size_t splice_pipe_bytes = std::size_t{1} << 20;

constexpr nanotime shortest_nap_ns = 5'000'000;
constexpr nanotime longest_nap_ns = 1'000'000'000;

::msghdr message_of(::iovec* buffers, std::size_t count) noexcept {
  ::msghdr message{};
  message.msg_iov = buffers;
  message.msg_iovlen = count;
  return message;
}

// Of connecting.
bool is_in_progress(int error) noexcept {
  return error == EINPROGRESS || error == EALREADY || error == EINTR;
}

}  // namespace

io_request::outcome read_request::attempt(int number) noexcept {
  if (buffers_.is_empty() && kind_ != transport::message_socket) {
    return outcome::done;
  }
  sys::result got;
  ::iovec* const buffers = buffers_.data();
  if (const std::size_t count = buffers_.count(); count == 1) [[likely]] {
    const ::iovec& only = *buffers;
    got = kind_ == transport::pipe
              ? sys::read(number, only.iov_base, only.iov_len)
              : sys::recv(number, only.iov_base, only.iov_len, flags_ | message_flags());
  } else if (kind_ == transport::pipe) {
    got = sys::read_vector(number, buffers, count);
  } else {
    ::msghdr message = message_of(buffers, count);
    got = sys::receive_message(number, &message, flags_ | message_flags());
  }
  if (sys::would_block(got.error)) {
    return outcome::blocked;
  }
  if (!got.ok()) {
    error_ = system_error_code(got.error);
    return outcome::done;
  }
  bytes_ = got.bytes();
  if (bytes_ == 0 && kind_ != transport::message_socket) {
    error_ = errc::end_of_file;
    return outcome::done;
  }
  // A datagram says nothing about the next one; a short read of a stream has emptied it.
  return kind_ == transport::stream_socket && buffers_.was_short(bytes_) && flags_ == 0
             ? outcome::drained
             : outcome::done;
}

io_request::outcome write_request::attempt(int number) noexcept {
  for (;;) {
    if (buffers_.is_empty() && kind_ != transport::message_socket) {
      return outcome::done;
    }
    if (kind_ == transport::message_socket && !buffers_.fits_one_call()) {
      error_ = system_error_code(EMSGSIZE);
      return outcome::done;
    }
    sys::result sent;
    ::iovec* const buffers = buffers_.data();
    const std::size_t count = buffers_.count();
    if (kind_ == transport::pipe) {
      sent = sys::write_vector(number, buffers, count);
    } else if (count == 1) [[likely]] {
      const ::iovec& only = *buffers;
      sent = sys::send(number, only.iov_base, only.iov_len, flags_ | message_flags());
    } else {
      const ::msghdr message = message_of(buffers, count);
      sent = sys::send_message(number, &message, flags_ | message_flags());
    }
    if (sys::would_block(sent.error)) {
      return outcome::blocked;
    }
    if (sent.ok() && sent.value == 0 && !buffers_.is_empty()) {
      sent.error = EIO;
    }
    if (!sent.ok()) {
      error_ = system_error_code(sent.error);
      return outcome::done;
    }
    check(sent.bytes() <= buffers_.size(), "the kernel says it wrote more than it was given");
    bytes_ += sent.bytes();
    if (buffers_.is_all(sent.bytes())) [[likely]] {
      return outcome::done;
    }
    const bool was_short = buffers_.was_short(sent.bytes());
    if (how_much_ == amount::some || kind_ == transport::message_socket) {
      return was_short ? outcome::drained : outcome::done;
    }
    buffers_.advance(sent.bytes());
    // A short write has filled the socket: waiting comes before the next try.
    if (was_short && !may_block()) {
      return outcome::blocked;
    }
  }
}

io_request::outcome receive_message_request::attempt(int number) noexcept {
  const ::msghdr asked = message_;
  const sys::result got = sys::receive_message(number, &message_, flags_ | message_flags());
  if (sys::would_block(got.error)) {
    message_ = asked;
    return outcome::blocked;
  }
  error_ = system_error_code(got.error);
  bytes_ = got.ok() ? got.bytes() : 0;
  return outcome::done;
}

io_request::outcome send_message_request::attempt(int number) noexcept {
  const sys::result sent = sys::send_message(number, &message_, flags_ | message_flags());
  if (sys::would_block(sent.error)) {
    return outcome::blocked;
  }
  error_ = system_error_code(sent.error);
  bytes_ = sent.ok() ? sent.bytes() : 0;
  return outcome::done;
}

io_request::outcome send_file_request::attempt(int number) noexcept {
  while (left_ > 0) {
    sys::result sent;
    const std::error_code source = file_.with_number([&](int from) {
      sent = sys::send_file(number, from, offset_, std::min(left_, max_transfer));
      return sys::result{};
    });
    if (source) {
      error_ = source;
      return outcome::done;
    }
    if (sys::would_block(sent.error)) {
      return outcome::blocked;
    }
    error_ = system_error_code(sent.error);
    if (!sent.ok() || sent.value == 0) {
      return outcome::done;
    }
    bytes_ += sent.bytes();
    left_ -= sent.bytes();
  }
  return outcome::done;
}

void send_file_request::describe_call(description& into, int number) const noexcept {
  into << "send a file to ";
  describe_descriptor(into, number);
}

int splice_pipe::open() noexcept {
  int ends[2];
  const sys::result made = sys::pipe(ends);
  if (!made.ok()) {
    return made.error;
  }
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  held_bytes_ = 0;
  // Refused (EPERM) when the user has too many large pipes: the default size does too.
  const sys::result grown = sys::set_pipe_size(ends[1], splice_pipe_bytes);
  constexpr std::size_t smallest = 4096;
  size_bytes_ = grown.ok() ? grown.bytes() : smallest;
  return 0;
}

io_request::outcome splice_in_request::attempt(int number) noexcept {
  check(pipe_.held_bytes_ == 0, "a splice_pipe is filled while it still holds bytes");
  if (size_ == 0) {
    return outcome::done;
  }
  const sys::result moved =
      sys::splice(number, pipe_.write_end_.get(), std::min(size_, pipe_.size_bytes_));
  if (sys::would_block(moved.error)) {
    return outcome::blocked;
  }
  error_ = system_error_code(moved.error);
  if (!moved.ok()) {
    return outcome::done;
  }
  bytes_ = moved.bytes();
  pipe_.held_bytes_ = bytes_;
  if (bytes_ == 0) {
    error_ = errc::end_of_file;
  }
  return outcome::done;
}

io_request::outcome splice_out_request::attempt(int number) noexcept {
  while (pipe_.held_bytes_ > 0) {
    const sys::result moved = sys::splice(pipe_.read_end_.get(), number, pipe_.held_bytes_);
    if (sys::would_block(moved.error)) {
      return outcome::blocked;
    }
    error_ = system_error_code(moved.ok() && moved.value == 0 ? EIO : moved.error);
    if (error_) {
      return outcome::done;
    }
    bytes_ += moved.bytes();
    pipe_.held_bytes_ -= moved.bytes();
  }
  return outcome::done;
}

std::error_code copy_file(const fd& from, const fd& to, std::size_t size,
                          std::size_t& bytes) noexcept {
  bytes = 0;
  bool is_target_closed = false;
  const std::error_code error = from.with_number([&](int source) {
    sys::result last;
    const std::error_code target_error = to.with_number([&](int target) {
      while (bytes < size) {
        last = sys::copy_file_range(source, nullptr, target, nullptr,
                                    std::min(size - bytes, max_transfer));
        if (!last.ok() || last.value == 0) {
          break;
        }
        bytes += last.bytes();
      }
      return sys::result{};
    });
    is_target_closed = static_cast<bool>(target_error);
    return last;
  });
  return is_target_closed ? make_error_code(errc::closed) : error;
}

io_request::outcome accept_request::attempt(int number) noexcept {
  for (;;) {
    peer_size_ = sizeof(peer_);
    const sys::result got = sys::accept(number, reinterpret_cast<::sockaddr*>(&peer_), &peer_size_);
    switch (got.error) {
      case 0:
        error_.clear();
        accepted_.reset(static_cast<int>(got.value));
        return outcome::done;
      case EAGAIN: return outcome::blocked;
      case ECONNABORTED:
      case EPROTO:
        if (when_aborted_ == when_aborted::skip) {
          continue;
        }
        break;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        if (when_exhausted_ == when_exhausted::back_off) {
          nap_ns_ = nap_ns_ == 0 ? shortest_nap_ns : std::min(2 * nap_ns_, longest_nap_ns);
          return outcome::nap;
        }
        break;
      default: break;
    }
    error_ = system_error_code(got.error);
    return outcome::done;
  }
}

void accept_request::describe_call(description& into, int number) const noexcept {
  into << "accept ";
  describe_descriptor(into, number);
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
  if (is_in_progress(answer.error)) {
    in_progress_ = true;
    return outcome::blocked;
  }
  error_ = system_error_code(answer.error);
  return outcome::done;
}

void connect_request::describe_call(description& into, int number) const noexcept {
  const socket_address peer(address_, size_);
  into << "connect ";
  describe_descriptor(into, number, &peer);
}

// A writable socket is connected, refused, or was reported too early: SO_ERROR tells the second,
// and only having a peer tells the first.
io_request::outcome connect_request::check_result(int number) noexcept {
  const sys::result pending = sys::take_socket_error(number);
  int error = pending.ok() ? static_cast<int>(pending.value) : pending.error;
  if (is_in_progress(error)) {
    return outcome::blocked;
  }
  if (error == 0) {
    ::sockaddr_storage peer{};
    ::socklen_t peer_size = sizeof(peer);
    const sys::result named =
        sys::get_peer_name(number, reinterpret_cast<::sockaddr*>(&peer), &peer_size);
    if (named.error == ENOTCONN) {
      return outcome::blocked;
    }
    error = named.error;  // readiness has been reported, nothing would ever end another wait
    if (error == 0) {
      // The kernel learns from this that the attempt is over: who connects once more is then told
      // that there is a connection, and not that there is one now.
      error = sys::connect(number, reinterpret_cast<const ::sockaddr*>(&address_), size_).error;
      if (is_in_progress(error)) {
        error = 0;
      }
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

void readiness_request::describe_call(description& into, int number) const noexcept {
  into << "readiness to ";
  io_request::describe_call(into, number);
}

}  // namespace netpoll
