// SPDX-License-Identifier: BSL-1.0
//
// The operations of a descriptor, each one try(2): reading, writing, accepting, connecting, waiting
// for readiness. How to wait between tries is io_request's and its driver's.
//
// Buffers, addresses and the like are the caller's and must stay until the request is done.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "netpoll/base/unique_fd.h"
#include "netpoll/io_request.h"

namespace netpoll {

// What kind of descriptor bytes move through.
enum class transport : std::uint8_t {
  stream_socket,  // reading nothing means the end
  message_socket, // datagrams: reading nothing is an empty one
  pipe,           // anything read(2) and write(2) work on; reading nothing means the end
};

// Reads once: as much as is there, at least one byte. Zero-sized buffers end at once with 0 bytes.
class read_request : public io_request {
 public:
  read_request(transport kind, ::iovec* buffers, std::size_t count, int flags = 0) noexcept;

 protected:
  outcome attempt(int number) noexcept override;

 private:
  ::iovec* buffers_;
  std::size_t count_;
  std::size_t size_;
  int flags_;
  transport kind_;
};

// Writes once, or until everything is written. In the latter case `buffers` is consumed and bytes()
// counts what went out even when the request ends with an error.
class write_request : public io_request {
 public:
  enum class amount : std::uint8_t { some, all };

  write_request(transport kind, ::iovec* buffers, std::size_t count, amount how_much,
                int flags = 0) noexcept;

 protected:
  outcome attempt(int number) noexcept override;

 private:
  void consume(std::size_t bytes) noexcept;

  ::iovec* buffers_;
  std::size_t count_;
  std::size_t size_;  // still to go
  int flags_;
  transport kind_;
  amount how_much_;
};

// Accepts one connection. Connections that were gone before they could be accepted are skipped.
class accept_request : public io_request {
 public:
  // When the process or the system is out of descriptors or memory: report it, or wait (5 ms, doubling
  // up to 1 s) and try again, as long as no deadline says otherwise.
  enum class when_exhausted : std::uint8_t { report, back_off };

  explicit accept_request(when_exhausted what = when_exhausted::report) noexcept
      : io_request(direction::read), when_exhausted_(what) {}

  unique_fd& accepted() noexcept { return accepted_; }
  const ::sockaddr_storage& peer() const noexcept { return peer_; }
  ::socklen_t peer_size() const noexcept { return peer_size_; }

 protected:
  outcome attempt(int number) noexcept override;

 private:
  unique_fd accepted_;
  ::sockaddr_storage peer_{};
  ::socklen_t peer_size_ = 0;
  when_exhausted when_exhausted_;
};

// Connects. The address is copied.
class connect_request : public io_request {
 public:
  connect_request(const ::sockaddr* address, ::socklen_t size) noexcept;

 protected:
  outcome attempt(int number) noexcept override;

 private:
  outcome check_result(int number) noexcept;

  ::sockaddr_storage address_{};
  ::socklen_t size_;
  bool in_progress_ = false;
};

// Waits until poll(2) reports one of `events`.
class readiness_request : public io_request {
 public:
  readiness_request(direction which, short events) noexcept : io_request(which), events_(events) {
    insist();
  }

 protected:
  outcome attempt(int number) noexcept override;

 private:
  short events_;
};

}  // namespace netpoll
