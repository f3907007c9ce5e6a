// SPDX-License-Identifier: BSL-1.0
//
// The operations of a descriptor, each one try(2): reading and writing, with addresses and control
// data or without, accepting, connecting, sending a file, moving bytes through a pipe, waiting for
// readiness, and whatever the caller does with the number. How to wait between tries is
// io_request's and its driver's.
//
// Buffers, addresses and the like are the caller's and must stay until the request is done.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "netpoll/base/unique_fd.h"
#include "netpoll/fd.h"
#include "netpoll/io_request.h"
#include "netpoll/iovec_cursor.h"

namespace netpoll {

// What kind of descriptor bytes move through.
enum class transport : std::uint8_t {
  stream_socket,  // TCP: reading nothing means the end, and a short read has emptied it
  // The same, but a read may be cut short where more follows: by descriptors or credentials that
  // come through a unix socket, by a record of the kernel's TLS.
  cut_stream_socket,
  message_socket,  // datagrams: reading nothing is an empty one
  pipe,            // anything read(2) and write(2) work on; reading nothing means the end
};

// Reads once: as much as is there, at least one byte. Zero-sized buffers end at once with 0 bytes.
class read_request : public io_request {
 public:
  read_request(transport kind, ::iovec* buffers, std::size_t count, int flags = 0) noexcept
      : io_request(direction::read), buffers_(buffers, count), flags_(flags), kind_(kind) {
    if (buffers_.is_empty() && kind != transport::message_socket) {
      insist();
    }
  }

 protected:
  outcome attempt(int number) noexcept override;

 private:
  iovec_cursor buffers_;
  int flags_;
  transport kind_;
};

// Writes once, or until everything is written. In the latter case `buffers` is consumed and bytes()
// counts what went out even when the request ends with an error. A descriptor that takes nothing
// and reports no error either ends it with EIO.
class write_request : public io_request {
 public:
  enum class amount : std::uint8_t { some, all };

  write_request(transport kind, ::iovec* buffers, std::size_t count, amount how_much,
                int flags = 0) noexcept
      : io_request(direction::write),
        buffers_(buffers, count),
        flags_(flags),
        kind_(kind),
        how_much_(how_much) {
    if (buffers_.is_empty() && kind != transport::message_socket) {
      insist();
    }
  }

 protected:
  outcome attempt(int number) noexcept override;

 private:
  iovec_cursor buffers_;  // still to go
  int flags_;
  transport kind_;
  amount how_much_;
};

// Receives one message: recvmsg(2) with everything it can say. `message` tells where data, address
// and control data go, and afterwards their sizes and flags (MSG_TRUNC, MSG_CTRUNC, MSG_EOR).
// bytes() is 0 for an empty datagram and, without an error, at the end of a stream. Descriptors
// received as control data are close-on-exec.
class receive_message_request : public io_request {
 public:
  explicit receive_message_request(::msghdr& message, int flags = 0) noexcept
      : io_request(direction::read), message_(message), flags_(flags) {}

 protected:
  outcome attempt(int number) noexcept override;

 private:
  ::msghdr& message_;
  int flags_;
};

// Sends one message, to the address in it if any, with its control data: sendmsg(2). Of a stream
// bytes() may be less than there is.
class send_message_request : public io_request {
 public:
  explicit send_message_request(const ::msghdr& message, int flags = 0) noexcept
      : io_request(direction::write), message_(message), flags_(flags) {}

 protected:
  outcome attempt(int number) noexcept override;

 private:
  const ::msghdr& message_;
  int flags_;
};

// Sends up to `size` bytes of `file` without copying them through the process: sendfile(2). From
// `*offset`, which advances, or from the file's position when null. Ends early, without an error,
// at the end of the file. bytes() counts what went out even when the request ends with an error;
// EINVAL or ENOSYS with no bytes says that this pair of descriptors has to be copied by hand.
class send_file_request : public io_request {
 public:
  send_file_request(const fd& file, ::off_t* offset, std::size_t size) noexcept
      : io_request(direction::write), file_(file), offset_(offset), left_(size) {}

 protected:
  outcome attempt(int number) noexcept override;
  void describe_call(description& into, int number) const noexcept override;

