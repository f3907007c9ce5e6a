// SPDX-License-Identifier: BSL-1.0
//
// A conn is a connected stream, with deadlines: what Go's net.Conn is. Blocking calls park the
// fiber they are made on, or block the thread; the same object also takes completion handlers.
//
//   net::conn c = net::dial("tcp", "127.0.0.1:8080", std::chrono::seconds(5));
//   c.set_timeout(std::chrono::seconds(5));        // for each read and each write from now on
//   c.write(net::buffer("ping", 4));
//   while (std::size_t n = c.read(net::buffer(data))) …
//
// Reads, writes, deadlines and close() may be called from any threads and fibers at once;
// concurrent reads take turns, and so do concurrent writes. Moving and destroying are for one.
// Buffers must outlive the operation they are given to.
//
// Errors: error::eof at the end of the stream, error::deadline_exceeded, error::closed when the
// conn is closed before or during the operation, else what the system said. A read that fails has
// taken nothing; a write that fails reports how much went out, and the stream goes on from there.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/io_operation.h"
#include "net/buffer/buffer.h"
#include "net/buffer/iovec_view.h"
#include "net/config.h"
#include "net/conn/op_error.h"
#include "net/error.h"
#include "net/io_context.h"
#include "net/io_executor.h"
#include "net/ip/tcp.h"
#include "net/socket/no_deadline.h"
#include "net/socket/socket_operation.h"

namespace NET_NAMESPACE {

class conn {
 public:
  using executor_type = io_context::executor_type;
  using endpoint_type = ip::tcp::endpoint;
  using deadline_type = std::chrono::steady_clock::time_point;

  // Not connected to anything: every operation fails with error::closed.
  conn() = default;
  conn(conn&&) noexcept = default;
  conn& operator=(conn&&) noexcept = default;
  ~conn() = default;

  // Takes over a connected, non-blocking TCP socket.
  conn(io_context& context, netpoll::unique_fd socket, const endpoint_type& local,
       const endpoint_type& remote, error_code& ec);

  conn(io_context& context, netpoll::fd socket, const endpoint_type& local,
       const endpoint_type& remote) noexcept
      : context_(&context), fd_(std::move(socket)), local_(local), remote_(remote) {}

  bool is_open() const noexcept { return fd_.is_open(); }
  // For a conn that was once connected.
  executor_type get_executor() const noexcept { return context_->get_executor(); }
  int native_handle() const noexcept { return fd_.native_handle(); }

  // Reads once: at least one byte. 0 at the end of the stream, where the error_code form also sets
  // error::eof, or when the buffers are empty.
  template <mutable_buffer_sequence Buffers>
  std::size_t read(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = read(buffers, ec);
    if (ec && ec != error::eof) {
      fail("read", ec);
    }
    return bytes;
  }
  template <mutable_buffer_sequence Buffers>
  std::size_t read(const Buffers& buffers, error_code& ec) {
    internal::read_some_request<Buffers> request(netpoll::transport::stream_socket, buffers,
                                                 internal::buffers_per_call);
    perform(request, fd_);
    ec = translate(request.error());
    return request.bytes();
  }
  // handler(error_code, bytes)
  template <mutable_buffer_sequence Buffers, typename Token>
  decltype(auto) async_read(const Buffers& buffers, Token&& token) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& target) {
          internal::start_io<internal::read_some_request<Buffers>>(
              fd_, io(), finish{}, std::forward<decltype(handler)>(handler),
              netpoll::transport::stream_socket, target, internal::buffers_per_call);
        },
        token, buffers);
  }

  // Writes all of the buffers, or fails; returns how much went out. The timeout is for the whole
  // call.
  template <const_buffer_sequence Buffers>
  std::size_t write(const Buffers& buffers) {
    error_code ec;
    const std::size_t bytes = write(buffers, ec);
    if (ec) {
      fail("write", ec);
    }
    return bytes;
  }
  template <const_buffer_sequence Buffers>
  std::size_t write(const Buffers& buffers, error_code& ec) {
    internal::write_some_request<Buffers> request(netpoll::transport::stream_socket, buffers,
                                                  no_limit, netpoll::write_request::amount::all);
    perform(request, fd_);
    ec = translate(request.error());
    return request.bytes();
  }
  // handler(error_code, bytes)
  template <const_buffer_sequence Buffers, typename Token>
  decltype(auto) async_write(const Buffers& buffers, Token&& token) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& source) {
          internal::start_io<internal::write_some_request<Buffers>>(
              fd_, io(), finish{}, std::forward<decltype(handler)>(handler),
              netpoll::transport::stream_socket, source, no_limit,
              netpoll::write_request::amount::all);
        },
        token, buffers);
  }

  // Ends all operations with error::closed and closes the connection. error::closed if it was
  // closed.
  void close();
  void close(error_code& ec);
  // Ends one direction (shutdown): the peer sees the end of the stream, or we do.
  void close_read();
  void close_read(error_code& ec);
  void close_write();
  void close_write(error_code& ec);
  // Ends the operations under way with error::operation_aborted.
  void cancel() noexcept { fd_.cancel(); }

  // Absolute deadlines, for the operation under way and all later ones, until set anew; no_deadline
  // clears. One in the past ends pending operations at once. Pushing a deadline later is one store.
  void set_deadline(deadline_type when) { set_deadline(netpoll::directions::both, when); }
  void set_read_deadline(deadline_type when) { set_deadline(netpoll::directions::read, when); }
  void set_write_deadline(deadline_type when) { set_deadline(netpoll::directions::write, when); }

  // A timeout that starts anew with each operation that begins from now on; zero for none.
  // Independent of the deadlines: the earlier of both ends the operation.
  template <typename Rep, typename Period>
  void set_timeout(const std::chrono::duration<Rep, Period>& timeout) {
    set_timeout(netpoll::directions::both, netpoll::to_nanoseconds(timeout));
  }
  template <typename Rep, typename Period>
  void set_read_timeout(const std::chrono::duration<Rep, Period>& timeout) {
    set_timeout(netpoll::directions::read, netpoll::to_nanoseconds(timeout));
  }
  template <typename Rep, typename Period>
  void set_write_timeout(const std::chrono::duration<Rep, Period>& timeout) {
    set_timeout(netpoll::directions::write, netpoll::to_nanoseconds(timeout));
  }

  // Known from the start, also when closed.
  const endpoint_type& local_endpoint() const noexcept { return local_; }
  const endpoint_type& remote_endpoint() const noexcept { return remote_; }

 private:
  static constexpr std::size_t no_limit = 0;

  static error_code translate(const error_code& ec) noexcept {
    return ec && ec == netpoll::errc::end_of_file ? make_error_code(error::eof) : ec;
  }

  struct finish {
    auto operator()(const netpoll::io_request& request) const noexcept {
      return [ec = translate(request.error()), bytes = request.bytes()](auto& handler) {
        std::move(handler)(ec, bytes);
      };
    }
  };

  internal::io_executor<executor_type> io() const {
    return internal::io_executor<executor_type>(get_executor());
  }
  [[noreturn]] void fail(const char* operation, const error_code& ec) const;
  void shut(int how, error_code& ec);
  void set_deadline(netpoll::directions which, deadline_type when);
  void set_timeout(netpoll::directions which, netpoll::nanotime timeout);

  io_context* context_ = nullptr;
  netpoll::fd fd_;
  endpoint_type local_;
  endpoint_type remote_;
};

}  // namespace NET_NAMESPACE