 private:
  const fd& file_;
  ::off_t* offset_;
  std::size_t left_;
};

// A pipe in the kernel through which bytes move from one descriptor to another without being
// copied: fill it from one, drain it into the other. Filling begins only when it is empty, so that
// "not now" can only mean the source. What is left in it when a transfer ends early is lost with
// it: a pipe is for one connection.
class splice_pipe {
 public:
  // Returns an errno value. The kernel may grant less than a mebibyte.
  int open() noexcept;
  std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  friend class splice_in_request;
  friend class splice_out_request;
  unique_fd read_end_;
  unique_fd write_end_;
  std::size_t size_bytes_ = 0;
  std::size_t held_bytes_ = 0;
};

// Fills the empty pipe with up to `size` bytes of the descriptor; errc::end_of_file when there are
// no more.
class splice_in_request : public io_request {
 public:
  splice_in_request(splice_pipe& pipe, std::size_t size) noexcept
      : io_request(direction::read), pipe_(pipe), size_(size) {}

 protected:
  outcome attempt(int number) noexcept override;

 private:
  splice_pipe& pipe_;
  std::size_t size_;
};

// Drains the pipe into the descriptor.
class splice_out_request : public io_request {
 public:
  explicit splice_out_request(splice_pipe& pipe) noexcept
      : io_request(direction::write), pipe_(pipe) {
    if (pipe.held_bytes() == 0) {
      insist();
    }
  }

 protected:
  outcome attempt(int number) noexcept override;

 private:
  splice_pipe& pipe_;
};

// Copies up to `size` bytes from one file to another inside the kernel, from and to their
// positions: copy_file_range(2). Blocks the thread. `bytes` says how many, also with an error.
// EXDEV, EINVAL, ENOSYS or EOPNOTSUPP with none says that these two have to be copied by hand.
std::error_code copy_file(const fd& from, const fd& to, std::size_t size,
                          std::size_t& bytes) noexcept;

// Accepts one connection.
class accept_request : public io_request {
 public:
  // When the process or the system is out of descriptors or memory: report it, or wait (5 ms,
  // doubling up to 1 s) and try again, as long as no deadline says otherwise.
  enum class when_exhausted : std::uint8_t { report, back_off };

  // When a connection was gone before it could be accepted: go on to the next, or report it.
  enum class when_aborted : std::uint8_t { skip, report };

  explicit accept_request(when_exhausted exhausted = when_exhausted::report,
                          when_aborted aborted = when_aborted::skip) noexcept
      : io_request(direction::read), when_exhausted_(exhausted), when_aborted_(aborted) {}

  unique_fd& accepted() noexcept { return accepted_; }
  const ::sockaddr_storage& peer() const noexcept { return peer_; }
  ::socklen_t peer_size() const noexcept { return peer_size_; }

 protected:
  outcome attempt(int number) noexcept override;
  void describe_call(description& into, int number) const noexcept override;

 private:
  unique_fd accepted_;
  ::sockaddr_storage peer_{};
  ::socklen_t peer_size_ = 0;
  when_exhausted when_exhausted_;
  when_aborted when_aborted_;
};

// Connects. The address is copied.
class connect_request : public io_request {
 public:
  connect_request(const ::sockaddr* address, ::socklen_t size) noexcept;

 protected:
  outcome attempt(int number) noexcept override;
  void describe_call(description& into, int number) const noexcept override;

 private:
  outcome check_result(int number) noexcept;

  ::sockaddr_storage address_{};
  ::socklen_t size_;
  bool in_progress_ = false;
};

// Waits until poll(2) reports one of `events`, transferring nothing. Of urgent data (POLLPRI) one
// may wait while others read.
class readiness_request : public io_request {
 public:
  readiness_request(direction which, short events) noexcept : io_request(which), events_(events) {
    insist();
  }

 protected:
  outcome attempt(int number) noexcept override;
  void describe_call(description& into, int number) const noexcept override;

 private:
  short events_;
};

// Calls `use(number)` until it returns true, waiting for readiness in between: for system calls
// that have no request of their own. The function must not block; false means "not now".
template <typename Use>
class raw_request final : public io_request {
 public:
  raw_request(direction which, Use use) noexcept : io_request(which), use_(std::move(use)) {
    insist();
  }

 protected:
  outcome attempt(int number) noexcept override {
    return use_(number) ? outcome::done : outcome::blocked;
  }

 private:
  Use use_;
};

}  // namespace netpoll
